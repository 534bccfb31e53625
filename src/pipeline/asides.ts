// What is said beside the answer: a small model is asked for a few words, the voice makes them sound. It knows neither why nor when;
// each aside is owned here from its order to its one fact, and may be aborted at any moment.
import { EngineError, type Engines, type Origin } from '../engines/engine.ts';
import { concat, type Pcm } from '../media/pcm.ts';
import { resample } from '../media/resample.ts';
import { errors } from '../protocol/errors.ts';
import type { OnBehalf, Prompt } from '../protocol/prompt.ts';
import { sampleRateHz } from '../protocol/audio-format.ts';
import type { Allowance } from './allowance.ts';
import { isDeclared } from './failure.ts';
import { speechOptions } from './speech-options.ts';
import { SteeringFilter } from './steering.ts';
import { encodeWire, wireMs } from './wire-audio.ts';
import type { AskOrder, SpeakOrder } from '../session/effects.ts';
import type { Fact, SpokenWord } from '../session/facts.ts';

/** More than any few words have: a model that goes on is not listened to, a voice that goes on is broken. */
const mostCharacters = 400;
const mostSeconds = 15;

interface AsidePorts {
  engines: Engines;
  /** Whose asides they are. */
  origin: Origin;
  /** On whose behalf the session is held, by now. */
  behalf: () => OnBehalf;
  allowance: Pick<Allowance, 'speech' | 'spoken'>;
  feed: (fact: Fact) => void;
  /** An aside came to nothing; `fault` when nobody declared it: a fault of ours. */
  onFailure: (error: unknown, fault: boolean) => void;
}

export class Asides {
  readonly #ports: AsidePorts;
  readonly #running = new Map<string, AbortController>();

  constructor(ports: AsidePorts) {
    this.#ports = ports;
  }

  /** Feeds `aside.said` or `aside.failed`, unless it is aborted. Never rejects. */
  ask({ aside, ...order }: AskOrder, prompt: Prompt): Promise<void> {
    return this.#run(aside, async (signal) => {
      const { engine, model } = this.#ports.engines.llm(order.model);
      const { temperature, maxOutputTokens } = order;
      const { origin, behalf } = this.#ports;
      let text = '';
      for await (const part of engine.respond(prompt, { model, temperature, maxOutputTokens, behalf: behalf(), origin }, signal)) {
        if (part.type === 'text') text += part.text;
        if (text.length > mostCharacters) break;
      }
      return { kind: 'aside.said', aside, text: text.slice(0, mostCharacters) };
    });
  }

  /** Feeds `aside.spoken` or `aside.failed`, unless it is aborted. Never rejects. */
  speak(order: SpeakOrder): Promise<void> {
    const { aside, format, gain } = order;
    return this.#run(aside, async (signal) => {
      const { pieces, words } = await this.#sound(order, signal);
      const samples = louder(joined(pieces, sampleRateHz(format)), gain);
      const bytes = gain === 0 ? new Uint8Array() : encodeWire(format, samples);
      return { kind: 'aside.spoken', aside, bytes, ms: wireMs(format, bytes.length), words };
    });
  }

  abort(aside: string): void {
    this.#running.get(aside)?.abort();
    this.#running.delete(aside);
  }

  close(): void {
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
  }

  async #run(aside: string, make: (signal: AbortSignal) => Promise<Fact>): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    this.#running.set(aside, controller);
    let fact: Fact;
    try {
      fact = await make(signal);
    } catch (error) {
      if (!signal.aborted) this.#ports.onFailure(error, !isDeclared(error));
      fact = { kind: 'aside.failed', aside };
    }
    if (signal.aborted) return;
    // An engine that was left in the middle gives its resources back. The fact may bring the next order for this aside.
    controller.abort();
    this.#running.delete(aside);
    this.#ports.feed(fact);
  }

  async #sound(order: SpeakOrder, signal: AbortSignal): Promise<{ pieces: Pcm[]; words: SpokenWord[] }> {
    const { engines, allowance } = this.#ports;
    const excess = allowance.speech();
    if (excess) throw errors.limited(excess);
    const { engine, ...choice } = engines.tts(order.ttsModel, order.voice, order.manner.fallback);
    const pieces: Pcm[] = [];
    const words: SpokenWord[] = [];
    let seconds = 0;
    const text = engine.steers ? order.text : withoutDirections(order.text);
    const options = speechOptions(engine, choice, order, this.#ports.origin);
    for await (const speech of engine.speak(single(text), options, signal)) {
      allowance.spoken(speech.pcm.samples.length / speech.pcm.rateHz);
      pieces.push(speech.pcm);
      words.push(...(speech.words ?? []));
      seconds += speech.pcm.samples.length / speech.pcm.rateHz;
      if (seconds > mostSeconds) throw new EngineError(engine.info.id, 'broken', `A few words went on for more than ${mostSeconds} s.`);
    }
    return { pieces, words };
  }
}

function withoutDirections(text: string): string {
  const filter = new SteeringFilter();
  return filter.push(text) + filter.flush();
}

async function* single(text: string): AsyncGenerator<string> {
  yield text;
}

/** All pieces as one at that rate. */
function joined(pieces: readonly Pcm[], rateHz: number): Int16Array {
  const [first] = pieces;
  if (!first) return new Int16Array();
  // A voice has one rate; should it ever change, the rest follows the first piece.
  const samples = concat(pieces.map((pcm) => (pcm.rateHz === first.rateHz ? pcm : resample(pcm, first.rateHz)).samples));
  return resample({ samples, rateHz: first.rateHz }, rateHz).samples;
}

/** Clipped where it would be too loud. */
function louder(samples: Int16Array, gain: number): Int16Array {
  return gain === 1 ? samples : samples.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * gain))));
}
