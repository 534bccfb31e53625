// Language models that do what a test says, on a clock that it moves, and the parts of a server that choose among them.
import { type Attempt, EngineError, type EngineFailure, type Llm, type LlmOptions, type LlmPart } from '../../../src/engines/engine.ts';
import type { Candidate, FallbackOptions } from '../../../src/engines/routing/fallback-llm.ts';
import { ModelHealth } from '../../../src/engines/routing/health.ts';
import type { ModelDirectory } from '../../../src/engines/routing/smart/model-order.ts';
import { SmartRoutes } from '../../../src/engines/routing/smart/smart-routes.ts';
import { ManualClock, sleep } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Prompt } from '../../../src/protocol/prompt.ts';
import { settled } from '../../rig.ts';

/** What a model does when it is asked: waits, then fails or says so many words, then fails or ends. */
export interface Doing {
  readonly afterMs?: number;
  readonly fails?: EngineFailure;
  readonly retryAfterMs?: number;
  readonly words?: number;
  /** Between two words. */
  readonly everyMs?: number;
  readonly thenFails?: EngineFailure;
  /** It goes on for so long after its signal has fired. */
  readonly deafMs?: number;
}

export const hangs: Doing = { afterMs: Number.MAX_SAFE_INTEGER };

export interface Asked {
  readonly model: string;
  readonly atMs: number;
  readonly prompt: Prompt;
  readonly options: LlmOptions;
  readonly signal: AbortSignal;
}

export const retryables: ReadonlySet<EngineFailure> = new Set(['timeout', 'crashed', 'rate_limited', 'broken']);

/** All models of a test, by provider; what each does is said by `provider/model`, one for each time that it is asked, the last again and again. */
export class Models {
  readonly clock = new ManualClock();
  readonly asked: Asked[] = [];
  readonly doing = new Map<string, Doing[]>();
  /** How many were at work at a time, at most. */
  mostAtWork = 0;
  #atWork = 0;
  readonly #llms = new Map<string, Llm>();

  does(model: string, ...doing: Doing[]): void {
    this.doing.set(model, doing);
  }

  candidate(id: string): Candidate {
    const slash = id.indexOf('/');
    const provider = id.slice(0, slash);
    return { provider, llm: this.llm(provider), model: id.slice(slash + 1) };
  }

  llm(provider: string): Llm {
    const known = this.#llms.get(provider);
    if (known) return known;
    const info = { id: provider, kind: 'llm', name: provider, licence: 'Apache-2.0', languages: ['*'] } as const;
    const llm: Llm = {
      info,
      warmUp: () => Promise.resolve(),
      close: () => Promise.resolve(),
      respond: (prompt, options, signal) => this.#respond(provider, prompt, options, signal),
    };
    this.#llms.set(provider, llm);
    return llm;
  }

  /** Lets time go by, in steps of a millisecond unless told otherwise, with all that follows from each. */
  async pass(ms: number, stepMs = 1): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await settled();
      this.clock.advance(Math.min(stepMs, left));
    }
    await settled();
  }

  async *#respond(provider: string, prompt: Prompt, options: LlmOptions, signal: AbortSignal): AsyncGenerator<LlmPart> {
    const model = `${provider}/${options.model}`;
    this.asked.push({ model, atMs: this.clock.now(), prompt, options, signal });
    const plan = this.doing.get(model) ?? [{}];
    const {
      afterMs = 10,
      fails,
      retryAfterMs,
      words = 3,
      everyMs = 5,
      thenFails,
      deafMs = 0,
    } = (plan.length > 1 ? plan.shift() : plan[0]) as Doing;
    this.#atWork += 1;
    this.mostAtWork = Math.max(this.mostAtWork, this.#atWork);
    const failure = (reason: EngineFailure) =>
      new EngineError(provider, reason, `${model}: ${reason}`, { retryable: retryables.has(reason), retryAfterMs });
    try {
      await sleep(this.clock, afterMs, signal);
      if (signal.aborted && deafMs > 0) await sleep(this.clock, deafMs);
      if (signal.aborted) return;
      if (fails) throw failure(fails);
      for (let word = 1; word <= words; word++) {
        yield { type: 'text', text: `${options.model}${word} ` };
        await sleep(this.clock, everyMs, signal);
        if (signal.aborted) return;
      }
      if (thenFails) throw failure(thenFails);
      yield { type: 'usage', usage: { inputTokens: 10, outputTokens: words, cachedTokens: 0 } };
      yield { type: 'end', reason: 'stop' };
    } finally {
      this.#atWork -= 1;
    }
  }
}

