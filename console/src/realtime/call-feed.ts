// What the server tells a page of its key's calls, over one WebSocket (src/call-feed.ts): read, or refused.
import { isRecord } from '../../../src/protocol/json.ts';
import type { Call } from './calls.ts';

/** Something that has happened in a call, and when by the server's clock, in milliseconds since the Unix epoch. */
export interface CallEntry {
  readonly at: number;
  readonly event: { readonly type: string };
  /** When the caller was loud, with events that tell that he speaks. */
  readonly heard?: { readonly from?: number; readonly to?: number };
}

export type FeedMessage =
  | { readonly type: 'calls'; readonly now: number; readonly calls: readonly Call[]; readonly gone: readonly string[] }
  | { readonly type: 'events'; readonly call: string; readonly lost: number; readonly entries: readonly CallEntry[] }
  | { readonly type: 'call.listening'; readonly call_id: string; readonly format: { readonly rate: number } }
  | { readonly type: 'call.sound_skipped'; readonly call_id: string; readonly ms: number }
  | { readonly type: 'call.listening_ended'; readonly call_id: string; readonly error?: { readonly message: string } };

const types: ReadonlySet<unknown> = new Set(['calls', 'events', 'call.listening', 'call.sound_skipped', 'call.listening_ended']);

/** The page's own server says it; a later version may say more. */
export function readFeed(text: string): FeedMessage | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return isRecord(message) && types.has(message.type) ? (message as unknown as FeedMessage) : undefined;
  } catch {
    return undefined;
  }
}
