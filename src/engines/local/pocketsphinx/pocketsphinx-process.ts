// One decoder in a process of its own, seen from the server: it starts, hears one utterance at a time, and may die at any moment.
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Clock, Timer } from '../../../lib/clock.ts';
import { EngineError } from '../../engine.ts';
import type { Installation } from './pocketsphinx-install.ts';
import type { FromProcess, ToProcess } from './pocketsphinx-messages.ts';
import type { Segment } from './pocketsphinx-native.ts';

const START_LIMIT_MS = 60_000;
/** A healthy decoder works off a message in milliseconds; one that is silent for so long never will. */
const ANSWER_LIMIT_MS = 20_000;
const KEPT_STDERR = 2000;

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
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  #utterance = 0;
  #listener: Listener | undefined;
  #timer: Timer | undefined;
  #unanswered = 0;
  #reason: string | undefined;
  #cannotLoad = false;
  #stderr = '';
  #dead = false;

  constructor(installation: Installation, clock: Clock) {
    this.#clock = clock;
    // The built server is .js beside .js, a checkout is .ts beside .ts.
    const program = new URL(import.meta.url.replace(/process(\.[jt]s)$/, 'child$1'));
    this.#child = fork(fileURLToPath(program), [installation.sphinxbase, installation.pocketsphinx, installation.modelDir], {
      serialization: 'advanced',
      execArgv: [],
      env: environment(installation),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR);
    });
    const ready = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.gone = gone.promise;
    // Nobody may be waiting for it by the time it fails.
    this.ready.catch(() => {});
    this.#child.on('message', (message: FromProcess) => {
      if (message.kind === 'ready') {
        this.#stopTimer();
        ready.resolve();
      } else {
        this.#receive(message);
      }
    });
    const ended = (how: string) => {
      if (this.#dead) return;
      this.#dead = true;
      this.#stopTimer();
      const details = this.#stderr.trim();
      const message = `a speech decoder ended: ${this.#reason ?? how}${details === '' ? '' : `: ${details}`}`;
      const error = new EngineError('pocketsphinx', this.#cannotLoad ? 'unavailable' : 'crashed', message);
      ready.reject(error);
      gone.resolve();
      const listener = this.#listener;
      this.#listener = undefined;
      listener?.died(error);
    };
    this.#child.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    this.#child.on('error', (error) => {
      // A failed send is reported here as well, and the exit that caused it follows.
      if (this.#child.pid === undefined) ended(error.message);
    });
    this.#timer = clock.after(START_LIMIT_MS, () => this.#giveUp(`not ready after ${START_LIMIT_MS / 1000} s`));
  }

  get dead(): boolean {
    return this.#dead;
  }

  get pid(): number | undefined {
    return this.#child.pid;
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
    this.#stopTimer();
    this.#child.kill('SIGKILL');
  }

  #send(message: ToProcess): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #receive(message: FromProcess): void {
    if (message.kind === 'failed') {
      this.#cannotLoad = true;
      this.#reason = message.message;
    }
    if (!('utterance' in message) || message.utterance !== this.#utterance || !this.#listener) return;
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
    this.#timer = this.#clock.after(ANSWER_LIMIT_MS, () => this.#giveUp(`no answer for ${ANSWER_LIMIT_MS / 1000} s`));
  }

  #stopTimer(): void {
    this.#unanswered = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #giveUp(reason: string): void {
    this.#reason = reason;
    this.kill();
  }
}

function environment({ libraryPath }: Installation): NodeJS.ProcessEnv {
  if (libraryPath.length === 0) return process.env;
  const inherited = process.env['LD_LIBRARY_PATH'];
  return { ...process.env, LD_LIBRARY_PATH: [...libraryPath, ...(inherited ? [inherited] : [])].join(':') };
}
