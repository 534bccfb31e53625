// A Prompt as the body of POST /chat/completions. Mends what a voice conversation breaks and strict servers refuse: results
// without their call, calls that never got a result, sentences cut by the listener.
import type { Prompt, PromptPart, PromptTurn } from '../../protocol/prompt.ts';
import type { LlmOptions } from '../engine.ts';

interface ToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

type ContentPart = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string; detail: string } };

type ChatMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string | ContentPart[] }
  | { role: 'assistant'; content: string | null; tool_calls?: ToolCall[] }
  | { role: 'tool'; tool_call_id: string; content: string };

/** Fields that OpenAI's own API does not know, or not in every request: they go only where they are known to be taken. */
const extensions = ['repetition_penalty', 'metadata'];
/** What OpenAI's reasoning models refuse: they choose their words in a way of their own. */
const refusedByThinkers = ['temperature', 'top_p', 'frequency_penalty', 'presence_penalty', 'logit_bias', 'stop'];

/** What a provider makes of the body's fields, by their names. */
export interface Dialect {
  /** Fields it refuses. */
  readonly omit?: readonly string[];
  /** Fields it takes beyond OpenAI's. */
  readonly alsoTakes?: readonly string[];
}

/** The body of one request. */
export function chatRequest(prompt: Prompt, options: LlmOptions, { omit = [], alsoTakes = [] }: Dialect): Record<string, unknown> {
  const thinks = takesCompletionTokens(options.model);
  const { sampling = {}, behalf = {} } = options;
  const body: Record<string, unknown> = {
    model: options.model,
    messages: chatMessages(prompt),
    stream: true,
    stream_options: { include_usage: true },
    temperature: options.temperature,
    top_p: sampling.topP,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    repetition_penalty: sampling.repetitionPenalty,
    stop: sampling.stopSequences,
    seed: sampling.seed,
    logit_bias: sampling.logitBias,
    user: behalf.user,
    metadata: behalf.metadata,
    [thinks ? 'max_completion_tokens' : 'max_tokens']: options.maxOutputTokens,
    reasoning_effort: options.reasoningEffort,
  };
  if (prompt.tools.length > 0) {
    body['tools'] = prompt.tools.map((tool) => ({ type: 'function', function: { ...tool } }));
    body['tool_choice'] =
      typeof prompt.toolChoice === 'string' ? prompt.toolChoice : { type: 'function', function: { name: prompt.toolChoice.name } };
    body['parallel_tool_calls'] = options.parallelToolCalls;
  }
  const refused = [...omit, ...(thinks ? refusedByThinkers : []), ...extensions.filter((field) => !alsoTakes.includes(field))];
  for (const field of refused) delete body[field];
  return body;
}

/** o1, o3-mini, gpt-5 and later, also behind a gateway (`openai/o3`); not gpt-5-chat, which is an ordinary model. */
function takesCompletionTokens(model: string): boolean {
  return /(?:^|\/)(?:o\d|gpt-[5-9](?!.*-chat))/.test(model);
}

function chatMessages(prompt: Prompt): ChatMessage[] {
  const messages: ChatMessage[] = [];
  // One message: many servers take no second of the system's at the start.
  const told = [prompt.instructions, prompt.memory ?? ''].filter((text) => text.trim() !== '').join('\n\n');
  if (told !== '') messages.push({ role: 'system', content: told });
  const outputs = new Map<string, string>();
  const called = new Set<string>();
  for (const turn of prompt.turns) {
    if (turn.role === 'result') outputs.set(turn.callId, turn.output);
    if (turn.role === 'call') called.add(turn.callId);
  }
  for (let at = 0; at < prompt.turns.length; at++) {
    const turn = prompt.turns[at] as PromptTurn;
    switch (turn.role) {
      case 'system':
        messages.push({ role: 'system', content: plainText(turn.parts) });
        break;
      case 'user':
        messages.push({ role: 'user', content: userContent(turn.parts) });
        break;
      case 'assistant':
        // Nothing was heard of it: for the listener it was never said, and servers refuse an empty message.
        if (turn.text.trim() !== '') messages.push({ role: 'assistant', content: turn.interrupted ? `${turn.text} —` : turn.text });
        break;
      case 'call': {
        const calls: ToolCall[] = [];
        while (prompt.turns[at]?.role === 'call') {
          const call = prompt.turns[at] as Extract<PromptTurn, { role: 'call' }>;
          calls.push({ id: call.callId, type: 'function', function: { name: call.name, arguments: call.arguments || '{}' } });
          at++;
        }
        at--;
        addCalls(messages, calls, outputs);
        break;
      }
      case 'result':
        // Its place is right behind its call, where addCalls put it, wherever it stands in the conversation.
        if (!called.has(turn.callId)) messages.push({ role: 'system', content: `A function returned: ${turn.output}` });
        break;
    }
  }
  return messages;
}

function addCalls(messages: ChatMessage[], calls: ToolCall[], outputs: ReadonlyMap<string, string>): void {
  const before = messages.at(-1);
  if (before?.role === 'assistant' && !before.tool_calls) before.tool_calls = calls;
  else messages.push({ role: 'assistant', content: null, tool_calls: calls });
  for (const call of calls) {
    messages.push({ role: 'tool', tool_call_id: call.id, content: outputs.get(call.id) ?? '(no result yet)' });
  }
}

function plainText(parts: readonly PromptPart[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** A plain string wherever it can be: many local servers know nothing else. */
function userContent(parts: readonly PromptPart[]): string | ContentPart[] {
  if (parts.every((part) => part.type === 'text')) return plainText(parts);
  return parts.map((part) =>
    part.type === 'text' ? { type: 'text', text: part.text } : { type: 'image_url', image_url: { url: part.url, detail: part.detail } },
  );
}
