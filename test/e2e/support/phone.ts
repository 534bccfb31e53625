// A telephone as Twilio's media stream shows it to a bridge in this process: the simulated provider, where a bridge expects its WebSocket.
import { systemClock } from '../../../src/lib/clock.ts';
import { encodeMuLaw } from '../../../src/media/g711.ts';
import { resample } from '../../../src/media/resample.ts';
import { SimulatedProvider } from '../../transports/media-streams/simulators/provider.ts';
import { twilioWire } from '../../transports/media-streams/simulators/wires.ts';
import { rateHz } from './speech.ts';

/** What goes to a telephone. */
interface ToPhone {
  readonly event: string;
  readonly streamSid: string;
  readonly media?: { readonly payload: string };
  readonly mark?: { readonly name: string };
}

type Listener = (message: { data: string }) => void;

export class Phone {
  /** Everything it was sent, in order. */
  readonly received: ToPhone[] = [];
  readonly #listeners = new Map<string, Listener[]>();
  readonly #provider = new SimulatedProvider(systemClock, twilioWire('MZ1'), (frame) => {
    if ('text' in frame) this.#tell('message', frame.text);
  });

  /** Marks it echoed because their sound had been played, and because a clear threw it away. */
  get played(): readonly string[] {
    return this.#provider.playedMarks;
  }

  get cleared(): readonly string[] {
    return this.#provider.clearedMarks;
  }

  /** What Twilio would have ended the stream for. */
  get errors(): readonly string[] {
    return this.#provider.errors;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  /** Twilio's greeting; the microphone is on from here. */
  start(): void {
    this.#provider.open();
  }

  /** Says samples at 24 kHz into it; resolves when the last of them has been sent. */
  speak(samples: Int16Array): Promise<void> {
    return this.#provider.say(encodeMuLaw(resample({ samples, rateHz }, 8000).samples));
  }

  hangUp(): void {
    this.#provider.stop();
    this.#tell('close', '');
  }

  /** All sound it was sent. */
  get sound(): Uint8Array {
    return Buffer.concat(this.received.flatMap(({ media }) => (media ? [Buffer.from(media.payload, 'base64')] : [])));
  }

  send(text: string): void {
    this.received.push(JSON.parse(text) as ToPhone);
    this.#provider.receive({ text });
  }

  close(): void {
    this.#provider.end();
  }

  #tell(type: string, data: string): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data });
  }
}
