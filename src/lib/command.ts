// Runs a program of the system and keeps the end of what it said; never through a shell, never on the event loop.
import { spawn } from 'node:child_process';

export interface CommandResult {
  /** The exit code; undefined when the program is not there or was ended by a signal. */
  readonly code: number | undefined;
  /** The last part of what it wrote to standard output and standard error. */
  readonly output: string;
}

export interface CommandOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How it is ended when the signal fires: SIGTERM unless told. */
  readonly killSignal?: NodeJS.Signals;
}

export type Run = (program: string, options: readonly string[], how: CommandOptions) => Promise<CommandResult>;

const KEPT_OUTPUT = 16_000;

/** Never rejects. When the signal fires the program is ended. */
export const runCommand: Run = (program, options, { signal, cwd, env, killSignal }) =>
  new Promise((resolve) => {
    let output = '';
    const child = spawn(program, options, {
      signal,
      killSignal: killSignal ?? 'SIGTERM',
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => resolve({ code: undefined, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? undefined, output }));
  });
