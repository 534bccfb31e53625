// What the main thread and a media worker say to each other, whatever kind of calls it carries. A call is a number, which the main thread gives.
import type { CallEnd, CallError } from '../calls/call.ts';

/** Messages of a data channel that the worker has passed on and the main thread has not yet taken; a call with more is ended. */
export const MOST_UNTAKEN = 1024;
/** The main thread says that it has taken messages this many at a time. */
export const TAKEN_STEP = 64;

/** `Wish` is what a call begins with, `Question` what it may be asked while it lasts. */
export type ToWorker<Wish, Question = never> =
  /** Makes a call with itself, so that the first real one finds everything compiled. Answered with `warm`. */
  | { readonly kind: 'warm' }
  /** To be answered at once: a worker that does not is stuck. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'begin'; readonly call: number; readonly wish: Wish }
  | { readonly kind: 'send'; readonly call: number; readonly text: string }
  | { readonly kind: 'play'; readonly call: number; readonly samples: Int16Array<ArrayBuffer> }
  | { readonly kind: 'clear'; readonly call: number }
  /** So many more of the call's messages have been taken. */
  | { readonly kind: 'taken'; readonly call: number; readonly messages: number }
  /** Answered with `replied` or `denied` of the same number. */
  | { readonly kind: 'ask'; readonly call: number; readonly ask: number; readonly question: Question }
  | { readonly kind: 'close'; readonly call: number }
  /** Ends all calls and leaves. */
  | { readonly kind: 'stop' };

/** Why something cannot be had, as a CallError has it. */
export interface Refusal {
  readonly reason: CallError['reason'];
  readonly message: string;
  readonly status?: number | undefined;
}

/** `News` is what a call tells of itself beside its sound. */
export type FromWorker<News = never> =
  | { readonly kind: 'warm' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'begun'; readonly call: number; readonly sdp: string; readonly mostMessageBytes: number }
  | ({ readonly kind: 'refused'; readonly call: number } & Refusal)
  | { readonly kind: 'open'; readonly call: number }
  | { readonly kind: 'message'; readonly call: number; readonly text: string }
  /** `heardAtMs`: when its last packet came, by the clock that all threads share, of a caller whose packets come all the time. */
  | { readonly kind: 'sound'; readonly call: number; readonly samples: Int16Array<ArrayBuffer>; readonly heardAtMs?: number | undefined }
  | { readonly kind: 'digit'; readonly call: number; readonly digit: string }
  | { readonly kind: 'played'; readonly call: number; readonly sentMs: number; readonly clears: number; readonly atMs: number }
  /** How many bytes of all that was to be sent have left for good. */
  | { readonly kind: 'sent'; readonly call: number; readonly bytes: number }
  /** For how long nothing has come of its caller, told while that is longer than it should be, and once when it no longer is. */
  | { readonly kind: 'silent'; readonly call: number; readonly ms: number }
  | { readonly kind: 'replied'; readonly call: number; readonly ask: number; readonly text: string }
  | ({ readonly kind: 'denied'; readonly call: number; readonly ask: number } & Refusal)
  | { readonly kind: 'news'; readonly call: number; readonly news: News }
  | { readonly kind: 'ended'; readonly call: number; readonly end: CallEnd }
  /** Something went wrong that ended no call: for the log. */
  | { readonly kind: 'fault'; readonly error: string };
