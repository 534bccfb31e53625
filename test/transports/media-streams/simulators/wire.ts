// How a simulated provider writes and reads, from its documentation and from nothing of ours. Reading is as strict as the strictest of them: an unknown
// key ends the stream, as at Twilio (31924).
import type { AudioFormat } from '../../../../src/protocol/audio-format.ts';
import type { StreamFrame } from '../../../../src/transports/media-streams/dialect.ts';

/** What a provider understood of what it was sent. */
export type Understood =
  | { readonly kind: 'sound'; readonly bytes: Uint8Array }
  | { readonly kind: 'mark'; readonly name: string }
  | { readonly kind: 'clear' }
  | { readonly kind: 'digits'; readonly digits: string }
  | { readonly kind: 'hang up' };

export interface Wire {
  readonly format: AudioFormat;
  /** What comes first. */
  opening(token: string): StreamFrame[];
  /** The frame number `index` of the caller's sound, spoken `atMs` after the beginning. */
  sound(bytes: Uint8Array, index: number, atMs: number): StreamFrame;
  digit(digit: string): StreamFrame;
  mark(name: string): StreamFrame | undefined;
  /** Whether marks that are cleared come back. */
  readonly returnsCleared: boolean;
  cleared(): StreamFrame | undefined;
  stop(): StreamFrame | undefined;
  flow?(open: boolean): StreamFrame;
  /** @throws when it is not what the documentation allows. */
  read(frame: StreamFrame): Understood;
}

export function json(value: object): StreamFrame {
  return { text: JSON.stringify(value) };
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** The object in a frame, which has these keys and no others. */
export function exactly(frame: StreamFrame, shapes: Record<string, Shape>, by: string): Record<string, unknown> {
  if (!('text' in frame)) throw new Error('a binary frame where JSON is due');
  const value = JSON.parse(frame.text) as Record<string, unknown>;
  const shape = shapes[String(value[by])];
  if (!shape) throw new Error(`unknown ${by} '${String(value[by])}'`);
  verify(value, shape, '');
  return value;
}

/** Names of the fields, each with the type of its value, or with its own fields. */
export interface Shape {
  readonly [name: string]: 'string' | 'number' | Shape;
}

function verify(value: Record<string, unknown>, shape: Shape, path: string): void {
  for (const name of Object.keys(value)) if (!(name in shape)) throw new Error(`unknown key '${path}${name}'`);
  for (const [name, kind] of Object.entries(shape)) {
    const field = value[name];
    if (typeof kind === 'object') {
      if (typeof field !== 'object' || field === null) throw new Error(`'${path}${name}' is no object`);
      verify(field as Record<string, unknown>, kind, `${path}${name}.`);
    } else if (typeof field !== kind) throw new Error(`'${path}${name}' is no ${kind}`);
  }
}

export function decoded(value: unknown): Uint8Array {
  const text = String(value);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error('a payload that is no base64');
  return Buffer.from(text, 'base64');
}
