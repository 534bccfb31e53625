// A Prompt as the body of Anthropic's POST /messages, with its beginning marked for their cache. From platform.claude.com: "Messages", "Prompt caching",
// "Tool use", "Vision", "Thinking", the migration guides of the 5.5 models; limits of fields from anthropic-sdk-typescript (resources/messages).
import { functionSchema } from '../../lib/function-schema.ts';
import type { Prompt, PromptToolChoice } from '../../protocol/prompt.ts';
import type { LlmOptions } from '../engine.ts';
import type { ToolNames } from './call-fields.ts';
import { type ChatMessage, chatMessages, type ContentPart } from './chat-messages.ts';
import { anthropicForm } from './message-form.ts';
import { promptJson } from './prompt-json.ts';
import { claudeEfforts, effortFields } from './reasoning-effort.ts';

/** Asked for where nobody says how long an answer may be: the field is demanded, and thinking counts. Every model that is served takes as much. */
const mostTokens = 16_000;
const mostUserIdCharacters = 256;
/** "Models released after Claude Opus 4.6 do not support setting temperature", with an error; the same for top_p. */
const choosesWordsAsTold = /claude-(?:3|(?:haiku|sonnet)-4|opus-4(?!-[78]))/;
/** "Forced tool use returns an error"; so it does wherever a model thinks. */
const cannotBeForced = /claude-(?:(?:opus|sonnet)-5-5|fable|mythos)/;
/** Cached for five minutes from its last use on. */
const cached = { cache_control: { type: 'ephemeral' } };

type Block = Readonly<Record<string, unknown>>;
interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: Block[];
}

export function messagesRequestJson(prompt: Prompt, options: LlmOptions, names: ToolNames): string {
  const headOf = (url: string) => url.slice(0, url.indexOf(',') + 1);
  return promptJson(prompt, { field: 'data', headOf }, (told) => messagesRequest(told, options, names));
}

/**
 * What is the same in every turn comes first: tools, instructions, what is remembered, the conversation. Two places are marked, up to which all is
 * cached: the end of the instructions, which outlives whatever happens to the conversation, and the end of the prompt, from where the next turn goes on.
 */
export function messagesRequest(prompt: Prompt, options: LlmOptions, names: ToolNames): Record<string, unknown> {
  const { model, sampling = {}, behalf = {}, temperature, maxOutputTokens = mostTokens } = options;
  const effort = effortFields(claudeEfforts, model, options.reasoningEffort, prompt.tools.length > 0);
  const thinks = 'output_config' in effort;
  const { system, messages } = messagesOf(prompt);
  const stops = sampling.stopSequences?.filter((text) => text.trim() !== '') ?? [];
  const choosing = choosesWordsAsTold.test(model) && !thinks;
  return {
    model,
    ...toolsOf(prompt, options, names, cannotBeForced.test(model) || thinks, system[0] === undefined),
    ...(system.length > 0 ? { system } : {}),
    stream: true,
    max_tokens: maxOutputTokens,
    ...effort,
    // One of the two at most: newer models refuse both.
    ...(choosing && temperature !== undefined ? { temperature: Math.min(temperature, 1) } : {}),
    ...(choosing && temperature === undefined && sampling.topP !== undefined ? { top_p: sampling.topP } : {}),
    ...(stops.length > 0 ? { stop_sequences: stops } : {}),
    ...(behalf.user && behalf.user.length <= mostUserIdCharacters ? { metadata: { user_id: behalf.user } } : {}),
    messages,
  };
}

function messagesOf(prompt: Prompt): { system: Block[]; messages: Message[] } {
  const { memory, ...rest } = prompt;
  const written = chatMessages({ ...rest, instructions: '' }, anthropicForm);
  const first = written[0]?.role === 'system' ? (written.shift()?.content as string) : '';
  const beside = [memory ?? '', first].filter((text) => text.trim() !== '');
  const system = [
    ...(prompt.instructions.trim() === '' ? [] : [{ type: 'text', text: prompt.instructions, ...cached }]),
    ...beside.map((text) => ({ type: 'text', text })),
  ];
  const messages: Message[] = [];
  for (const message of written) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = messages.at(-1);
    // Results and what the user says to them are one message of the user's.
    if (last?.role === role) last.content.push(...blocksOf(message));
    else messages.push({ role, content: blocksOf(message) });
  }
  const content = messages.at(-1)?.content ?? [];
  content.push({ ...content.pop(), ...cached });
  return { system, messages };
}

function blocksOf(message: ChatMessage): Block[] {
  if (message.role === 'tool') return [{ type: 'tool_result', tool_use_id: message.tool_call_id, content: message.content }];
  const { content } = message;
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []).map(partBlock);
  const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : [];
  return [
    ...blocks,
    ...calls.map(({ id, function: { name, arguments: given } }) => ({ type: 'tool_use', id, name, input: JSON.parse(given) as unknown })),
  ];
}

function partBlock(part: ContentPart): Block {
  if (part.type === 'text') return { type: 'text', text: part.text };
  const { url } = part.image_url;
  const [, mediaType, data] = /^data:([^;,]*);base64,(.*)$/s.exec(url) ?? [];
  return { type: 'image', source: mediaType ? { type: 'base64', media_type: mediaType, data } : { type: 'url', url } };
}

function toolsOf(prompt: Prompt, options: LlmOptions, names: ToolNames, unforced: boolean, marksTools: boolean): Block {
  const { tools, toolChoice } = prompt;
  if (tools.length === 0) return {};
  const written = tools.map(({ name, description, parameters }) => ({
    name: names.sent(name),
    ...(description === '' ? {} : { description }),
    input_schema: functionSchema(parameters),
  }));
  const choice = toolChoiceOf(toolChoice, names, unforced);
  const single = options.parallelToolCalls === false && choice['type'] !== 'none' ? { disable_parallel_tool_use: true } : {};
  const last = written.length - 1;
  return {
    // Without instructions there is nothing else to mark before the conversation.
    tools: marksTools ? written.map((each, index) => (index === last ? { ...each, ...cached } : each)) : written,
    tool_choice: { ...choice, ...single },
  };
}

function toolChoiceOf(choice: PromptToolChoice, names: ToolNames, unforced: boolean): Block {
  if (choice === 'auto' || choice === 'none') return { type: choice };
  if (unforced) return { type: 'auto' };
  return choice === 'required' ? { type: 'any' } : { type: 'tool', name: names.sent(choice.name) };
}
