// What the main thread and a worker of WebRTC calls say to each other.
import type { ToWorker } from '../rtp/media-messages.ts';
import type { CallMediaOptions } from './media.ts';

/** What a worker must know to answer calls; its ports are its own, so that two workers never want the same one. */
export type MediaWorkerData = Pick<CallMediaOptions, 'portRange' | 'publicAddress' | 'interfaces' | 'tcp' | 'candidates' | 'iceServers'>;

export interface RtcWish {
  readonly offer: string;
}

export type ToRtcWorker = ToWorker<RtcWish>;
