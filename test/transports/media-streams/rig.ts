// One simulated provider and the stream call that it is answered with, on a clock that the test moves.
import { ManualClock } from '../../../src/lib/clock.ts';
import { type Log, silentLog } from '../../../src/lib/log.ts';
import { bytesPerSample, sampleRateHz } from '../../../src/protocol/audio-format.ts';
import type { CallEnd, CallEvents } from '../../../src/transports/calls/call.ts';
import type { StreamCarrier, StreamFrame, StreamStart } from '../../../src/transports/media-streams/dialect.ts';
import { dialectOf } from '../../../src/transports/media-streams/dialects/choose.ts';
import { StreamPace } from '../../../src/transports/media-streams/pace.ts';
import { type CallControl, StreamCall, type StreamSocket } from '../../../src/transports/media-streams/stream-call.ts';
import { SimulatedProvider } from './simulators/provider.ts';
import type { Wire } from './simulators/wire.ts';

export class Told implements CallEvents {
  readonly sound: Uint8Array[] = [];
  readonly digits: string[] = [];
  readonly played: { readonly ms: number; readonly clears: number }[] = [];
  readonly ends: CallEnd[] = [];
  onSound(sound: Uint8Array): void {
    this.sound.push(sound.slice());
  }
  onOpen(): void {}
  onMessage(): void {}
  onPlayed(ms: number, clears: number): void {
    this.played.push({ ms, clears });
  }
  onTaken(): void {}
  onDigit(digit: string): void {
    this.digits.push(digit);
  }
  onEnd(end: CallEnd): void {
    this.ends.push(end);
  }
  /** All of the sound. */
  get whole(): Uint8Array {
    return Buffer.concat(this.sound);
  }
}

export class FakeSocket implements StreamSocket {
  waitingBytes = 0;
  silentMs = 0;
  readonly closed: { readonly code: number; readonly reason: string }[] = [];
  /** Where frames go. */
  to: (frame: StreamFrame) => void = () => {};
  send(frame: StreamFrame): void {
    this.to(frame);
  }
  close(code: number, reason: string): void {
    this.closed.push({ code, reason });
  }
}

export interface StreamRig {
  readonly clock: ManualClock;
  readonly provider: SimulatedProvider;
  readonly socket: FakeSocket;
  readonly call: StreamCall;
  readonly told: Told;
  /** So much sound, all of whose bytes say how far into it they are. */
  sound(ms: number): Uint8Array;
  perMs: number;
}

export interface RigOptions {
  readonly answered?: boolean;
  readonly levels?: { xoffMs: number; xonMs: number };
  readonly log?: Log;
  readonly control?: CallControl;
  readonly query?: URLSearchParams;
  /** What comes of a frame that the provider sends; the frame itself if nothing is said. */
  readonly between?: (frame: StreamFrame) => StreamFrame[];
}

export function streamRig(carrier: StreamCarrier, wire: Wire, options: RigOptions = {}): StreamRig {
  const { answered = true, levels, log = silentLog, control, query = new URLSearchParams(), between = (frame) => [frame] } = options;
  const clock = new ManualClock();
  const dialect = dialectOf(carrier, query);
  const socket = new FakeSocket();
  const told = new Told();
  const perMs = (bytesPerSample(wire.format) * sampleRateHz(wire.format)) / 1000;
  let call: StreamCall | undefined;
  const begin = (start: StreamStart) => new StreamCall({ socket, dialect, start, clock, pace: new StreamPace(clock), log, control });
  if (dialect.atOnce) call = begin(dialect.atOnce);
  const deliver = (frame: StreamFrame) => {
    for (const each of between(frame)) {
      const message = dialect.read(each);
      if (call) call.take(message);
      else if (message.kind === 'started') call = begin(message.start);
    }
  };
  const provider = new SimulatedProvider(clock, wire, deliver, levels);
  socket.to = (frame) => provider.receive(frame);
  provider.open();
  if (!call) throw new Error('the stream did not start');
  if (answered) call.answer(told);
  const sound = (ms: number) => Uint8Array.from({ length: ms * perMs }, (_, at) => (Math.floor(at / perMs / 20) % 100) + 1);
  return { clock, provider, socket, call, told, sound, perMs };
}

/** Where two sounds differ; undefined when they are the same. A message about thousands of bytes tells nobody anything. */
export function difference(heard: Uint8Array, expected: Uint8Array): string | undefined {
  if (Buffer.compare(heard, expected) === 0) return undefined;
  const at = expected.findIndex((byte, index) => heard[index] !== byte);
  return `${heard.length} bytes instead of ${expected.length}, the first difference at ${at < 0 ? expected.length : at}`;
}
