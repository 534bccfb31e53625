// The language models of this server for requests that have no session: who answers, and what is told of it.
import { type Attempt, type Llm, type LlmPart, type LlmUsage } from './engines/engine.ts';
import type { Router } from './engines/routing/router.ts';
import { RouterError } from './engines/routing/smart/read-json.ts';
import type { SmartRoutes } from './engines/routing/smart/smart-routes.ts';
import { refused } from './engine-refusal.ts';
import type { ChatDesk, ChatPart } from './http/routes/deps.ts';
import type { GuardedFetch } from './lib/guarded-fetch.ts';
import { imageAt } from './lib/guarded-image.ts';
import { randomIds } from './lib/ids.ts';
import { errors } from './protocol/errors.ts';
import type { Prompt, PromptPart } from './protocol/prompt.ts';
import type { TextRequest } from './protocol/text-request.ts';

interface ChatDeskParts {
  readonly router: Router;
  readonly routes: SmartRoutes;
  readonly outgoing: GuardedFetch;
  /** The model of those who name none. */
  readonly defaultModel: string;
}

export function openChatDesk(parts: ChatDeskParts): ChatDesk {
  return {
    async answer(request, { keyId }, signal) {
      const { engine, model } = engineOf(request, parts);
      const prompt = engine.sees === false ? request.prompt : await withImages(request, parts.outgoing, signal);
      const attempts: Attempt[] = [];
      const onAttempt = (attempt: Attempt) => void attempts.push(attempt);
      const options = { ...request.options, model, origin: { key: keyId, session: randomIds('chat') }, onAttempt };
      const answer = spoken(engine.respond(prompt, options, signal));
      const first = await answer.next();
      return { parts: joined(first, answer), metadata: () => metadataOf(attempts) };
    },
  };
}

/** @throws RealtimeError naming the field that nobody serves. */
function engineOf({ model, routing }: TextRequest, { router, routes, defaultModel }: ChatDeskParts): { engine: Llm; model: string } {
  const named = model === '' ? defaultModel : model;
  if (routing) {
    try {
      return { engine: routes.once(named, routing), model: named };
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      throw errors.invalid(error.faults[0]?.field || 'model', error.message);
    }
  }
  if (!router.hasLlm(named)) throw errors.modelNotFound('model', named, router.nearest('llm', named));
  return router.llm(named);
}

/** The parts that a client sees, and one `end`. */
async function* spoken(parts: AsyncIterable<LlmPart>): AsyncGenerator<ChatPart> {
  let usage: LlmUsage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0 };
  let reason: Extract<ChatPart, { type: 'end' }>['reason'] = 'stop';
  try {
    for await (const part of parts) {
      if (part.type === 'usage') usage = part.usage;
      else if (part.type === 'end') reason = part.reason;
      else if (part.type !== 'reasoning') yield part;
    }
  } catch (error) {
    throw refused(error, 'The language model');
  }
  yield { type: 'end', reason, usage };
}

async function* joined(first: IteratorResult<ChatPart>, rest: AsyncGenerator<ChatPart>): AsyncGenerator<ChatPart> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** Inworld's `metadata.attempts`, where somebody was chosen among several. */
function metadataOf(attempts: readonly Attempt[]): object | undefined {
  const last = attempts.at(-1);
  if (!last) return undefined;
  const { route, variant } = last;
  return {
    attempts: attempts.map((attempt) => ({
      model: attempt.model,
      success: attempt.outcome === 'answered',
      time_to_first_token_ms: Math.round(attempt.ms),
      ...(attempt.outcome === 'failed' ? { error: attempt.reason } : {}),
      ...(attempt.outcome === 'outpaced' ? { error: attempt.outcome } : {}),
      ...(attempt.hedged ? { hedged: true } : {}),
    })),
    ...(route === undefined ? {} : { route }),
    ...(variant === undefined ? {} : { variant }),
  };
}

/** Images that are named by an address are fetched here, by the rules for addresses. @throws RealtimeError where one cannot be had. */
async function withImages({ prompt, conversationField }: TextRequest, outgoing: GuardedFetch, signal: AbortSignal): Promise<Prompt> {
  const seen = async (part: PromptPart): Promise<PromptPart> => {
    if (part.type !== 'image' || part.url.startsWith('data:')) return part;
    try {
      return { ...part, url: await imageAt(outgoing, part.url, signal) };
    } catch (error) {
      throw errors.invalid(conversationField, `An image could not be loaded: ${error instanceof Error ? error.message : String(error)}.`);
    }
  };
  const turns = await Promise.all(
    prompt.turns.map(async (turn) => ('parts' in turn ? { ...turn, parts: await Promise.all(turn.parts.map(seen)) } : turn)),
  );
  return { ...prompt, turns };
}
