// Several language models as one: they are asked one after the other, and the first that begins to answer is the answer. Another is asked only before
// anything was handed out. The last of them is not cut off, and is asked once more when it failed at something that may be over in a moment.
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { type Attempt, EngineError, type Llm, type LlmOptions, type LlmPart } from '../engine.ts';
import type { ModelHealth } from './health.ts';

/** How long a service is left alone that does not say for how long. */
const usualWaitMs = 250;
/** Nobody is silent for longer: a service that wants more is not asked again. */
const mostWaitMs = 3000;
/** Tries that took so long have used up the patience of whoever listens. */
const mostTriedMs = 5000;
/** An engine ends that soon once its signal fires (`Llm.respond`); one that does not is not waited for. */
const unwindMs = 5;

export interface Candidate {
  /** What stands before the first slash of the model's name: `groq`. */
  readonly provider: string;
  readonly llm: Llm;
  /** The provider's own name for it; without one the model that is asked for. */
  readonly model?: string;
}

export interface FallbackOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly health: ModelHealth;
  /** How long a model may take to its first part before the next is asked; without it, as long as its engine waits. */
  readonly ttftMs?: number | undefined;
  /** Told of each model that is asked, and of its engine's id: for metrics. */
  readonly onAttempt?: (attempt: Attempt, engine: string) => void;
  /** Told when a model is asked once more, with what it failed at. */
  readonly onSecondTry?: (failure: EngineError) => void;
}

/** The candidates, of which there must be one at least, as one language model. Closing it closes them. */
export function fallbackLlm(candidates: readonly Candidate[], options: FallbackOptions): Llm {
  const llms = candidates.map(({ llm }) => llm);
  const [first] = llms;
  if (!first) throw new Error('A fallback chain needs a model.');
  return {
    info: first.info,
    ...sharedTraits(llms),
    async warmUp(signal) {
      const outcomes = await Promise.allSettled(llms.map((llm) => llm.warmUp(signal)));
      const [worst] = outcomes;
      if (worst?.status === 'rejected' && outcomes.every(({ status }) => status === 'rejected')) throw worst.reason;
    },
    ...(first.health === undefined ? {} : { health: () => first.health?.() ?? { state: 'ready' } }),
    async close() {
      await Promise.all(llms.map((llm) => llm.close()));
    },
    respond(prompt, wish, signal) {
      return askInTurn(candidates, prompt, wish, options, tellWhenSeveral(candidates, wish), signal);
    },
  };
}

/** Of one model that was asked once there is nothing to tell. */
function tellWhenSeveral({ length }: readonly Candidate[], { onAttempt }: LlmOptions): (attempt: Attempt) => void {
  let only: Attempt | undefined;
  let isFirst = length === 1;
  return (attempt) => {
    if (isFirst) only = attempt;
    else {
      if (only) onAttempt?.(only);
      only = undefined;
      onAttempt?.(attempt);
    }
    isFirst = false;
  };
}

/** What is true of all of them is true of them as one. */
export function sharedTraits(llms: readonly Llm[]): Pick<Llm, 'followsInstructions' | 'sees'> {
  const none = (trait: 'followsInstructions' | 'sees') => llms.length > 0 && llms.every((llm) => llm[trait] === false);
  return { ...(none('followsInstructions') ? { followsInstructions: false } : {}), ...(none('sees') ? { sees: false } : {}) };
}

/** A candidate by the name that health and attempts know it by. */
interface Named extends Candidate {
  readonly id: string;
  readonly model: string;
}

/**
 * Asks them in their order, those that rest last. Rejects with the EngineError of the last of them, or of one that had begun to answer.
 * @param tell is told of each attempt, beside `options.onAttempt`.
 */
