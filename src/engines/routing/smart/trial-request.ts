// A request for a dry run: the fields of `POST /v1/chat/completions` that routers look at, or a realtime session.
import { z } from 'zod';
import type { OnBehalf, Prompt, PromptTurn } from '../../../protocol/prompt.ts';
import { readJson } from './read-json.ts';

const text = z.string().max(1_000_000);
const name = z.string().max(512);
const behalf = {
  metadata: z.record(z.string(), z.union([z.string().max(16_384), z.number(), z.boolean()])).optional(),
  prompt_variables: z.record(z.string(), text).optional(),
};

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([text, z.array(z.looseObject({ type: z.string(), text: text.optional() })).max(1000)]).optional(),
  tool_calls: z
    .array(z.looseObject({ id: name, function: z.looseObject({ name, arguments: text }) }))
    .max(100)
    .default([]),
  tool_call_id: name.optional(),
});
type Message = z.infer<typeof message>;

const request = z.looseObject({
  model: name.optional(),
  messages: z.array(message).max(10_000).default([]),
  user: name.optional(),
  temperature: z.number().optional(),
  max_tokens: z.int().min(1).optional(),
  ...behalf,
  // The OpenAI SDKs put what stands in their `extra_body` beside the other fields; Inworld's pages keep it here.
  extra_body: z.looseObject(behalf).prefault({}),
  session: z
    .looseObject({
      model: name.optional(),
      instructions: text.default(''),
      providerData: z.looseObject({ user_id: name.optional(), ...behalf }).prefault({}),
    })
    .optional(),
});

export interface TrialRequest {
  /** As it names it: `inworld/<router>`. */
  readonly model: string | undefined;
  readonly prompt: Prompt;
  readonly behalf: OnBehalf;
  readonly temperature: number | undefined;
  readonly maxOutputTokens: number | undefined;
}

/** @throws RouterError */
export function readTrialRequest(json: unknown): TrialRequest {
  const { messages, session, extra_body: extra, ...read } = readJson(request, json, 'own').value;
  const data = session?.providerData ?? {};
  const user = read.user ?? data.user_id;
  const metadata = extra.metadata ?? read.metadata ?? data.metadata;
  const promptVariables = extra.prompt_variables ?? read.prompt_variables ?? data.prompt_variables;
  const first = messages.findIndex(({ role }) => !isInstruction(role));
  const leading = first === -1 ? messages : messages.slice(0, first);
  const instructions = [session?.instructions ?? '', ...leading.map(textOf)].filter((each) => each !== '').join('\n\n');
  return {
    model: read.model ?? session?.model,
    prompt: { instructions, turns: messages.slice(leading.length).flatMap(turnsOf), tools: [], toolChoice: 'auto' },
    behalf: {
      ...(user === undefined ? {} : { user }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(promptVariables === undefined ? {} : { promptVariables }),
    },
    temperature: read.temperature,
    maxOutputTokens: read.max_tokens,
  };
}

function isInstruction(role: Message['role']): boolean {
  return role === 'system' || role === 'developer';
}

function textOf({ content }: Message): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  return content.map((part) => part.text ?? '').join('');
}

function turnsOf(given: Message): PromptTurn[] {
  const said = textOf(given);
  switch (given.role) {
    case 'system':
    case 'developer':
      return [{ role: 'system', parts: [{ type: 'text', text: said }] }];
    case 'user':
      return [{ role: 'user', parts: [{ type: 'text', text: said }] }];
    case 'assistant':
      return [
        ...(said === '' ? [] : [{ role: 'assistant', text: said, interrupted: false } as const]),
        ...given.tool_calls.map(
          ({ id, function: called }) => ({ role: 'call', callId: id, name: called.name, arguments: called.arguments }) as const,
        ),
      ];
    case 'tool':
      return [{ role: 'result', callId: given.tool_call_id ?? '', output: said }];
  }
}
