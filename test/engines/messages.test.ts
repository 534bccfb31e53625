// Whatever a conversation is like, no provider refuses how it is written, and nothing that was said is missing from it. A failure names its seed:
// MESSAGES_SEED=<seed> repeats it; MESSAGES_COUNT says how many conversations there are.
import { describe, expect, it } from 'vitest';
import { ToolNames } from '../../src/engines/cloud/call-fields.ts';
import type { ChatMessage } from '../../src/engines/cloud/chat-messages.ts';
import { anthropicForm } from '../../src/engines/cloud/message-form.ts';
import { chatRequest } from '../../src/engines/cloud/openai-request.ts';
import { customRow, providerTable } from '../../src/engines/cloud/provider-table.ts';
import type { Prompt, PromptTurn } from '../../src/protocol/prompt.ts';
import { Chance } from '../session/chance.ts';
import * as rules from './message-rules.ts';
import { RandomPrompts } from './random-prompts.ts';
import { newEntry } from '../../src/session/conversation/history.ts';
import { buildPrompt } from '../../src/session/conversation/prompt.ts';

const seed = Number(process.env['MESSAGES_SEED'] ?? Math.floor(Math.random() * 1e9));
const count = Number(process.env['MESSAGES_COUNT'] ?? 1000);

const strict = [rules.systemAtFront, rules.userFirst, rules.userAtAll, rules.noPrefill, rules.noTwoOfARole, rules.callAfterUserOrResult];
const mistral = [...strict, rules.noUserAfterResults, rules.nineIds, rules.mistralTemplate];
const anyTemplate = [...mistral, rules.llamaTemplate, rules.callsNeedTools, rules.choiceIsAWord];
const gemma = [rules.noSystem, rules.noTools, rules.gemmaTemplate, rules.noPrefill];
const gemini = [...strict, rules.openApiSchemas, rules.namedResults];

/** Each provider with what it refuses, and models that refuse more. */
const providers: readonly (readonly [provider: string, model: string, rules: readonly rules.Rule[]])[] = [
  ['openai', 'gpt-4.1-mini', [rules.shortIds]],
  ['xai', 'grok-4', [rules.shortIds]],
  ['anthropic', 'claude-haiku-4-5', [...strict, rules.wordIds, rules.shortIds, rules.callsNeedTools]],
  ['google-ai-studio', 'gemini-2.5-flash', gemini],
  ['google-ai-studio', 'gemini-3-pro', [...gemini, rules.thoughtSignatures]],
  ['google-ai-studio', 'gemma-3-27b-it', [...gemma, rules.openApiSchemas]],
  ['mistral', 'mistral-small-latest', mistral],
  ['deepseek', 'deepseek-chat', [...strict, rules.wordIds, rules.reasoningBesideCalls]],
  ...['groq', 'cerebras', 'openrouter', 'together', 'fireworks', 'deepinfra', 'ollama', 'lmstudio', 'llamacpp', 'vllm', 'custom'].map(
    (provider) => [provider, 'some-model', anyTemplate] as const,
  ),
  ['vllm', 'google/gemma-2-9b-it', gemma],
  ['ollama', 'gemma:7b', gemma],
  ['ollama', 'gemma4:12b', anyTemplate],
  ['vllm', 'mistralai/Mistral-7B-Instruct-v0.2', gemma],
  ['groq', 'moonshotai/kimi-k2-instruct', anyTemplate.filter((rule) => rule !== rules.nineIds)],
];

function request(provider: string, model: string, prompt: Prompt): rules.RequestBody & { messages: readonly ChatMessage[] } {
  const row = [customRow, ...providerTable].find(({ prefix }) => prefix === provider);
  if (!row) throw new Error(`no provider ${provider}`);
  // Anthropic's own messages are made of chat messages (anthropic-request.ts).
  const dialect = row.api === 'anthropic' ? { form: anthropicForm } : row;
  const body = chatRequest(prompt, { model }, new ToolNames(prompt.tools), dialect);
  return JSON.parse(JSON.stringify(body)) as rules.RequestBody & { messages: readonly ChatMessage[] };
}

const textOf = (messages: readonly ChatMessage[]) => messages.map(({ content }) => JSON.stringify(content)).join('\n');

describe(`random conversations (seed ${seed})`, () => {
  it('are made for every provider of the table', () => {
    expect(new Set(providers.map(([provider]) => provider))).toEqual(new Set([...providerTable.map(({ prefix }) => prefix), 'custom']));
  });

  it(`R5: are refused by nobody, ${count} of them, and nothing said in them is lost`, () => {
    const chance = new Chance(seed);
    const prompts = new RandomPrompts(chance);
    const refused: object[] = [];
    for (let index = 0; index < count && refused.length === 0; index++) {
      const prompt = prompts.next();
      for (const [provider, model, rulesOfIts] of providers) {
        const body = request(provider, model, prompt);
        const { messages, tools } = body;
        const problems = rules.refusals(body, rulesOfIts);
        const lost = lostWords(messages, prompts.said);
        if (problems.length + lost.length > 0) refused.push({ index, provider, model, problems, lost, prompt, messages, tools });
      }
    }
    expect(refused.slice(0, 1)).toEqual([]);
  }, 600_000);
});

/** What is missing, and what of the user's is not in a user message or not in its order. */
function lostWords(messages: readonly ChatMessage[], said: RandomPrompts['said']): string[] {
  const all = textOf(messages);
  const users = textOf(messages.filter(({ role }) => role === 'user'));
  let at = 0;
  const lost = said.others.filter((word) => !all.includes(word));
  for (const word of said.user) {
    const found = users.indexOf(word, at);
    if (found < 0) lost.push(word);
    else at = found;
  }
  return lost;
}

