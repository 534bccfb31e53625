// The sound of telephone calls, for whoever signals them: descriptions in, descriptions out. Its packets are handled in worker threads.
import type { Call, CallEvents } from '../../calls/call.ts';
import type { Speaker } from '../../../protocol/audio-format.ts';
import { CALL_RATE_HZ } from '../../rtp/call-rate.ts';
import { MediaSeats, type PortRange, type SeatDependencies } from '../../rtp/media-seats.ts';
import type { PlacedCall } from '../../rtp/placed-call.ts';
import { networks } from './allowed-sources.ts';
import type { MediaStats, PhoneNews, PhoneQuestion, PhoneWish, PhoneWorkerData } from './call-messages.ts';
import type { MediaHow } from './media-how.ts';

/** What was sent needs half a round trip and the far side's jitter buffer until it is heard. */
export const phoneSpeaker: Speaker = { format: { type: 'audio/pcm', rate: CALL_RATE_HZ }, lagMs: 100 };

/** A call that has ports. Its sound is that of `phoneSpeaker`; it has no data channel. */
export interface MediaCall extends Call {
  /** The answer to its offer, or its own offer, which `accept` must follow. */
  readonly sdp: string;
  /** The far side's answer to what was offered last; of several, where a call rings in several places, the latest. @throws CallError, 400 or 488. */
  accept(answer: string): Promise<void>;
  /** An offer in mid-call (re-INVITE, UPDATE): its answer. What is refused changes nothing. @throws CallError with a status. */
  renegotiate(offer: string): Promise<string>;
  /** An offer of our own in mid-call, which `accept` must follow. */
  reoffer(): Promise<string>;
  /** The far side has put the call on hold: nothing is said or heard, and what was to be played waits. */
  readonly held: boolean;
  /** Presses keys; `w` waits half a second. Resolves when all are pressed. @throws CallError `rejected` where the far side takes no events. */
  sendDigits(digits: string): Promise<void>;
  readonly media: 'rtp' | 'srtp';
  /** As of two seconds ago at most. */
  stats(): MediaStats;
}

export interface PhoneMedia {
  readonly size: number;
  readonly problem: string | undefined;
  readonly losses: number;
  /** @throws CallError; its `status` is what the INVITE is refused with. */
  answer(offer: string, how: MediaHow, events: CallEvents): Promise<MediaCall>;
  /** For an INVITE without an offer, and for calls that are placed from here. @throws CallError. */
  offer(how: MediaHow, events: CallEvents): Promise<MediaCall>;
  warmUp(): Promise<void>;
  /** Ends all calls, without telling them. */
  close(): Promise<void>;
}

export interface PhoneMediaOptions extends PhoneWorkerData {
  /** Worker threads; 0 means one for each core but one, at least one. They start when first needed. */
  readonly workers: number;
  /** Calls at once; further ones are refused as `full`. */
  readonly mostCalls: number;
}

const ASKING_MS = 10_000;
/** Pressing a key takes a quarter of a second, a pause half of one. */
const PRESSING_MS = 600;

/** `script` is what the worker threads run. Starts nothing before it is needed. */
export function openPhoneMedia(
  options: PhoneMediaOptions,
  deps: SeatDependencies,
  script = new URL('./phone-worker.ts', import.meta.url),
): PhoneMedia {
  const { workers, mostCalls, portRange, publicAddress, interfaces } = options;
  const dataOf = (portRange: PortRange | undefined): PhoneWorkerData => ({ portRange, publicAddress, interfaces });
  const seats = new MediaSeats<PhoneWish, PhoneQuestion, PhoneNews>({ name: 'sip', script, dataOf, workers, mostCalls, portRange }, deps);
  const begin = async (offer: string | undefined, how: MediaHow, events: CallEvents): Promise<MediaCall> => {
    // Said here, where it is configured, and not by a worker in the middle of a call.
    if (typeof how.sources === 'object') networks(how.sources);
    const latest: { news: PhoneNews } = { news: nothingYet };
    const placed = await seats.begin(
      { offer, how },
      {
        events,
        onNews: (news) => {
          const { held } = latest.news;
          latest.news = news;
          if (news.held !== held) events.onHold?.(news.held);
        },
      },
    );
    return new PhoneMediaCall(placed, latest);
  };
  return {
    get size() {
      return seats.size;
    },
    get problem() {
      return seats.problem;
    },
    get losses() {
      return seats.losses;
    },
    answer: begin,
    offer: (how, events) => begin(undefined, how, events),
    warmUp: () => seats.warmUp(),
    close: () => seats.close(),
  };
}

const nothingYet: PhoneNews = {
  held: false,
  media: 'rtp',
  stats: { packets: 0, lost: 0, jitterMs: 0, roundTripMs: undefined, sent: 0, farLostShare: undefined },
};

class PhoneMediaCall implements MediaCall {
  readonly mostMessageBytes = 0;
  readonly takenBytes = 0;
  readonly waitingBytes = 0;
  readonly #placed: PlacedCall<PhoneQuestion, PhoneNews>;
  readonly #latest: { readonly news: PhoneNews };

  constructor(placed: PlacedCall<PhoneQuestion, PhoneNews>, latest: { readonly news: PhoneNews }) {
    this.#placed = placed;
    this.#latest = latest;
  }

  get sdp(): string {
    return this.#placed.sdp;
  }

  get silentMs(): number {
    return this.#placed.silentMs;
  }

  get held(): boolean {
    return this.#latest.news.held;
  }

  get media(): 'rtp' | 'srtp' {
    return this.#latest.news.media;
  }

  stats(): MediaStats {
    return this.#latest.news.stats;
  }

  async accept(answer: string): Promise<void> {
    await this.#placed.ask({ kind: 'accept', answer }, ASKING_MS);
  }

  renegotiate(offer: string): Promise<string> {
    return this.#placed.ask({ kind: 'renegotiate', offer }, ASKING_MS);
  }

  reoffer(): Promise<string> {
    return this.#placed.ask({ kind: 'reoffer' }, ASKING_MS);
  }

  async sendDigits(digits: string): Promise<void> {
    if (digits !== '') await this.#placed.ask({ kind: 'digits', digits }, ASKING_MS + digits.length * PRESSING_MS);
  }

  send(): boolean {
    return false;
  }

  play(sound: Uint8Array): void {
    this.#placed.play(sound);
  }

  clear(): void {
    this.#placed.clear();
  }

  close(): void {
    this.#placed.close();
  }
}
