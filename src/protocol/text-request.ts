// What a model is asked by those who have no session, apart from the API by which they ask (chat-request.ts, response-request.ts), and what both APIs read alike:
// what Inworld adds for its router (https://docs.inworld.ai/router), in `extra_body` or beside the other fields, where OpenAI's SDKs put it.
import { z } from 'zod';
import type { OnBehalf, Prompt, PromptPart, PromptTool, PromptToolChoice, PromptTurn, Sampling } from './prompt.ts';

export const text = z.string().max(1_000_000);
export const name = z.string().max(512);
/** An address, or the image itself in base64. */
export const imageUrl = z.string().max(20_000_000);

/** A function as both APIs describe it. */
export const functionFields = {
  name: z.string().min(1).max(128),
  description: text.nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
};

/** For whom it is asked, as the conditions and the templates of routers see it. */
export const behalfFields = {
  prompt_variables: z.record(z.string(), text).nullish(),
  metadata: z.record(z.string(), z.union([z.string().max(16_384), z.number(), z.boolean()])).nullish(),
};

const inworldFields = {
  models: z.array(name).max(16).nullish(),
  sort: z.unknown().optional(),
  ignore: z.unknown().optional(),
  fallback: z.record(z.string(), z.unknown()).nullish(),
  ...behalfFields,
};
const inworld = z.object(inworldFields);

/** The form of an answer. */
export const answerFormat = z.object({ type: z.literal('text', 'models are asked for text; a schema cannot be demanded here.') });

/** Fields of both APIs. */
export const textRequestFields = {
  model: name.default(''),
  stream: z.boolean().nullish(),
  user: name.nullish(),
  prompt_cache_key: name.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  ...inworldFields,
  extra_body: inworld.nullish(),
};

/** What is asked, apart from the wire. */
export interface TextRequest {
  /** Empty: whoever answers those who name none. */
  readonly model: string;
  readonly prompt: Prompt;
  readonly options: {
    readonly temperature?: number;
    readonly maxOutputTokens?: number;
    readonly parallelToolCalls?: boolean;
    readonly reasoningEffort?: string;
    readonly sampling: Sampling;
    readonly behalf: OnBehalf;
    readonly conversation?: string;
  };
  /** How models are to be chosen for this request alone; undefined: `model` says who answers. */
  readonly routing: Readonly<Record<string, unknown>> | undefined;
  /** The field that brought the conversation, by which it is named where something in it cannot be used. */
  readonly conversationField: 'messages' | 'input';
}

interface RoutedBody extends z.infer<typeof inworld> {
  readonly user?: string | null | undefined;
  readonly extra_body?: z.infer<typeof inworld> | null | undefined;
}

/** How models are to be chosen, and on whose behalf. What stands in `extra_body` comes first. */
export function routingOf(body: RoutedBody): { routing: TextRequest['routing']; behalf: OnBehalf } {
  const {
    metadata,
    prompt_variables: promptVariables,
    ...chosen
  } = { ...present(inworldOf(body)), ...present(inworldOf(body.extra_body ?? {})) };
  return {
    routing: Object.keys(chosen).length === 0 ? undefined : chosen,
    behalf: present({ user: body.user, metadata, promptVariables }),
  };
}

function inworldOf({ models, sort, ignore, fallback, prompt_variables, metadata }: z.infer<typeof inworld>) {
  return { models, sort, ignore, fallback, prompt_variables, metadata };
}

/** What the system says before anybody else are instructions, too: they come after those that are given as such. */
export function promptOf(
  instructions: readonly string[],
  turns: readonly PromptTurn[],
  tools: PromptTool[],
  toolChoice: PromptToolChoice,
): Prompt {
  const first = turns.findIndex(({ role }) => role !== 'system');
  const leading = first === -1 ? turns : turns.slice(0, first);
  const said = [...instructions, ...leading.map((turn) => ('parts' in turn ? wordsOf(turn.parts) : ''))].filter((each) => each !== '');
  return { instructions: said.join('\n\n'), turns: turns.slice(leading.length), tools, toolChoice };
}

export function toolOf({ name: called, description, parameters }: z.infer<z.ZodObject<typeof functionFields>>): PromptTool {
  return { name: called, description: description ?? '', parameters: parameters ?? { type: 'object', properties: {} } };
}

/** Without the images. */
export function wordsOf(parts: readonly PromptPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

export type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Without what is null or not there. */
export function present<T extends object>(given: T): Present<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined)) as Present<T>;
}
