// What a crew and its members say to each other, and the memory that it shares with those of them that are threads.
import type { EngineFailure } from '../engine.ts';

export type ToMember = { kind: 'task'; id: number; task: unknown } | { kind: 'abort'; id: number } | { kind: 'leave' };

export type FromMember =
  | { kind: 'ready' }
  /** Something of the result, before the rest of it. */
  | { kind: 'part'; id: number; value: unknown }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'failure'; id: number; message: string; reason: EngineFailure; retryable: boolean };

/** What a member is started with. */
export interface MemberStart {
  /** Shared, when it is a thread. */
  readonly flags?: SharedArrayBuffer;
  readonly data: unknown;
}

// Places in the flags.
/** 1 once the member must leave. */
export const LEAVING = 0;
/** What the member is doing; whoever waits for it sleeps on it. */
export const ACTIVITY = 1;
/** The number of the task that nobody waits for any more. */
export const ABORTED = 2;

// Values of ACTIVITY.
/** Loading or at a task: it may be in native code, in which a thread must not be ended. */
export const BUSY = 0;
export const IDLE = 1;

export function memberFlags(shared = new SharedArrayBuffer(16)): Int32Array<SharedArrayBuffer> {
  return new Int32Array(shared);
}
