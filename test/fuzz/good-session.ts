// The session beside the storm: a client that does everything right, turn after turn, written and spoken, and must never notice.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { concat, toBytes } from '../../src/media/pcm.ts';
import { readWav } from '../../src/media/wav.ts';
import { Client } from '../e2e/support/client.ts';
import { field } from '../e2e/support/events.ts';
import { base64 } from '../e2e/support/speech.ts';

const { samples, rateHz } = readWav(readFileSync(resolve(import.meta.dirname, '../../samples/question.wav')));
/** A question, and the silence that ends the turn. */
const question = toBytes(concat([samples, new Int16Array(rateHz)]));

export class GoodSession {
  readonly #client: Client;
  #over = false;
  readonly #done: Promise<void>;
  /** Turns that were answered, by kind. */
  readonly turns = { written: 0, spoken: 0 };

  private constructor(client: Client) {
    this.#client = client;
    this.#done = this.#talk();
    // Told by `end`.
    this.#done.catch(() => {});
  }

  static async open(ws: string): Promise<GoodSession> {
    return new GoodSession(await Client.open(ws));
  }

  /** Ends after the turn under way. Rejects with what went wrong, if anything did. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#done;
    this.#client.close();
  }

  async #talk(): Promise<void> {
    while (!this.#over) {
      await this.#turn('written', () => {
        this.#client.say('What is the time?');
        this.#client.send({ type: 'response.create' });
      });
      await this.#turn('spoken', () => this.#client.send({ type: 'input_audio_buffer.append', audio: base64(question) }));
    }
  }

  async #turn(kind: keyof GoodSession['turns'], speak: () => void): Promise<void> {
    const { log, closed } = this.#client;
    const from = log.mark;
    speak();
    const gone = closed.then(({ code }) => {
      throw new Error(`The good session was closed with ${code}.`);
    });
    gone.catch(() => {});
    const done = await Promise.race([log.wait('response.done', from), gone]);
    const wanted = ['conversation.item.done', 'response.created', 'response.output_audio.delta'];
    if (kind === 'spoken') wanted.unshift('input_audio_buffer.speech_started', 'input_audio_buffer.committed');
    const types = log.all.slice(from).map(({ type }) => type);
    const inOrder = wanted.every((type, at) => types.indexOf(type) > (at === 0 ? -1 : types.indexOf(wanted[at - 1] ?? '')));
    if (field(done, 'response.status') !== 'completed' || !inOrder || log.of('error').length > 0)
      throw new Error(`A ${kind} turn of the good session went wrong: ${log.story(from)}, ${JSON.stringify(done)}`);
    this.turns[kind] += 1;
  }
}
