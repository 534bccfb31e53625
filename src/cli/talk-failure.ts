// How a conversation can go wrong, each with the exit code that tells a script which it was.

/** 1: no connection or no entry. 2: the command line or a file of it. 3: the server answered with failure, or not in time. */
export type ExitCode = 1 | 2 | 3;

export class TalkFailure extends Error {
  override readonly name = 'TalkFailure';
  readonly exitCode: ExitCode;

  /** `message` is one or more whole sentences for the person at the terminal. */
  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The person pressed Ctrl-C. Not an error: whatever was heard so far is kept. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
