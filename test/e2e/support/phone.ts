// A telephone as Twilio's media stream shows it: 20 ms frames of µ-law in, and sound that is played in real time, with its marks, out.
import { encodeMuLaw } from '../../../src/media/g711.ts';
import { resample } from '../../../src/media/resample.ts';
import { rateHz } from './speech.ts';

const frameMs = 20;
const frameBytes = 160;
const silence = 0xff;

/** What goes to a telephone: Twilio ends a stream that sends anything else. */
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
  /** Marks it echoed because their sound had been played, and because a clear threw it away. */
  readonly played: string[] = [];
  readonly cleared: string[] = [];
  readonly #listeners = new Map<string, Listener[]>();
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #frames = 0;
  #waiting: { bytes: Uint8Array; at: number; spoken: () => void }[] = [];
  #marks = new Map<string, NodeJS.Timeout>();
  #playingUntil = 0;

  constructor() {
    this.#timer = setInterval(() => this.#catchUp(), frameMs);
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  /** Twilio's greeting; the microphone is on from here. */
  start(): void {
    this.#tell({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
    this.#tell({ event: 'start', streamSid: 'MZ1', start: { streamSid: 'MZ1', callSid: 'CA1', tracks: ['inbound'], mediaFormat } });
  }

  /** Says samples at 24 kHz into it; resolves when the last of them has been sent. */
  speak(samples: Int16Array): Promise<void> {
    const bytes = encodeMuLaw(resample({ samples, rateHz }, 8000).samples);
    return new Promise((spoken) => this.#waiting.push({ bytes, at: 0, spoken }));
  }

  hangUp(): void {
    clearInterval(this.#timer);
    for (const mark of this.#marks.values()) clearTimeout(mark);
    this.#tell({ event: 'stop', streamSid: 'MZ1' });
    for (const listener of this.#listeners.get('close') ?? []) listener({ data: '' });
  }

  /** All sound it was sent. */
  get sound(): Uint8Array {
    return Buffer.concat(this.received.flatMap(({ media }) => (media ? [Buffer.from(media.payload, 'base64')] : [])));
  }

  send(text: string): void {
    const message = JSON.parse(text) as ToPhone;
    this.received.push(message);
    const now = performance.now();
    const { event, media, mark } = message;
    if (event === 'media' && media) {
      const ms = Buffer.from(media.payload, 'base64').length / 8;
      this.#playingUntil = Math.max(now, this.#playingUntil) + ms;
    } else if (event === 'mark' && mark) {
      const timer = setTimeout(() => this.#echo(mark.name, this.played), Math.max(0, this.#playingUntil - now));
      this.#marks.set(mark.name, timer);
    } else if (event === 'clear') {
      this.#playingUntil = now;
      for (const [name, timer] of this.#marks) {
        clearTimeout(timer);
        this.#echo(name, this.cleared);
      }
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #echo(name: string, list: string[]): void {
    this.#marks.delete(name);
    list.push(name);
    this.#tell({ event: 'mark', streamSid: 'MZ1', mark: { name } });
  }

  #tell(message: object): void {
    for (const listener of this.#listeners.get('message') ?? []) listener({ data: JSON.stringify(message) });
  }

  #catchUp(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / frameMs);
    for (; this.#frames < due; this.#frames++) {
      const payload = Buffer.from(this.#nextFrame()).toString('base64');
      this.#tell({
        event: 'media',
        streamSid: 'MZ1',
        media: { track: 'inbound', chunk: String(this.#frames + 1), timestamp: String(this.#frames * frameMs), payload },
      });
    }
  }

  #nextFrame(): Uint8Array {
    const frame = new Uint8Array(frameBytes).fill(silence);
    const current = this.#waiting[0];
    if (!current) return frame;
    frame.set(current.bytes.subarray(current.at, current.at + frameBytes));
    current.at += frameBytes;
    if (current.at >= current.bytes.length) {
      this.#waiting.shift();
      current.spoken();
    }
    return frame;
  }
}