export function askingOf(models: Models, more: Partial<FallbackOptions> = {}): FallbackOptions & { attempts: Attempt[] } {
  const attempts: Attempt[] = [];
  const { clock } = models;
  return { clock, log: silentLog, health: new ModelHealth(clock), onAttempt: (attempt) => attempts.push(attempt), attempts, ...more };
}

/** `openai/gpt-5 answered 10`, `xai/grok-4 rate_limited 5` */
export function told(attempts: readonly Attempt[]): string[] {
  return attempts.map((attempt) => `${attempt.model} ${attempt.outcome === 'failed' ? attempt.reason : attempt.outcome} ${attempt.ms}`);
}

/** What came of an answer so far, and what it failed at. */
export interface Heard {
  readonly parts: LlmPart[];
  readonly firstAtMs: number | undefined;
  readonly over: boolean;
  readonly error: unknown;
}

export function hear(answer: AsyncIterable<LlmPart>, clock: ManualClock): Heard {
  const heard = { parts: [] as LlmPart[], firstAtMs: undefined as number | undefined, over: false, error: undefined as unknown };
  void (async () => {
    try {
      for await (const part of answer) {
        heard.firstAtMs ??= clock.now();
        heard.parts.push(part);
      }
    } catch (error) {
      heard.error = error;
    }
    heard.over = true;
  })();
  return heard;
}

export function prompt(text = 'hello', more: Partial<Prompt> = {}): Prompt {
  return {
    instructions: 'You are Ada.',
    turns: [{ role: 'user', parts: [{ type: 'text', text }] }],
    tools: [],
    toolChoice: 'auto',
    ...more,
  };
}

/** The providers of the pages' examples, and what each is known to have. */
const providers: Readonly<Record<string, readonly string[]>> = {
  openai: ['gpt-5', 'gpt-5.2', 'gpt-4o', 'gpt-4o-mini'],
  anthropic: ['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-haiku-4-5'],
  'google-ai-studio': ['gemini-2.5-flash', 'gemini-2.5-pro', 'gemini-3.1-pro'],
  groq: ['gpt-oss-120b', 'llama-3.3-70b-versatile'],
  cerebras: ['gpt-oss-120b'],
  deepinfra: ['gpt-oss-120b'],
};

export function directoryOf(models: Models): ModelDirectory {
  const aliases: Readonly<Record<string, string>> = { google: 'google-ai-studio' };
  return {
    candidate(id) {
      const [prefix = '', ...rest] = id.split('/');
      const provider = aliases[prefix] ?? prefix;
      return Object.hasOwn(providers, provider) && rest.length > 0 ? models.candidate(`${provider}/${rest.join('/')}`) : undefined;
    },
    known: () => Object.entries(providers).flatMap(([provider, names]) => names.map((name) => `${provider}/${name}`)),
    providers: () =>
      Object.keys(providers).map((prefix) => ({ prefix, alsoKnownAs: Object.keys(aliases).filter((alias) => aliases[alias] === prefix) })),
    ownerOf: (model) => (model.startsWith('gpt-') && !model.startsWith('gpt-oss') ? 'openai' : undefined),
  };
}

/** Routers over these models; `chance` is always the same unless a test says otherwise. */
export function routesOf(models: Models, chance: () => number = () => 0.5) {
  const asking = askingOf(models);
  const routes = new SmartRoutes({ directory: directoryOf(models), asking, chance });
  const put = (json: Readonly<Record<string, unknown>>) => {
    const { name } = json as { name?: string };
    const read = routes.read(json, (name ?? 'unnamed').replace('routers/', ''));
    routes.put(read);
    return read;
  };
  return { routes, asking, put };
}
