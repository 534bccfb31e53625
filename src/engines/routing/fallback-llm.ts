// Several language models as one: they are asked one after the other, and the first that begins to answer is the answer. Another is asked only before
// anything was handed out. The last of them is not cut off, and is asked once more when it failed at something that may be over in a moment. With hedging
// the next is asked as well while one is silent, never more than two at a time, and the one that is slower is called off.
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { type Attempt, type AttemptOutcome, EngineError, type Llm, type LlmOptions, type LlmPart } from '../engine.ts';
import type { ModelHealth } from './health.ts';
import { never, nextMove } from './next-move.ts';

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
  /** How long a model may take to its first part before the next is asked as well; without it, nobody is. `LlmOptions.hedgeMs` comes before it. */
  readonly hedgeMs?: number | undefined;
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

/** One that is at work: it has been asked, and not been left. */
interface Asked {
  readonly model: Named;
  readonly atMs: number;
  /** It was asked while another one was silent. */
  readonly hedged: boolean;
  readonly own: AbortController;
  readonly parts: AsyncIterator<LlmPart>;
  /** Never rejects. */
  readonly opened: Promise<Opened>;
}

/** How an answer began. `fault`: an error of ours. */
type Opened =
  | { readonly kind: 'begun'; readonly by: Asked; readonly first: LlmPart }
  | { readonly kind: 'failed'; readonly by: Asked; readonly failure: EngineError }
  | { readonly kind: 'fault'; readonly error: unknown };

/**
 * Asks them by `nextMove`, in their order, those that rest last. Rejects with the EngineError of the last that failed, or of one that had begun to answer.
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
  const { clock, log, health, onAttempt, onSecondTry } = options;
  // A hedge of 0 is none.
  const patience = { ttftMs: options.ttftMs ?? never, hedgeMs: (wish.hedgeMs ?? options.hedgeMs) || never };
  const startedAtMs = clock.now();
  const named = candidates.map((candidate): Named => {
    const model = candidate.model ?? wish.model;
    return { ...candidate, model, id: `${candidate.provider}/${model}` };
  });
  const waiting = health.inOrder(named);
  const atWork: Asked[] = [];
  let isLastTry = false;

  const tellOf = ({ model, hedged }: Asked, ms: number, outcome: AttemptOutcome) => {
    const attempt: Attempt = { model: model.id, ms, ...(hedged ? { hedged } : {}), ...outcome };
    onAttempt?.(attempt, model.llm.info.id);
    tell(attempt);
  };
  const sayNext = ({ model }: Asked, reason: string) => {
    if (atWork.length === 0 && waiting[0]) log.info({ model: model.id, reason, next: waiting[0].id }, 'the next language model is asked');
  };
  const dismiss = (each: Asked) => {
    atWork.splice(atWork.indexOf(each), 1);
    each.own.abort();
    each.parts.return?.().catch(() => {});
  };
  const ask = (model: Named) => {
    const [silent] = atWork;
    if (silent) log.info({ model: silent.model.id, next: model.id }, 'a second language model is asked as well');
    atWork.push(putTo(model, prompt, wish, clock.now(), silent !== undefined));
  };
  const leave = async (late: Asked) => {
    const ms = clock.now() - late.atMs;
    late.own.abort();
    await Promise.race([late.opened, sleep(clock, unwindMs, signal)]);
    health.late(late.model.id, ms);
    tellOf(late, ms, { outcome: 'failed', reason: 'ttft_timeout' });
    dismiss(late);
    sayNext(late, 'ttft_timeout');
  };
  const win = (winner: Asked) => {
    const ms = clock.now() - winner.atMs;
    for (const other of atWork.filter((each) => each !== winner)) {
      const otherMs = clock.now() - other.atMs;
      // Of one that had less time nothing is known.
      if (otherMs > ms) health.late(other.model.id, otherMs);
      tellOf(other, otherMs, { outcome: 'outpaced' });
      dismiss(other);
    }
    health.answered(winner.model.id, ms);
    tellOf(winner, ms, { outcome: 'answered' });
  };
  /** @throws the failure, when nobody is left to be asked. */
  const drop = async (failed: Asked, failure: EngineError) => {
    health.failed(failed.model.id, failure);
    tellOf(failed, clock.now() - failed.atMs, { outcome: 'failed', reason: failure.reason });
    dismiss(failed);
    sayNext(failed, failure.reason);
    if (atWork.length + waiting.length > 0) return;
    const waitMs = isLastTry ? undefined : waitBeforeSecondTry(failure, clock.now() - startedAtMs);
    if (waitMs === undefined) throw failure;
    const { engine, reason } = failure;
    log.info({ engine, model: failed.model.id, reason, waitMs }, 'the language model is asked once more');
    onSecondTry?.(failure);
    isLastTry = true;
    waiting.push(failed.model);
    await sleep(clock, waitMs, signal);
  };

  const stop = () => {
    for (const { own } of atWork) own.abort(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted) {
      const times = atWork.map(({ atMs }) => atMs);
      const move = nextMove(times, waiting.length, clock.now(), patience);
      if (move.kind === 'ask') ask(waiting.shift() as Named);
      else if (move.kind === 'leave') await leave(atWork[0] as Asked);
      else {
        const opened = await firstOf(atWork, move.untilMs - clock.now(), clock, signal);
        if (opened?.kind === 'fault') throw opened.error;
        if (!opened || signal.aborted) continue;
        if (opened.kind === 'failed') await drop(opened.by, opened.failure);
        else {
          win(opened.by);
          return yield* answerOf(opened, clock, health, signal);
        }
      }
    }
    for (const each of atWork) tellOf(each, clock.now() - each.atMs, { outcome: 'aborted' });
  } finally {
    signal.removeEventListener('abort', stop);
    // Also reached when the reader leaves early: nobody works for nobody.
    for (const each of [...atWork]) dismiss(each);
  }
}

