// What has come of one stream, for reports and metrics: packets, losses and jitter (RFC 3550, A.3 and A.8).
import { signed } from './packet.ts';
import type { ReportBlock } from './rtcp.ts';

export class Reception {
  readonly ssrc: number;
  readonly #clockRateHz: number;
  packets = 0;
  readonly #first: number;
  #highest: number;
  #jitter = 0;
  #lastTransit: number | undefined;
  #lastTimestamp: number | undefined;
  #reported = { expected: 0, packets: 0 };
  #report: { readonly ntpMiddle: number; readonly atMs: number } | undefined;

  constructor(ssrc: number, firstSequence: number, clockRateHz: number) {
    this.ssrc = ssrc;
    this.#clockRateHz = clockRateHz;
    this.#first = firstSequence;
    this.#highest = firstSequence;
  }

  /** A packet came; with `timed`, it was sent when its timestamp says, which a telephone's key is not. */
  take(sequenceNumber: number, timestamp: number, nowMs: number, timed: boolean): void {
    this.packets++;
    this.#highest += Math.max(0, signed(sequenceNumber - this.#highest, 16));
    // What is sent at once with another packet says nothing of the network.
    if (!timed || timestamp === this.#lastTimestamp) return;
    this.#lastTimestamp = timestamp;
    const transit = (nowMs * this.#clockRateHz) / 1000 - timestamp;
    const change = this.#lastTransit === undefined ? 0 : Math.abs(signed(Math.round(transit - this.#lastTransit), 32));
    this.#lastTransit = transit;
    // A jump is another clock and no jitter.
    if (change < this.#clockRateHz) this.#jitter += (change - this.#jitter) / 16;
  }

  /** A sender report of this stream came. */
  heard(ntpMiddle: number, nowMs: number): void {
    this.#report = { ntpMiddle, atMs: nowMs };
  }

  get lost(): number {
    return this.#expected - this.packets;
  }

  get jitterMs(): number {
    return (this.#jitter * 1000) / this.#clockRateHz;
  }

  /** What is to be reported now. What is lost is counted since the call before. */
  block(nowMs: number): ReportBlock {
    const expected = this.#expected - this.#reported.expected;
    const lost = expected - (this.packets - this.#reported.packets);
    this.#reported = { expected: this.#expected, packets: this.packets };
    const report = this.#report;
    return {
      ssrc: this.ssrc,
      fractionLost: expected > 0 && lost > 0 ? Math.min(255, Math.floor((lost * 256) / expected)) : 0,
      lost: this.lost,
      highestSequence: this.#highest % 2 ** 32,
      jitter: Math.floor(this.#jitter),
      lastReport: report?.ntpMiddle ?? 0,
      sinceLastReport: report ? Math.round(((nowMs - report.atMs) / 1000) * 65_536) : 0,
    };
  }

  get #expected(): number {
    return this.#highest - this.#first + 1;
  }
}