const user = (text: string): PromptTurn => ({ role: 'user', parts: [{ type: 'text', text }] });
const system = (text: string): PromptTurn => ({ role: 'system', parts: [{ type: 'text', text }] });
const prompt = (...turns: PromptTurn[]): Prompt => ({ instructions: 'Be brief.', turns, tools: [], toolChoice: 'auto' });
const tool = { name: 'now', description: '', parameters: { type: 'object', properties: {} } };

describe('the messages', () => {
  it('R5: of a response without any item begin with a turn of the user, where a server demands one', () => {
    const greeting = buildPrompt([], { instructions: 'Greet the caller.', tools: [], toolChoice: 'auto' }, []);
    const greet = { role: 'system', content: 'Greet the caller.' };
    expect(request('openai', 'gpt-4.1-mini', greeting).messages).toEqual([greet]);
    for (const provider of ['custom', 'vllm', 'mistral', 'anthropic', 'google-ai-studio']) {
      expect(request(provider, 'some', greeting).messages).toEqual([greet, { role: 'user', content: '(silence)' }]);
    }
    expect(request('vllm', 'google/gemma-2-9b-it', greeting).messages).toEqual([
      { role: 'user', content: 'Greet the caller.\n\n(silence)' },
    ]);
  });

  it('of a greeting that is followed by nothing do not end with the assistant, who would be asked to go on with it', () => {
    const greeted = newEntry({
      id: 'item_1',
      object: 'realtime.item',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Hello!' }],
    });
    const idle = buildPrompt([greeted], { instructions: '', tools: [], toolChoice: 'auto' }, []);
    expect(request('custom', 'some', idle).messages).toEqual([
      { role: 'user', content: '(silence)' },
      { role: 'assistant', content: 'Hello!' },
      { role: 'user', content: '(silence)' },
    ]);
  });

  it('keep a later system message in its place, as the user message it has to be', () => {
    expect(
      request('custom', 'some', prompt(system('The caller is Ada.'), user('Hi'), system('Speak French.'), user('Well?'))).messages,
    ).toEqual([
      { role: 'system', content: 'Be brief.\n\nThe caller is Ada.' },
      { role: 'user', content: 'Hi\n[System message: Speak French.]\nWell?' },
    ]);
  });

  it('have an answer between results and the user who spoke into it, and one call after the other', () => {
    const turns: PromptTurn[] = [
      user('What time is it?'),
      { role: 'call', callId: 'call_1', name: 'now', arguments: '' },
      { role: 'call', callId: 'call_2', name: 'now', arguments: '{"zone":' },
      { role: 'result', callId: 'call_2', output: '' },
      { role: 'result', callId: 'call_1', output: 'noon' },
      user('Hello?'),
    ];
    const { messages } = request('custom', 'some', { ...prompt(...turns), tools: [tool] });
    const ids = messages.flatMap((message) => (message.role === 'tool' ? [message.tool_call_id] : []));
    const call = (at: number, given: string) => ({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: ids[at], type: 'function', function: { name: 'now', arguments: given } }],
    });
    expect(messages.slice(1)).toEqual([
      { role: 'user', content: 'What time is it?' },
      call(0, '{}'),
      { role: 'tool', tool_call_id: ids[0], content: 'noon' },
      call(1, '{"arguments":"{\\"zone\\":"}'),
      { role: 'tool', tool_call_id: ids[1], content: '(no output)' },
      { role: 'assistant', content: '—' },
      { role: 'user', content: 'Hello?' },
    ]);
    expect(ids.every((id = '') => /^[a-zA-Z0-9]{9}$/.test(id))).toBe(true);
    expect(request('custom', 'some', { ...prompt(...turns), tools: [tool] }).messages).toEqual(messages);
  });

  it('say that a function must be called in words only, where a server takes no more', () => {
    const chosen = { ...prompt(user('Time?')), tools: [{ ...tool, name: 'other' }, tool], toolChoice: { name: 'now' } };
    expect(request('lmstudio', 'some', chosen)).toMatchObject({ tools: [{ function: { name: 'now' } }], tool_choice: 'required' });
    expect(request('openai', 'gpt-4.1-mini', chosen)).toMatchObject({
      tools: [{ function: { name: 'other' } }, { function: { name: 'now' } }],
      tool_choice: { type: 'function', function: { name: 'now' } },
    });
  });

  it('tell calls in words where a server takes none without tools', () => {
    const turns: PromptTurn[] = [
      user('Time?'),
      { role: 'call', callId: 'a', name: 'now', arguments: '' },
      { role: 'result', callId: 'a', output: 'noon' },
    ];
    expect(request('anthropic', 'claude', prompt(...turns)).messages.slice(1)).toEqual([
      { role: 'user', content: 'Time?\n[The assistant called now with {}, which returned: noon]' },
    ]);
  });

  it('have every result of a call whose id occurs twice', () => {
    const call: PromptTurn = { role: 'call', callId: 'a', name: 'now', arguments: '{}' };
    const result = (output: string): PromptTurn => ({ role: 'result', callId: 'a', output });
    const { messages } = request('openai', 'gpt-4.1-mini', prompt(user('Time?'), call, result('noon'), call, result('one'), result('two')));
    expect(messages.slice(2).flatMap(({ role, content }) => (role === 'assistant' ? [] : [content]))).toEqual([
      'noon',
      'one',
      'A function returned: two',
    ]);
  });
});
