// Lines as Twilio's media streams: signed as Twilio signs, and checked, played and marked by the simulated provider of the tests.
import { WebSocket } from 'ws';
import { systemClock } from '../src/lib/clock.ts';
import { decodeMuLaw } from '../src/media/g711.ts';
import { createG711Encoder } from '../src/transports/rtp/g711-voice.ts';
import { openStream } from '../test/e2e/support/telephone-line.ts';
import { SimulatedProvider } from '../test/transports/media-streams/simulators/provider.ts';
import type { Wire } from '../test/transports/media-streams/simulators/wire.ts';
import { twilioWire } from '../test/transports/media-streams/simulators/wires.ts';
import { FRAME_MS, prepare } from './frames.ts';
import type { Clip } from './speech.ts';
import type { Line, LineEvents, Lines } from './telephone-line.ts';

const loudPeak = 500;

/** `http`: where the server is asked what to do with a call. */
export async function openStreamLines(http: string, clips: readonly Clip[]): Promise<Lines> {
  const encoder = createG711Encoder('mu');
  const material = prepare(clips, (samples) => Buffer.from(encoder.encode(samples)));
  return { material, call: (name, events) => StreamLine.call(http, name, events), close: () => Promise.resolve() };
}

class StreamLine implements Line {
  readonly setUpMs: number;
  readonly #socket: WebSocket;
  readonly #provider: SimulatedProvider;
  readonly #wire: Wire;
  #frames = 0;
  #hungUp = false;

  static async call(http: string, name: string, events: LineEvents): Promise<StreamLine> {
    const askedMs = systemClock.now();
    const opened = await openStream(http, '+15550002');
    return new StreamLine({ ...opened, setUpMs: systemClock.now() - askedMs }, name, events);
  }

  private constructor({ socket, token, setUpMs }: { socket: WebSocket; token: string; setUpMs: number }, name: string, events: LineEvents) {
    this.setUpMs = setUpMs;
    this.#socket = socket;
    const wire = twilioWire('MZ1', { instructions: name });
    this.#wire = wire;
    let nowMs = 0;
    /** When what the provider has will have been played. */
    let untilMs = 0;
    const read: typeof wire.read = (frame) => {
      const understood = wire.read(frame);
      if (understood.kind === 'sound') {
        const lengthMs = understood.bytes.length / 8;
        const atMs = Math.max(untilMs, nowMs);
        untilMs = atMs + lengthMs;
        const isLoud = decodeMuLaw(understood.bytes).some((sample) => Math.abs(sample) > loudPeak);
        events.onSound({ isLoud, atMs, lengthMs }, nowMs);
      } else if (understood.kind === 'clear') {
        untilMs = nowMs;
        events.onClear(nowMs);
      }
      return understood;
    };
    this.#provider = new SimulatedProvider(systemClock, { ...wire, read }, (frame) => 'text' in frame && this.#write(frame.text));
    socket.on('message', (data: Buffer) => {
      nowMs = systemClock.now();
      this.#provider.receive({ text: data.toString('utf8') });
    });
    socket.on('close', (code) => {
      this.#provider.end();
      for (const error of this.#provider.errors) events.onFault(error);
      if (!this.#hungUp) events.onFault(`the stream was closed with ${code}`);
    });
    this.#provider.open(token);
    // Its own microphone is off: what is said, and when, is the caller's business.
    this.#provider.lose(Number.POSITIVE_INFINITY);
  }

  send(frame: Buffer): void {
    const at = this.#frames++;
    const sound = this.#wire.sound(frame, at, at * FRAME_MS);
    if ('text' in sound) this.#write(sound.text);
  }

  hangUp(): void {
    this.#hungUp = true;
    this.#provider.stop();
    this.#socket.close();
  }

  #write(text: string): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text);
  }
}
