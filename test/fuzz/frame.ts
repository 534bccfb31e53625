// One message of a client that may be anything, and what the server owes it.

export interface Frame {
  readonly data: string | Buffer;
  readonly binary?: true;
  /** The `event_id` that an error about it has to name. */
  readonly echo: string | null;
  /** Whether an error has to come: what is malformed by the way it was made is always refused, exactly once. */
  readonly refused: 'never' | 'maybe' | 'always';
  /** In a word, for a person who reads of a failure. */
  readonly what: string;
}

export type Message = Record<string, unknown>;

/** Which spelling a connection uses, and what it is for. */
export interface Caller {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly dialect: 'ga' | 'beta';
  /** Whether it only listens. */
  readonly transcription?: true;
}

export const callers: readonly Caller[] = [
  { path: '/v1/realtime?model=gpt-realtime', dialect: 'ga' },
  { path: '/v1/realtime?model=gpt-4o-realtime-preview', headers: { 'OpenAI-Beta': 'realtime=v1' }, dialect: 'beta' },
  { path: '/api/v1/realtime/session?key=fuzz&protocol=realtime', dialect: 'ga' },
  { path: '/v1/realtime?intent=transcription', dialect: 'ga', transcription: true },
  { path: '/v1/realtime?intent=transcription', headers: { 'OpenAI-Beta': 'realtime=v1' }, dialect: 'beta', transcription: true },
];

export function frameOf(message: Message, refused: Frame['refused'], what: string): Frame {
  const { event_id: id } = message;
  return { data: JSON.stringify(message), echo: typeof id === 'string' ? id.slice(0, 512) : null, refused, what };
}
