// A session that only listens: sound goes in at the pace it was spoken, the server says where turns end, and what it heard is kept.
import { sleep, systemClock } from '../src/lib/clock.ts';
import { encodeMuLaw } from '../src/media/g711.ts';
import { concat, toBytes } from '../src/media/pcm.ts';
import { resample } from '../src/media/resample.ts';
import { FRAME_MS, textFrame } from './frames.ts';
import { NOISE_RATE_HZ } from './noise.ts';
import type { ServerProcess } from './server.ts';
import { Wire } from './wire.ts';

export const SILENCE_MS = 500;
const wireHz = { pcm: 24_000, telephone: 8000 } as const;
const patienceMs = 30_000;

export type Line = keyof typeof wireHz;

interface Item {
  readonly committedMs: number;
  /** When its words came, or the server gave up. */
  doneMs: number | undefined;
  text: string;
}

export interface Heard {
  readonly text: string;
  /** When each turn ended. */
  readonly committedMs: number[];
  /** From the end of each turn to its words. */
  readonly delaysMs: number[];
  readonly failures: number;
}

/** Frames for the wire, of 20 ms each. */
export function framesOf(samples: Int16Array, line: Line): Buffer[] {
  const rateHz = wireHz[line];
  const sound = resample({ samples, rateHz: NOISE_RATE_HZ }, rateHz).samples;
  const size = (rateHz * FRAME_MS) / 1000;
  const whole = concat([sound, new Int16Array((size - (sound.length % size)) % size)]);
  return Array.from({ length: whole.length / size }, (_, index) => {
    const frame = whole.subarray(index * size, (index + 1) * size);
    return appendFrame(line === 'pcm' ? toBytes(frame) : encodeMuLaw(frame));
  });
}

function appendFrame(bytes: Uint8Array): Buffer {
  return textFrame(`{"type":"input_audio_buffer.append","audio":"${Buffer.from(bytes).toString('base64')}"}`);
}

export class Hearing {
  readonly #wire: Wire;
  readonly #items: Map<string, Item>;
  readonly #state: { speaking: boolean; failures: number };

  private constructor(wire: Wire, items: Map<string, Item>, state: { speaking: boolean; failures: number }) {
    this.#wire = wire;
    this.#items = items;
    this.#state = state;
  }

  static async open(server: ServerProcess, { line = 'pcm', key = server.key }: { line?: Line; key?: string } = {}): Promise<Hearing> {
    const items = new Map<string, Item>();
    const state = { speaking: false, failures: 0 };
    const wire = await Wire.open(server.port, key, (payload) => take(payload, items, state));
    const format = line === 'pcm' ? { type: 'audio/pcm', rate: wireHz.pcm } : { type: 'audio/pcmu' };
    const turn_detection = { type: 'server_vad', silence_duration_ms: SILENCE_MS, create_response: false, interrupt_response: false };
    const input = { format, transcription: { model: 'bench', language: 'en' }, turn_detection };
    wire.send(textFrame(JSON.stringify({ type: 'session.update', session: { type: 'realtime', audio: { input } } })));
    return new Hearing(wire, items, state);
  }

  /** Of a telephone call: its sound comes from its caller, and its session is set by its route. */
  static async beside(server: ServerProcess, callId: string): Promise<Hearing> {
    const items = new Map<string, Item>();
    const state = { speaking: false, failures: 0 };
    const wire = await Wire.open(server.port, server.key, (payload) => take(payload, items, state), undefined, `call_id=${callId}`);
    return new Hearing(wire, items, state);
  }

  /** Sends frames, each when its last sample has been spoken; `pace` is how much faster than that. */
  async send(frames: readonly Buffer[], pace = 1): Promise<void> {
    const startMs = systemClock.now();
    for (const [index, frame] of frames.entries()) {
      await sleep(systemClock, Math.max(0, startMs + ((index + 1) * FRAME_MS) / pace - systemClock.now()));
      this.#wire.send(frame);
    }
  }

  /** Ends a turn that noise keeps open, waits for all words, and hangs up. */
  async finish(): Promise<Heard> {
    if (this.#state.speaking) this.#wire.send(textFrame('{"type":"input_audio_buffer.commit"}'));
    const untilMs = systemClock.now() + patienceMs;
    let [quiet, before] = [0, -1];
    // The last turn may still be on its way: it is over when nothing has come for half a second.
    while (quiet < 10 && systemClock.now() < untilMs) {
      await sleep(systemClock, 50);
      const open = [...this.#items.values()].filter(({ doneMs }) => doneMs === undefined).length;
      quiet = open === 0 && before === this.#items.size ? quiet + 1 : 0;
      before = this.#items.size;
    }
    this.#wire.close();
    const heard = this.take();
    return { ...heard, failures: heard.failures + [...this.#items.values()].filter(({ doneMs }) => doneMs === undefined).length };
  }

  /** What was heard until now. */
  take(): Heard {
    const items = [...this.#items.values()];
    return {
      text: items.map(({ text }) => text).join(' '),
      committedMs: items.map(({ committedMs }) => committedMs),
      delaysMs: items.flatMap(({ committedMs, doneMs }) => (doneMs === undefined ? [] : [doneMs - committedMs])),
      failures: this.#state.failures,
    };
  }
}

function take(payload: Buffer, items: Map<string, Item>, state: { speaking: boolean; failures: number }): void {
  const nowMs = systemClock.now();
  const event = JSON.parse(payload.toString('utf8')) as { type: string; item_id?: string; transcript?: string };
  const item = items.get(event.item_id ?? '');
  switch (event.type) {
    case 'input_audio_buffer.speech_started':
      state.speaking = true;
      return;
    case 'input_audio_buffer.committed':
      state.speaking = false;
      items.set(event.item_id ?? '', { committedMs: nowMs, doneMs: undefined, text: '' });
      return;
    case 'conversation.item.input_audio_transcription.completed':
      if (item) Object.assign(item, { doneMs: nowMs, text: event.transcript ?? '' });
      return;
    case 'conversation.item.input_audio_transcription.failed':
      state.failures += 1;
      if (item) item.doneMs = nowMs;
      return;
    case 'error':
      state.failures += 1;
  }
}
