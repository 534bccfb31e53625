// A language model that is asked a second time when the first try came to nothing in a moment. Whoever adds other engines to fall back on adds
// them here, as what is asked next; the rule of when it may be asked at all stays the same: before anything was handed out.
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { EngineError, type Llm, type LlmOptions, type LlmPart } from '../engine.ts';

/** How long a service is left alone that does not say for how long. */
const usualMs = 250;
/** Nobody is silent for longer: a service that wants more is not asked again. */
const mostWaitMs = 3000;
/** A try that took so long has used up the patience of whoever listens. */
const mostTriedMs = 5000;

export interface SecondTryOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Told of each second try, with what the first failed at. */
  readonly onSecond?: (failure: EngineError) => void;
}

/** The same model; a failure that may be over in a moment (429, 5xx, a connection that broke) is met by one more try. */
export function withSecondTry(llm: Llm, options: SecondTryOptions): Llm {
  return {
    info: llm.info,
    ...(llm.followsInstructions === undefined ? {} : { followsInstructions: llm.followsInstructions }),
    ...(llm.sees === undefined ? {} : { sees: llm.sees }),
    warmUp: (signal) => llm.warmUp(signal),
    ...(llm.health === undefined ? {} : { health: () => llm.health?.() ?? { state: 'ready' } }),
    close: () => llm.close(),
    respond: (prompt, wish, signal) => respond(llm, options, prompt, wish, signal),
  };
}

async function* respond(
  llm: Llm,
  { clock, log, onSecond }: SecondTryOptions,
  prompt: Prompt,
  wish: LlmOptions,
  signal: AbortSignal,
): AsyncGenerator<LlmPart> {
  const startedAtMs = clock.now();
  let handedOut = false;
  try {
    for await (const part of llm.respond(prompt, wish, signal)) {
      handedOut = true;
      yield part;
    }
    return;
  } catch (error) {
    const waitMs = handedOut ? undefined : waitBeforeNext(error, clock.now() - startedAtMs);
    if (waitMs === undefined || signal.aborted) throw error;
    const { engine, reason } = error as EngineError;
    log.info({ engine, reason, waitMs }, 'the language model is asked once more');
    onSecond?.(error as EngineError);
    await sleep(clock, waitMs, signal);
  }
  if (!signal.aborted) yield* llm.respond(prompt, wish, signal);
}

/** How long to wait before whoever is next is asked; undefined when nobody is to be. */
function waitBeforeNext(error: unknown, triedMs: number): number | undefined {
  if (!(error instanceof EngineError) || !error.retryable || triedMs > mostTriedMs) return undefined;
  const waitMs = error.retryAfterMs ?? usualMs;
  return waitMs <= mostWaitMs ? waitMs : undefined;
}
