// Sounds that a client puts into items, on their way to the recogniser: kept once, and no more of them as samples than some minutes at a time.
import { VAD_RATE_HZ, type Decoder } from '../engines/engine.ts';
import { looksLikeContainer } from '../media/containers.ts';
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../protocol/audio-format.ts';
import { decoded, fromBase64 } from './item-sound.ts';

/** Samples that wait for their words; what comes beyond them waits as it was sent. One sound may be more by itself. */
const mostBytes = 32 * 1024 * 1024;
/** Of what waits as it was sent; beyond it the client's next event waits as well. */
const mostWaitingBytes = 32 * 1024 * 1024;
/** What a file may come to: ten minutes. */
const mostFileBytes = 600 * VAD_RATE_HZ * Int16Array.BYTES_PER_ELEMENT;

interface ItemSoundPorts {
  decoder: Decoder;
  /** Resolves when it has its words, or will have none. */
  recognise: (item: string, samples: Int16Array) => Promise<void>;
  onFailure: (item: string, error: unknown) => void;
}

interface Order {
  item: string;
  format: AudioFormat;
  /** A file (Opus in Ogg or WebM, WAV) says itself what it holds. */
  isFile: boolean;
  /** What it comes to as samples. */
  bytes: number;
  /** Undefined once it is samples. */
  sound: Uint8Array | undefined;
}

export class ItemSounds {
  readonly #ports: ItemSoundPorts;
  readonly #wanted = new Map<string, Order>();
  #waiting: Order[] = [];
  #bytes = 0;
  #roomy: (() => void)[] = [];

  constructor(ports: ItemSoundPorts) {
    this.#ports = ports;
  }

  /** Resolves when no more of it has to be done on this thread for now: the next item's may come. */
  async take(item: string, audio: string | Uint8Array, format: AudioFormat): Promise<void> {
    const order: Order = { item, format, isFile: false, bytes: 0, sound: undefined };
    this.#wanted.set(item, order);
    const sound = typeof audio === 'string' ? await fromBase64(audio) : audio;
    order.sound = sound;
    order.isFile = looksLikeContainer(sound) !== undefined;
    order.bytes = order.isFile ? mostFileBytes : samplesOf(sound, format) * Int16Array.BYTES_PER_ELEMENT;
    // Its item may have gone meanwhile.
    if (!this.#isWanted(order)) return;
    this.#waiting.push(order);
    const begun = this.#begin();
    if (!order.isFile) await begun;
    while (this.#waitingBytes > mostWaitingBytes) await new Promise<void>((resolve) => this.#roomy.push(resolve));
  }

  /** Nobody wants its words any more: what waits is dropped, and what is being recognised is its recogniser's to end. */
  forget(item: string): void {
    const order = this.#wanted.get(item);
    if (!order) return;
    this.#wanted.delete(item);
    this.#waiting = this.#waiting.filter((other) => other !== order);
    // It may have stood before others for which there is room.
    void this.#begin();
  }

  close(): void {
    this.#wanted.clear();
    this.#waiting = [];
    this.#wake();
  }

  get #waitingBytes(): number {
    return this.#waiting.reduce((sum, { sound }) => sum + (sound?.length ?? 0), 0);
  }

  #wake(): void {
    const waiters = this.#roomy;
    this.#roomy = [];
    for (const resolve of waiters) resolve();
  }

  /** Begins with those there is room for; resolves when they are samples. */
  async #begin(): Promise<void> {
    const begun: Promise<void>[] = [];
    for (let [next] = this.#waiting; next && (this.#bytes === 0 || this.#bytes + next.bytes <= mostBytes); [next] = this.#waiting) {
      this.#waiting.shift();
      begun.push(this.#run(next));
    }
    this.#wake();
    await Promise.all(begun);
  }

  /** Resolves when it is samples, or will never be. */
  async #run(order: Order): Promise<void> {
    this.#bytes += order.bytes;
    try {
      const samples = await this.#samples(order);
      if (samples) void this.#recognise(order, samples);
      else this.#leave(order);
    } catch (error) {
      if (this.#isWanted(order)) this.#ports.onFailure(order.item, error);
      this.#leave(order);
    }
  }

  async #recognise(order: Order, samples: Int16Array): Promise<void> {
    try {
      await this.#ports.recognise(order.item, samples);
    } catch (error) {
      if (this.#isWanted(order)) this.#ports.onFailure(order.item, error);
    } finally {
      this.#leave(order);
    }
  }

  #leave(order: Order): void {
    this.#bytes -= order.bytes;
    if (this.#isWanted(order)) this.#wanted.delete(order.item);
    void this.#begin();
  }

  async #samples(order: Order): Promise<Int16Array | undefined> {
    const { sound, format, isFile } = order;
    order.sound = undefined;
    if (!sound || !this.#isWanted(order)) return undefined;
    const samples = isFile ? (await this.#ports.decoder.decode(sound, VAD_RATE_HZ)).samples : await decoded(sound, format);
    return this.#isWanted(order) ? samples : undefined;
  }

  /** Its item may have gone, and another of the same name have come. */
  #isWanted(order: Order): boolean {
    return this.#wanted.get(order.item) === order;
  }
}

function samplesOf(sound: Uint8Array, format: AudioFormat): number {
  return Math.ceil((sound.length / bytesPerSample(format)) * (VAD_RATE_HZ / sampleRateHz(format)));
}
