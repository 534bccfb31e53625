// The contract of recognisers, kept by the smallest engine that decodes an utterance as a whole whenever its words are asked for: one that knows
// only tones. Engines like it find here how much of the contract is theirs to keep.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { EngineError, type Recognition, type Stt, type Transcript } from '../../src/engines/engine.ts';
import { Recorder } from '../../src/media/recorder.ts';
import { recognise, Utterance } from '../pipeline/tones.ts';
import { describeStt, hear, listen, type SpeechSample } from './stt.ts';

class TonesStt implements Stt {
  readonly info = { id: 'tones', kind: 'stt', name: 'Tones', licence: 'Apache-2.0', languages: ['*'] } as const;
  readonly can = { partials: false, wordTimes: false, keyTerms: false, logprobs: false };
  readonly warmUp = async () => {};
  readonly #recognitions = new Set<TonesRecognition>();
  #closed = false;
  /** Utterances decoded; a decoder has time for one after the other. */
  decoded = 0;
  #busy = Promise.resolve();

  open(): Recognition {
    const recognition = new TonesRecognition((samples) => this.#decode(samples));
    if (this.#closed) recognition.close();
    else this.#recognitions.add(recognition);
    return recognition;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const recognition of this.#recognitions) recognition.close();
  }

  #decode(samples: Int16Array): Promise<Transcript> {
    const decoding = this.#busy.then(async () => {
      for (let turn = 0; turn < 5; turn++) await nextTurn();
      this.decoded += 1;
      return { text: recognise(samples), words: [] };
    });
    this.#busy = decoding.then(() => {});
    return decoding;
  }
}

class TonesRecognition implements Recognition {
  readonly #decode: (samples: Int16Array) => Promise<Transcript>;
  readonly #heard = new Recorder();
  readonly #closed = Promise.withResolvers<never>();
  #over = false;
  #answer: Promise<Transcript> | undefined;

  constructor(decode: (samples: Int16Array) => Promise<Transcript>) {
    this.#decode = decode;
    this.#closed.promise.catch(() => {});
  }

  hear(samples: Int16Array): void {
    if (samples.length > 0) this.#answer = undefined;
    this.#heard.append(samples);
  }

  words(): Promise<Transcript> {
    if (this.#over) return this.#closed.promise;
    this.#answer ??= Promise.race([this.#decode(this.#heard.slice(0, this.#heard.end)), this.#closed.promise]);
    return this.#answer;
  }

  close(): void {
    this.#over = true;
    this.#closed.reject(new EngineError('tones', 'unavailable', 'it was closed'));
  }
}

const spoken = new Utterance([
  { atMs: 300, words: 8 },
  { atMs: 1500, words: 6 },
]);
const said = spoken.text.split(' ');
const speech: SpeechSample[] = [
  { samples: spoken.sound(0, 1300, 16_000), words: said.slice(0, 8) },
  { samples: spoken.sound(1300, 2300, 16_000), words: said.slice(8) },
];

describeStt('An engine that decodes whole utterances', { open: () => new TonesStt(), speech: async () => speech });

describe('An engine that decodes whole utterances', () => {
  test('decodes once for a pause that turns out to be the end', async () => {
    const stt = new TonesStt();
    const { recognition } = listen(stt);
    hear(recognition, speech[0]?.samples ?? new Int16Array());
    await recognition.words('speculative');
    await recognition.words('final');
    expect(stt.decoded).toBe(1);
  });
});
