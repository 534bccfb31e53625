// The reports of one call (RTCP): what it tells its far side every five seconds, and what it is told.
import { isSameKey } from './crypto-lines.ts';
import type { Agreement } from './sdp-session.ts';
import { ntpMiddle, readRtcp, type ReportBlock, writeReport } from '../../rtp/rtcp.ts';
import type { Reception } from '../../rtp/reception.ts';
import { SrtpReceiver, SrtpSender } from '../../rtp/srtp.ts';

export const REPORT_MS = 5000;
/** A round trip longer than that is none: the far side's clock, or a stranger's joke. */
const MOST_ROUND_TRIP_MS = 60_000;

/** The keys at work: both directions, sound and reports. Made anew only when a key is new, since packets are counted from its first on. */
export class CallKeys {
  #keys: Agreement['keys'];
  #sender: SrtpSender | undefined;
  #receiver: SrtpReceiver | undefined;

  change(keys: Agreement['keys']): void {
    if (!isSameKey(keys?.send, this.#keys?.send)) this.#sender = keys && new SrtpSender(keys.send);
    if (!isSameKey(keys?.receive, this.#keys?.receive)) this.#receiver = keys && new SrtpReceiver(keys.receive);
    this.#keys = keys;
  }

  seal(packet: Uint8Array): Uint8Array {
    return this.#sender ? this.#sender.seal(packet) : packet;
  }

  /** Undefined for what was not sealed with them. */
  open(packet: Uint8Array): Uint8Array | undefined {
    return this.#receiver ? this.#receiver.open(packet) : packet;
  }

  sealReport(packet: Uint8Array): Uint8Array {
    return this.#sender ? this.#sender.sealRtcp(packet) : packet;
  }

  openReport(packet: Uint8Array): Uint8Array | undefined {
    return this.#receiver ? this.#receiver.openRtcp(packet) : packet;
  }
}

export interface SentSoFar {
  readonly timestamp: number;
  readonly packets: number;
  readonly octets: number;
}

export class CallReports {
  readonly #ssrc: number;
  readonly #name: string;
  #roundTripMs: number | undefined;
  #farLostShare: number | undefined;

  constructor(ssrc: number, name: string) {
    this.#ssrc = ssrc;
    this.#name = name;
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  get farLostShare(): number | undefined {
    return this.#farLostShare;
  }

  write(sent: SentSoFar, reception: Reception | undefined, time: { nowMs: number; wallMs: number }, goodbye = false): Uint8Array {
    return writeReport({
      ssrc: this.#ssrc,
      name: this.#name,
      sent: sent.packets > 0 ? { ...sent, wallMs: time.wallMs } : undefined,
      blocks: reception ? [reception.block(time.nowMs)] : [],
      goodbye,
    });
  }

  /** False for what is no report. A goodbye ends nothing: calls are ended by their signalling, and anybody can send one. */
  take(bytes: Uint8Array, reception: Reception | undefined, time: { nowMs: number; wallMs: number }): boolean {
    const packets = readRtcp(bytes);
    if (!packets) return false;
    for (const packet of packets) {
      if (packet.kind !== 'sender-report' && packet.kind !== 'receiver-report') continue;
      if (packet.kind === 'sender-report' && packet.ssrc === reception?.ssrc) reception.heard(packet.ntpMiddle, time.nowMs);
      for (const block of packet.blocks) if (block.ssrc === this.#ssrc) this.#note(block, time.wallMs);
    }
    return true;
  }

  /** RFC 3550, 6.4.1: the time since our report went out, less what the far side kept it. */
  #note(block: ReportBlock, wallMs: number): void {
    this.#farLostShare = block.fractionLost / 256;
    if (block.lastReport === 0) return;
    const units = (ntpMiddle(wallMs) - block.lastReport - block.sinceLastReport) >>> 0;
    const roundTripMs = (units / 65_536) * 1000;
    if (roundTripMs < MOST_ROUND_TRIP_MS) this.#roundTripMs = roundTripMs;
  }
}