export async function* askInTurn(
  candidates: readonly Candidate[],
  prompt: Prompt,
  wish: LlmOptions,
  options: FallbackOptions,
  tell: (attempt: Attempt) => void,
  signal: AbortSignal,
): AsyncGenerator<LlmPart> {
  const { clock, log, health, ttftMs, onAttempt, onSecondTry } = options;
  const startedAtMs = clock.now();
  const named = candidates.map((candidate): Named => {
    const model = candidate.model ?? wish.model;
    return { ...candidate, model, id: `${candidate.provider}/${model}` };
  });
  const inOrder = health.inOrder(named);
  const asking = { clock, health, prompt, wish, signal };
  for (const [index, model] of inOrder.entries()) {
    const next = inOrder[index + 1];
    const tellOf = (attempt: Attempt) => {
      onAttempt?.(attempt, model.llm.info.id);
      tell(attempt);
    };
    const failure = yield* ask(model, asking, next && ttftMs, tellOf);
    if (failure === undefined || signal.aborted) return;
    if (next) {
      log.info({ model: model.id, reason: reasonOf(failure), next: next.id }, 'the next language model is asked');
      continue;
    }
    if (failure === 'late') throw new Error('The last model was cut off.');
    const waitMs = waitBeforeSecondTry(failure, clock.now() - startedAtMs);
    if (waitMs === undefined) throw failure;
    log.info({ engine: failure.engine, model: model.id, reason: failure.reason, waitMs }, 'the language model is asked once more');
    onSecondTry?.(failure);
    await sleep(clock, waitMs, signal);
    if (signal.aborted) return;
    const again = yield* ask(model, asking, undefined, tellOf);
    if (again !== undefined) throw again;
  }
}

interface Asking {
  readonly clock: Clock;
  readonly health: ModelHealth;
  readonly prompt: Prompt;
  readonly wish: LlmOptions;
  readonly signal: AbortSignal;
}

type Failure = EngineError | 'late';

/** Asks one model. Returns why it did not even begin, or undefined when it answered to its end or was aborted. @throws what failed once it had begun. */
async function* ask(
  { id, llm, model }: Named,
  { clock, health, prompt, wish, signal }: Asking,
  limitMs: number | undefined,
  tell: (attempt: Attempt) => void,
): AsyncGenerator<LlmPart, Failure | undefined> {
  if (signal.aborted) return undefined;
  const beganAtMs = clock.now();
  const own = new AbortController();
  const cut = Promise.withResolvers<'aborted' | 'late'>();
  const onAbort = () => {
    own.abort(signal.reason);
    cut.resolve('aborted');
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = limitMs === undefined ? undefined : clock.after(limitMs, () => cut.resolve('late'));
  const parts = llm.respond(prompt, { ...wish, model }, own.signal)[Symbol.asyncIterator]();
  let begun = false;
  try {
    const opening = parts.next();
    // Of one that is not waited for nobody will hear how it ended.
    opening.catch(() => {});
    const first = await Promise.race([opening, cut.promise]);
    timer?.cancel();
    const ms = clock.now() - beganAtMs;
    if (first === 'aborted' || (typeof first === 'object' && first.done && signal.aborted)) {
      tell({ model: id, ms, outcome: 'aborted' });
      return undefined;
    }
    if (first === 'late') {
      own.abort();
      await Promise.race([opening.catch(() => {}), sleep(clock, unwindMs, signal)]);
      health.late(id, ms);
      tell({ model: id, ms, outcome: 'failed', reason: 'ttft_timeout' });
      return 'late';
    }
    if (first.done) throw new EngineError(llm.info.id, 'broken', `${llm.info.name} ended without an answer`, { retryable: true });
    begun = true;
    health.answered(id, ms);
    tell({ model: id, ms, outcome: 'answered' });
    const firstAtMs = clock.now();
    let tokens = 0;
    for (let next: IteratorResult<LlmPart> = first; !next.done; next = await parts.next()) {
      if (signal.aborted) return undefined;
      if (next.value.type === 'usage') tokens = next.value.usage.outputTokens;
      if (next.value.type === 'end') health.finished(id, tokens, clock.now() - firstAtMs);
      yield next.value;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const ms = clock.now() - beganAtMs;
    if (signal.aborted) {
      if (!begun) tell({ model: id, ms, outcome: 'aborted' });
      return undefined;
    }
    health.failed(id, error);
    if (begun) throw error;
    tell({ model: id, ms, outcome: 'failed', reason: error.reason });
    return error;
  } finally {
    timer?.cancel();
    signal.removeEventListener('abort', onAbort);
    // Also reached when the reader leaves early: nobody works for nobody.
    own.abort();
    parts.return?.().catch(() => {});
  }
}

function reasonOf(failure: Failure): string {
  return failure === 'late' ? 'ttft_timeout' : failure.reason;
}

/** How long to wait before the same model is asked once more; undefined when it is not to be. */
function waitBeforeSecondTry(failure: EngineError, triedMs: number): number | undefined {
  if (!failure.retryable || triedMs > mostTriedMs) return undefined;
  const waitMs = failure.retryAfterMs ?? usualWaitMs;
  return waitMs <= mostWaitMs ? waitMs : undefined;
}
