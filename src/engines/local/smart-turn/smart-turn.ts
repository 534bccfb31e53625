// Smart Turn v3.2: hears by the melody whether a speaker has finished, and sees it by the words. For all sessions there is one thread; when
// it cannot answer in time, the words alone are judged.
import { join } from 'node:path';
import { type EngineEnvironment, EngineError, type EngineFactory, type EngineHealth, type EngineInfo } from '../../engine.ts';
import type { PausedTurn, TurnDetector, TurnJudgement } from '../../engine.ts';
import { judgeWords } from '../../turn/lexical.ts';
import { Crew } from '../crew.ts';
import { startCrew } from '../model-crew.ts';
import type { Heard, SmartTurnWorkerData } from './smart-turn-job.ts';

export const SMART_TURN_MODEL = 'smart-turn-v3.2';
const WEIGHTS = 'smart-turn-v3.2-cpu.onnx';

/** A turn that would wait longer for the ones before it is judged by its words. */
const MOST_QUEUED_MS = 150;
/** The pause is 200 ms old when it is asked about: by then the words alone would have ended a turn that could be over. */
const MOST_WAITED_MS = 350;
/** What a judgement takes on an ordinary machine, until it is known better. */
const USUAL_INFERENCE_MS = 80;
/** A judgement that takes this long never ends. */
const HANGING_MS = 10_000;
const MOST_WAITING = 64;
const OVERLOAD_LOG_MS = 60_000;

const info: EngineInfo = {
  id: 'smart-turn',
  kind: 'turn',
  name: 'Smart Turn 3.2 (embedded)',
  licence: 'BSD-2-Clause',
  languages: ['*'],
};

/** `smart-turn` of the catalogue. Without its weights, and until they are loaded, it judges like `lexical`. */
export const smartTurn: EngineFactory<TurnDetector> = {
  id: info.id,
  standIn: 'lexical',
  create: (environment) => new SmartTurn(environment),
};

export class SmartTurn implements TurnDetector {
  readonly info = info;
  readonly #environment: EngineEnvironment;
  readonly #script: URL;
  #crew: Crew<Int16Array, Heard> | undefined;
  #problem: string | undefined;
  /** Turns that have been handed to the crew and not been answered. */
  #underWay = 0;
  /** Of the last judgements, the recent ones weighing most. */
  #inferenceMs = USUAL_INFERENCE_MS;
  #unheard = 0;
  #unheardLoggedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** `script` is what the worker thread runs. */
  constructor(environment: EngineEnvironment, script = new URL('./smart-turn-worker.ts', import.meta.url)) {
    this.#environment = environment;
    this.#script = script;
  }

  /** May be called again after a failure: perhaps the weights are there by then. */
  async warmUp(signal: AbortSignal): Promise<void> {
    try {
      const { models } = this.#environment;
      const hire = (folder: string) => this.#hire(join(folder, WEIGHTS));
      const crew = this.#crew ?? (await startCrew({ model: SMART_TURN_MODEL, models, hire }, signal));
      this.#crew = crew;
      if (this.#closed) throw new EngineError(info.id, 'unavailable', 'Smart Turn is shut down');
      await crew.start(signal);
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      const crew = this.#crew;
      this.#crew = undefined;
      await crew?.close();
      throw error;
    }
  }

  health(): EngineHealth {
    if (this.#closed) return { state: 'closed' };
    if (this.#crew) return this.#crew.health;
    return this.#problem === undefined ? { state: 'starting' } : { state: 'failed', problem: this.#problem };
  }

  async score({ transcript, audio, language }: PausedTurn, signal: AbortSignal): Promise<TurnJudgement> {
    const [said, heard] = await Promise.all([transcript, this.#hear(audio, signal)]);
    const byWords = judgeWords(said, language);
    return heard ? { ...byWords, ...heard, basis: 'sound' } : byWords;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#crew?.close();
  }

  #hire(model: string): Crew<Int16Array, Heard> {
    const { clock, log, onWaited } = this.#environment;
    return new Crew({
      engine: info.id,
      script: this.#script,
      workerData: { model } satisfies SmartTurnWorkerData,
      size: 1,
      clock,
      log,
      onWaited,
      answerMs: HANGING_MS,
      mostWaiting: MOST_WAITING,
    });
  }

  /** Undefined when there is nobody to hear it, or not in time. */
  async #hear(audio: Int16Array, signal: AbortSignal): Promise<Heard | undefined> {
    const crew = this.#crew;
    if (!crew || this.#closed) return undefined;
    if (this.#underWay * this.#inferenceMs > MOST_QUEUED_MS) return this.#countUnheard();
    const late = new AbortController();
    const deadline = this.#environment.clock.after(MOST_WAITED_MS, () => late.abort());
    this.#underWay++;
    try {
      const heard = await crew.run(audio, { signal: AbortSignal.any([signal, late.signal]) });
      if (!heard) return late.signal.aborted ? this.#countUnheard() : undefined;
      this.#inferenceMs += (heard.inferenceMs - this.#inferenceMs) / 8;
      return { complete: heard.complete, inferenceMs: Math.round(heard.inferenceMs) };
    } catch (error) {
      // The crew has logged what became of its worker, and replaces it.
      if (error instanceof EngineError) return undefined;
      throw error;
    } finally {
      this.#underWay--;
      deadline.cancel();
    }
  }

  #countUnheard(): undefined {
    this.#unheard++;
    const nowMs = this.#environment.clock.now();
    if (nowMs - this.#unheardLoggedMs < OVERLOAD_LOG_MS) return;
    this.#environment.log.warn({ turns: this.#unheard }, 'the judge of turns is overloaded: turns judged by their words alone');
    this.#unheardLoggedMs = nowMs;
    this.#unheard = 0;
  }
}
