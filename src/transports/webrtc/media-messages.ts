// What the main thread and a media worker say to each other. A call is a number, which the main thread gives.
import type { CallEnd, CallError, CallMediaOptions } from './media.ts';

/** What a worker must know to answer calls; its ports are its own, so that two workers never want the same one. */
export type MediaWorkerData = Pick<CallMediaOptions, 'portRange' | 'publicAddress' | 'interfaces' | 'tcp' | 'candidates' | 'iceServers'>;

/** Messages of a data channel that the worker has passed on and the main thread has not yet taken; a call with more is ended. */
export const MOST_UNTAKEN = 1024;
/** The main thread says that it has taken messages this many at a time. */
export const TAKEN_STEP = 64;

export type ToWorker =
  /** Makes a call with itself, so that the first real one finds everything compiled. Answered with `warm`. */
  | { readonly kind: 'warm' }
  /** To be answered at once: a worker that does not is stuck. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'answer'; readonly call: number; readonly offer: string }
  | { readonly kind: 'send'; readonly call: number; readonly text: string }
  | { readonly kind: 'play'; readonly call: number; readonly samples: Int16Array<ArrayBuffer> }
  | { readonly kind: 'clear'; readonly call: number }
  /** So many more of the call's messages have been taken. */
  | { readonly kind: 'taken'; readonly call: number; readonly messages: number }
  | { readonly kind: 'close'; readonly call: number }
  /** Ends all calls and leaves. */
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'warm' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'answered'; readonly call: number; readonly sdp: string; readonly mostMessageBytes: number }
  | { readonly kind: 'refused'; readonly call: number; readonly reason: CallError['reason']; readonly message: string }
  | { readonly kind: 'open'; readonly call: number }
  | { readonly kind: 'message'; readonly call: number; readonly text: string }
  /** `heardAtMs`: when its last packet came, by the clock that all threads share, of a caller whose packets come all the time. */
  | { readonly kind: 'sound'; readonly call: number; readonly samples: Int16Array<ArrayBuffer>; readonly heardAtMs: number | undefined }
  | { readonly kind: 'digit'; readonly call: number; readonly digit: string }
  | { readonly kind: 'played'; readonly call: number; readonly sentMs: number; readonly clears: number; readonly atMs: number }
  /** How many bytes of all that was to be sent have left for good. */
  | { readonly kind: 'sent'; readonly call: number; readonly bytes: number }
  /** For how long nothing has come of its caller, told while that is longer than it should be, and once when it no longer is. */
  | { readonly kind: 'silent'; readonly call: number; readonly ms: number }
  | { readonly kind: 'ended'; readonly call: number; readonly end: CallEnd }
  /** Something went wrong that ended no call: for the log. */
  | { readonly kind: 'fault'; readonly error: string };
