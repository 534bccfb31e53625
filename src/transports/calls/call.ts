// The plug of whatever carries a call's sound: WebRTC, SIP, the media stream of a telephone provider. It knows packets and codecs, and neither
// sessions nor their events.

export type CallEnd =
  /** The far side said goodbye, or was asked to. */
  | 'closed'
  /** No connection came about, or the one there was broke and stayed so. */
  | 'lost'
  /** What carried the call died. */
  | 'crashed';

/** What a call tells its owner. Nothing is told after `onEnd`, which comes exactly once, or after `close`. */
export interface CallEvents {
  /**
   * Sound of the caller in the call's format, in order, in real time, gaps filled (forward error correction, concealment, then silence):
   * positions are time.
   */
  onSound(sound: Uint8Array): void;
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
  /** The far side has put the call on hold, or has taken it up again: meanwhile nothing is played, and what was to be waits. */
  onHold?(held: boolean): void;
  /**
   * The far side wants us to talk with `target` from now on instead of with it. Gives how that one is called, or nothing where this may not be; without
   * it, nobody is.
   */
  onReferred?(target: string): string | undefined;
  /** Somebody else is at the far side from now on: `refer`, because the one before had us call them, or `replaces`, because they took its place. */
  onPartyChanged?(party: string, by: 'refer' | 'replaces'): void;
  onEnd(end: CallEnd): void;
}

/** The same listener, which is told of some things in another way. */
export function relayed(events: CallEvents, own: Partial<CallEvents>): CallEvents {
  return {
    onSound: (sound) => events.onSound(sound),
    onOpen: () => events.onOpen(),
    onMessage: (text) => events.onMessage(text),
    onPlayed: (sentMs, clears, atMs) => events.onPlayed(sentMs, clears, atMs),
    onTaken: () => events.onTaken(),
    onDigit: (digit) => events.onDigit(digit),
    onHold: (held) => events.onHold?.(held),
    onReferred: (target) => events.onReferred?.(target),
    onPartyChanged: (party, by) => events.onPartyChanged?.(party, by),
    onEnd: (end) => events.onEnd(end),
    ...own,
  };
}

export interface Call {
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
  /** Queues sound in the call's format, to be sent at the pace of real time. */
  play(sound: Uint8Array): void;
  /** Drops what has not been sent; on a line that never is silent, with a short fade. */
  clear(): void;
  close(): void;
}

/** A call that cannot be had: `rejected` is the far side's fault (the message says what is wrong), `full` and `unavailable` are not. */
export class CallError extends Error {
  readonly reason: 'rejected' | 'full' | 'unavailable';
  /** The final SIP status that says the same, where a call of SIP is refused. */
  readonly status: number | undefined;

  constructor(
    reason: 'rejected' | 'full' | 'unavailable',
    message: string,
    options: { cause?: unknown; status?: number | undefined } = {},
  ) {
    super(message, options);
    this.name = 'CallError';
    this.reason = reason;
    this.status = options.status;
  }
}
