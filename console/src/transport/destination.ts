// Where a connection goes, as whom, and to which session.

export interface Destination {
  readonly secret: string;
  readonly model: string | undefined;
  /** The session to take up, where one was lost. */
  readonly resume: Resumption | undefined;
  /** The call that is joined from beside. */
  readonly call?: string;
  /** What is said is to be written down, and not answered. */
  readonly intent?: 'transcription';
}

/** With what a session can be taken up whose connection was lost. */
export interface Resumption {
  readonly session: string;
  readonly token: string;
  /** The last event that has come of it. */
  readonly lastEvent: string;
}

/** The token is no part of an address: those are logged. */
export function query({ model, resume, call, intent }: Destination): string {
  const fields = new URLSearchParams({
    ...(model === undefined ? {} : { model }),
    ...(call === undefined ? {} : { call_id: call }),
    ...(intent === undefined ? {} : { intent }),
    ...(resume && { resume: resume.session, last_event: resume.lastEvent }),
  });
  return fields.size === 0 ? '' : `?${fields.toString()}`;
}
