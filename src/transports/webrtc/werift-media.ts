// The WebRTC stack: werift in worker threads, so that no call costs the main thread more than a message for each frame of its sound.
import type { CallEvents } from '../calls/call.ts';
import { MediaSeats, type SeatDependencies } from '../rtp/media-seats.ts';
import type { AnsweredCall, CallMedia, CallMediaOptions } from './media.ts';
import type { MediaWorkerData, RtcWish } from './media-messages.ts';

/** The sound and data of all WebRTC calls. Starts nothing before it is needed. */
export function openWeriftMedia(options: CallMediaOptions, deps: SeatDependencies): CallMedia {
  return new WeriftMedia(options, deps);
}

export class WeriftMedia implements CallMedia {
  readonly #seats: MediaSeats<RtcWish>;

  /** `script` is what the worker threads run. */
  constructor(options: CallMediaOptions, deps: SeatDependencies, script = new URL('./media-worker.ts', import.meta.url)) {
    const { workers, mostCalls, publicAddress, interfaces, tcp, candidates, iceServers } = options;
    const dataOf = (portRange: MediaWorkerData['portRange']): MediaWorkerData => ({
      portRange,
      publicAddress,
      interfaces,
      tcp,
      candidates,
      iceServers,
    });
    this.#seats = new MediaSeats({ name: 'webrtc', script, dataOf, workers, mostCalls, portRange: options.portRange }, deps);
  }

  get size(): number {
    return this.#seats.size;
  }

  get losses(): number {
    return this.#seats.losses;
  }

  get problem(): string | undefined {
    return this.#seats.problem;
  }

  answer(offer: string, events: CallEvents): Promise<AnsweredCall> {
    return this.#seats.begin({ offer: withLineEnds(offer) }, { events });
  }

  warmUp(): Promise<void> {
    return this.#seats.warmUp();
  }

  close(): Promise<void> {
    return this.#seats.close();
  }
}

/** SDP as its standard has it: people and shells lose the carriage returns and the last line's end. */
function withLineEnds(sdp: string): string {
  return `${sdp.trim().replace(/\r?\n/g, '\r\n')}\r\n`;
}
