// One decoder in a process of its own, seen from the server: it starts, hears one utterance at a time, and may die at any moment.
import { availableParallelism } from 'node:os';
import type { Clock, Timer } from '../../../lib/clock.ts';
import { EngineError } from '../../engine.ts';
import { Member } from '../member.ts';
import type { Installation } from './pocketsphinx-install.ts';
import type { FromProcess, ToProcess } from './pocketsphinx-messages.ts';
import type { Segment } from './pocketsphinx-native.ts';

/** A healthy decoder works off a message in milliseconds; one that is silent for so long never will. */
const ANSWER_LIMIT_MS = 20_000;

/** Who holds the decoder: told what it hears, and that it died. */
export interface Listener {
  heard(segments: readonly Segment[] | undefined): void;
  final(segments: readonly Segment[]): void;
  died(error: EngineError): void;
}

/** How many decoders the machine carries when nobody says otherwise. */
export function defaultProcesses(): number {
  return Math.max(1, availableParallelism());
}

export class DecoderProcess {
  /** Resolves when the model is loaded, rejects with EngineError when it never will be. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  /** The words the decoder was last told to know, as one string. */
  vocabulary = '';
  readonly #member: Member;
  readonly #clock: Clock;
  #utterance = 0;
  #listener: Listener | undefined;
  #timer: Timer | undefined;
  #unanswered = 0;
  #cannotLoad: string | undefined;

  /** `program` is what the process runs. */
  constructor(installation: Installation, clock: Clock, program = new URL('./pocketsphinx-child.ts', import.meta.url)) {
    this.#clock = clock;
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    // Nobody may be waiting for it by the time it fails.
    this.ready.catch(() => {});
    const argv = [installation.sphinxbase, installation.pocketsphinx, installation.modelDir];
    const start = { engine: 'pocketsphinx', script: program, kind: 'child', raw: { argv, env: environment(installation) }, clock } as const;
    // It has nothing to clear away.
    this.#member = new Member(
      { ...start, leaveMs: 0 },
      {
        ready: () => ready.resolve(),
        heard: (message) => this.#receive(message as Exclude<FromProcess, { kind: 'ready' }>),
        lost: (error) => {
          const why = this.#cannotLoad;
          const told = why === undefined ? error : new EngineError('pocketsphinx', 'unavailable', `a speech decoder cannot load: ${why}`);
          ready.reject(told);
          this.#tellDeath(told);
        },
      },
    );
    this.gone = this.#member.gone;
  }

  get dead(): boolean {
    return this.#member.over;
  }

  get pid(): number | undefined {
    return this.#member.pid;
  }

  /** Begins an utterance for the listener; whatever was under way is dropped. */
  begin(words: readonly string[], listener: Listener): void {
    this.#listener = listener;
    this.#utterance++;
    this.vocabulary = words.join(' ');
    this.#send({ kind: 'begin', utterance: this.#utterance, words });
  }

  hear(samples: Int16Array): void {
    this.#expectAnswer();
    this.#send({ kind: 'audio', utterance: this.#utterance, samples });
  }

  end(): void {
    this.#expectAnswer();
    this.#send({ kind: 'end', utterance: this.#utterance });
  }

  /** Drops the utterance; the next may begin at once. */
  cancel(): void {
    if (!this.#listener) return;
    this.#listener = undefined;
    this.#stopTimer();
    this.#send({ kind: 'cancel', utterance: this.#utterance });
  }

  kill(): void {
    void this.#member.stop();
    this.#tellDeath(new EngineError('pocketsphinx', 'crashed', 'a speech decoder was ended'));
  }

  #tellDeath(error: EngineError): void {
    this.#stopTimer();
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.died(error);
  }

  #send(message: ToProcess): void {
    this.#member.post(message);
  }

  #receive(message: Exclude<FromProcess, { kind: 'ready' }>): void {
    if (message.kind === 'failed') {
      this.#cannotLoad = message.message;
      return;
    }
    if (message.utterance !== this.#utterance || !this.#listener) return;
    this.#unanswered--;
    if (message.kind === 'heard') {
      if (this.#unanswered > 0) this.#restartTimer();
      else this.#stopTimer();
      this.#listener.heard(message.segments);
    } else if (message.kind === 'final') {
      const listener = this.#listener;
      this.#listener = undefined;
      this.#stopTimer();
      listener.final(message.segments);
    }
  }

  #expectAnswer(): void {
    this.#unanswered++;
    if (this.#unanswered === 1) this.#restartTimer();
  }

  #restartTimer(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ANSWER_LIMIT_MS, () => this.#member.giveUp(`no answer for ${ANSWER_LIMIT_MS / 1000} s`));
  }

  #stopTimer(): void {
    this.#unanswered = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function environment({ libraryPath }: Installation): NodeJS.ProcessEnv {
  if (libraryPath.length === 0) return process.env;
  const inherited = process.env['LD_LIBRARY_PATH'];
  return { ...process.env, LD_LIBRARY_PATH: [...libraryPath, ...(inherited ? [inherited] : [])].join(':') };
}
