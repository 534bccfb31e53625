// A request for a dry run: the fields of `POST /v1/chat/completions` and `POST /v1/responses` that routers look at, or a realtime session.
import { z } from 'zod';
import { readJson } from './engines/routing/smart/read-json.ts';
import type { TrialRequest } from './engines/routing/smart/trial.ts';
import { chatMessages, chatTurns } from './protocol/chat-request.ts';
import { responseInput, responseTurns } from './protocol/response-request.ts';
import { behalfFields, name, present, promptOf, text } from './protocol/text-request.ts';

const request = z.looseObject({
  model: name.optional(),
  messages: chatMessages.default([]),
  input: responseInput.optional(),
  instructions: text.nullish(),
  user: name.optional(),
  safety_identifier: name.optional(),
  temperature: z.number().optional(),
  max_tokens: z.int().min(1).optional(),
  max_output_tokens: z.int().min(1).optional(),
  ...behalfFields,
  // The OpenAI SDKs put what stands in their `extra_body` beside the other fields; Inworld's pages keep it here.
  extra_body: z.looseObject(behalfFields).prefault({}),
  session: z
    .looseObject({
      model: name.optional(),
      instructions: text.default(''),
      providerData: z.looseObject({ user_id: name.optional(), ...behalfFields }).prefault({}),
    })
    .optional(),
});

/** @throws RouterError */
export function readTrialRequest(json: unknown): TrialRequest {
  const { messages, input = [], instructions, session, extra_body: extra, ...read } = readJson(request, json, 'own').value;
  const data = session?.providerData ?? {};
  const user = read.user ?? read.safety_identifier ?? data.user_id;
  const metadata = extra.metadata ?? read.metadata ?? data.metadata;
  const promptVariables = extra.prompt_variables ?? read.prompt_variables ?? data.prompt_variables;
  const given = [session?.instructions ?? '', instructions ?? ''];
  return {
    model: read.model ?? session?.model,
    prompt: promptOf(given, [...chatTurns(messages), ...responseTurns(input)], [], 'auto'),
    behalf: present({ user, metadata, promptVariables }),
    temperature: read.temperature,
    maxOutputTokens: read.max_output_tokens ?? read.max_tokens,
  };
}
