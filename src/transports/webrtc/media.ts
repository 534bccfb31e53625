// The plug of a WebRTC stack: everything the author of one must know. It knows SDP, RTP and codecs, and neither sessions nor their events.

import type { Call, CallEvents } from '../calls/call.ts';
import type { Speaker } from '../../protocol/audio-format.ts';
import { CALL_RATE_HZ } from '../rtp/call-rate.ts';

/** What was sent needs half a round trip, the far side's jitter buffer and its loudspeaker until it is heard. */
export const rtcSpeaker: Speaker = { format: { type: 'audio/pcm', rate: CALL_RATE_HZ }, lagMs: 80 };

/** A call whose offer has been answered. Its sound is that of `rtcSpeaker`. */
export interface AnsweredCall extends Call {
  /** The whole answer with every candidate: there is no trickling. */
  readonly sdp: string;
}

export interface CallMedia {
  /** Calls there are. */
  readonly size: number;
  /** What is wrong with what carries calls, as long as it is. */
  readonly problem?: string | undefined;
  /** Workers that died or were given up, since the start. */
  readonly losses?: number;
  /** Answers an offer, whatever ends its lines, within a second or two. @throws CallError. */
  answer(offer: string, events: CallEvents): Promise<AnsweredCall>;
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
