// The plug of a WebRTC stack: everything the author of one must know. It knows SDP, RTP and codecs, and neither sessions nor events.

/** Sound in both directions: 16-bit mono at this rate. */
export const CALL_RATE_HZ = 24_000;

export type CallEnd =
  /** The far side said goodbye, or was asked to. */
  | 'closed'
  /** No connection came about, or the one there was broke and stayed so. */
  | 'lost'
  /** What carried the call died. */
  | 'crashed';

/** What a call tells its owner. Nothing is told after `onEnd`, which comes exactly once, or after `close`. */
export interface CallEvents {
  /** Sound of the caller in order, in real time, gaps filled (forward error correction, concealment, then silence): positions are time. */
  onSound(samples: Int16Array): void;
  /** The data channel for events is open. */
  onOpen(): void;
  /** One message of the data channel. */
  onMessage(text: string): void;
  /**
   * How much of all that was given to `play` since the call began has been sent or dropped, in milliseconds; told some times a second while
   * there is sound, when it has run out and around each `clear`: once right before it, with what had been sent until then and the old
   * count, and once after it, with all there was. `clears` is how many calls of `clear` it already knows of, `atMs` when that was so, by the clock.
   */
  onPlayed(sentMs: number, clears: number, atMs: number): void;
  /** The far side has taken more of the messages: `takenBytes` has grown. */
  onTaken(): void;
  /** The caller pressed a key of a telephone: 0 to 9, *, #, A to D. */
  onDigit(digit: string): void;
  onEnd(end: CallEnd): void;
}

export interface Call {
  /** The whole answer with every candidate: there is no trickling. */
  readonly sdp: string;
  /** The longest message that can be sent to its far side, in bytes; 0 when there is no data channel. */
  readonly mostMessageBytes: number;
  /** Bytes of messages that the far side has taken since the call began, and those that wait for it, as far as is known. */
  readonly takenBytes: number;
  readonly waitingBytes: number;
  /** For how long nothing has come that only the far side can have made, once that is longer than it should be; as far as is known. */
  readonly silentMs?: number;
  /**
   * For how long nothing has come of a caller whose microphone is on, however short that is: what was sent since then has not come there if its
   * connection is broken. Undefined of others, who need not be heard from.
   */
  readonly unheardMs?: number | undefined;
  /** One message on the data channel; false, and dropped, when it is not open, too long, or too much waits already. */
  send(text: string): boolean;
  /** Queues sound, to be sent at the pace of real time. It is copied or handed over: do not touch it again. */
  play(samples: Int16Array): void;
  /** Drops what has not been sent, with a short fade; encoded silence goes on. */
  clear(): void;
  close(): void;
}

/** An offer that cannot be answered: `rejected` is its author's fault (the message says what is wrong), `full` and `unavailable` are not. */
export class CallError extends Error {
  readonly reason: 'rejected' | 'full' | 'unavailable';

  constructor(reason: 'rejected' | 'full' | 'unavailable', message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'CallError';
    this.reason = reason;
  }
}

export interface CallMedia {
  /** Calls there are. */
  readonly size: number;
  /** What is wrong with what carries calls, as long as it is. */
  readonly problem?: string | undefined;
  /** Workers that died or were given up, since the start. */
  readonly losses?: number;
  /** Answers an offer within a second or two. @throws CallError. */
  answer(offer: string, events: CallEvents): Promise<Call>;
  /** Makes the first call as quick as the others. */
  warmUp(): Promise<void>;
  /** Ends all calls, without telling them. */
  close(): Promise<void>;
}

/**
 * Addresses of a caller that this machine may send its checks to: those of the internet; those of private networks as well; or every one,
 * this machine's own included.
 */
export type CandidateRule = 'public' | 'private' | 'any';

export interface CallMediaOptions {
  /** Worker threads; 0 means one for each core but one, at least one. They start when first needed. */
  workers: number;
  /** Calls at once; further ones are refused as `full`. */
  mostCalls: number;
  /** UDP ports to use, both ends included; any when undefined. */
  portRange: readonly [number, number] | undefined;
  /** The address to offer instead of this machine's own, where it sits behind NAT 1:1. */
  publicAddress: string | undefined;
  /** Names or addresses of network interfaces to use; all when empty. */
  interfaces: readonly string[];
  /** Whether to offer ICE over TCP as well. */
  tcp: boolean;
  /** Which addresses of callers are checked by ourselves; when undefined, what suits the addresses that are offered. */
  candidates: CandidateRule | undefined;
  /** STUN or TURN servers for this side. */
  iceServers: readonly { urls: string; username?: string | undefined; credential?: string | undefined }[];
}
