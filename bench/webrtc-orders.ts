// What the benchmark of WebRTC and the process of its callers say to each other.

export type Order =
  /** Answers one of the callers' offers. */
  | { kind: 'answered'; offer: number; sdp: string }
  | { kind: 'refused'; offer: number; why: string }
  /** So many calls, one after the other, each up to its open channel; `talkMs` more of it. */
  | { kind: 'come-and-go'; calls: number; talkMs: number }
  /** So many calls at once, all speaking all the time. */
  | { kind: 'talk'; calls: number; ms: number }
  /** One call that says a burst of sound every half second and notes when. */
  | { kind: 'bursts'; count: number }
  /** One call that listens for so long. */
  | { kind: 'listen'; ms: number }
  | { kind: 'close' };

/** Instants are of the wall clock, in milliseconds. */
export interface Findings {
  /** Offer to answer, and offer to the open channel. */
  readonly answeredMs: number[];
  readonly openMs: number[];
  /** When bursts left, and when loud sound after quiet came. */
  readonly saidAt: number[];
  readonly heardAt: number[];
  /** Packets that came, and how many were missing by their numbers. */
  readonly packets: number;
  readonly missing: number;
  /** By how much the sound's own clock was behind real time at the end, beyond the beginning. */
  readonly driftMs: number[];
}

export type Asked =
  | { kind: 'offer'; offer: number; sdp: string }
  /** All callers of a `talk` or `listen` are connected. */
  | { kind: 'connected' }
  | { kind: 'done'; findings: Findings }
  | { kind: 'failed'; why: string };