/** Asks a model, which is at work from now on. */
function putTo(model: Named, prompt: Prompt, wish: LlmOptions, atMs: number, hedged: boolean): Asked {
  const { llm } = model;
  const own = new AbortController();
  const parts = llm.respond(prompt, { ...wish, model: model.model }, own.signal)[Symbol.asyncIterator]();
  const opened = parts.next().then(
    (first): Opened => {
      if (!first.done) return { kind: 'begun', by, first: first.value };
      const { id, name } = llm.info;
      return { kind: 'failed', by, failure: new EngineError(id, 'broken', `${name} ended without an answer`, { retryable: true }) };
    },
    (error: unknown): Opened => (error instanceof EngineError ? { kind: 'failed', by, failure: error } : { kind: 'fault', error }),
  );
  const by: Asked = { model, atMs, hedged, own, parts, opened };
  return by;
}

/** The first that begins or fails; undefined when it took longer, or when nobody wants to know any more. */
async function firstOf(atWork: readonly Asked[], waitMs: number, clock: Clock, signal: AbortSignal): Promise<Opened | undefined> {
  const none = Promise.withResolvers<undefined>();
  const end = () => none.resolve(undefined);
  signal.addEventListener('abort', end, { once: true });
  const timer = waitMs === never ? undefined : clock.after(waitMs, end);
  try {
    return await Promise.race([...atWork.map(({ opened }) => opened), none.promise]);
  } finally {
    timer?.cancel();
    signal.removeEventListener('abort', end);
  }
}

/** The answer of one that has begun. @throws what failed in the middle of it. */
async function* answerOf(
  { by, first }: Extract<Opened, { kind: 'begun' }>,
  clock: Clock,
  health: ModelHealth,
  signal: AbortSignal,
): AsyncGenerator<LlmPart> {
  const { id } = by.model;
  const firstAtMs = clock.now();
  let tokens = 0;
  try {
    for (let next: IteratorResult<LlmPart> = { value: first }; !next.done; next = await by.parts.next()) {
      if (signal.aborted) return;
      if (next.value.type === 'usage') tokens = next.value.usage.outputTokens;
      if (next.value.type === 'end') health.finished(id, tokens, clock.now() - firstAtMs);
      yield next.value;
    }
  } catch (error) {
    if (error instanceof EngineError) {
      if (signal.aborted) return;
      health.failed(id, error);
    }
    throw error;
  }
}

/** How long to wait before the same model is asked once more; undefined when it is not to be. */
function waitBeforeSecondTry(failure: EngineError, triedMs: number): number | undefined {
  if (!failure.retryable || triedMs > mostTriedMs) return undefined;
  const waitMs = failure.retryAfterMs ?? usualWaitMs;
  return waitMs <= mostWaitMs ? waitMs : undefined;
}
