// What each row of the table makes of one request, and that the beginning of a request is the same from turn to turn, so that providers can cache it.
import { afterEach, describe, expect, it } from 'vitest';
import { messagesRequestJson } from '../../src/engines/cloud/anthropic-request.ts';
import { ToolNames } from '../../src/engines/cloud/call-fields.ts';
import { chatRequest, chatRequestJson } from '../../src/engines/cloud/openai-request.ts';
import { customRow, type ProviderRow, providerTable } from '../../src/engines/cloud/provider-table.ts';
import { configuredProviders } from '../../src/engines/cloud/providers.ts';
import { type LlmOptions, noModels } from '../../src/engines/engine.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Prompt, PromptTurn } from '../../src/protocol/prompt.ts';
import { FakeChatServer } from '../contract/fake-chat-server.ts';
import { claudeServer } from '../contract/fake-claude.ts';
import { collect, prompt } from '../contract/llm.ts';

const rows = [...providerTable, customRow].map((row) => [row.prefix, row] as const);
const rowOf = (prefix: string) => providerTable.find((row) => row.prefix === prefix) as ProviderRow;
const tool = { name: 'now', description: 'Tells the time.', parameters: { type: 'object', properties: { zone: { type: 'string' } } } };

/** All that a client can ask for. */
const everything: LlmOptions = {
  model: 'some-model',
  temperature: 1.9,
  maxOutputTokens: 99,
  parallelToolCalls: true,
  sampling: {
    topP: 0.9,
    frequencyPenalty: 0.5,
    presencePenalty: 0.5,
    repetitionPenalty: 1.1,
    stopSequences: ['END'],
    seed: 7,
    logitBias: { '12': -100 },
  },
  behalf: { user: 'ann', metadata: { tier: 'gold' } },
  conversation: 'one',
};

function fields(row: ProviderRow, options: Partial<LlmOptions> = {}, given = prompt('hi')): Record<string, unknown> {
  const body = chatRequest(given, { ...everything, ...options }, new ToolNames(given.tools), row);
  const { messages: _, tools: __, ...rest } = JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
  return rest;
}

describe('a request', () => {
  const all = {
    model: 'some-model',
    stream: true,
    stream_options: { include_usage: true },
    temperature: 1.9,
    top_p: 0.9,
    frequency_penalty: 0.5,
    presence_penalty: 0.5,
    stop: ['END'],
    seed: 7,
    logit_bias: { '12': -100 },
    user: 'ann',
  };
  /** By their names: what is different from `all`; `undefined` is left out. */
  const different: Record<string, Record<string, unknown>> = {
    openai: { max_completion_tokens: 99, prompt_cache_key: 'one' },
    groq: { max_completion_tokens: 99, frequency_penalty: undefined, presence_penalty: undefined, logit_bias: undefined },
    'google-ai-studio': {
      max_tokens: 99,
      frequency_penalty: undefined,
      presence_penalty: undefined,
      seed: undefined,
      logit_bias: undefined,
      user: undefined,
    },
    mistral: {
      max_tokens: 99,
      temperature: 1.5,
      stream_options: undefined,
      seed: undefined,
      random_seed: 7,
      logit_bias: undefined,
      user: undefined,
      prompt_cache_key: 'one',
    },
    deepseek: { max_tokens: 99, thinking: { type: 'disabled' } },
    xai: { max_tokens: 99, frequency_penalty: undefined, presence_penalty: undefined, stop: undefined },
    openrouter: { max_completion_tokens: 99, repetition_penalty: 1.1, session_id: 'one' },
    together: { max_tokens: 99, temperature: 1, repetition_penalty: 1.1 },
    fireworks: { max_tokens: 99, repetition_penalty: 1.1 },
    deepinfra: { max_tokens: 99, repetition_penalty: 1.1 },
    cerebras: {
      max_completion_tokens: 99,
      frequency_penalty: undefined,
      presence_penalty: undefined,
      logit_bias: undefined,
      prompt_cache_key: 'one',
    },
    ollama: { max_tokens: 99 },
    lmstudio: { max_tokens: 99 },
    llamacpp: { max_tokens: 99 },
    vllm: { max_tokens: 99, repetition_penalty: 1.1 },
    custom: { max_tokens: 99, repetition_penalty: 1.1, metadata: { tier: 'gold' } },
  };

  it.each(rows.filter(([, { api }]) => api === undefined))(
    'F05 F06 F43: to %s has the fields that its documentation has',
    (prefix, row) => {
      expect(different).toHaveProperty([prefix]);
      expect(fields(row)).toEqual(JSON.parse(JSON.stringify({ ...all, ...different[prefix] })));
    },
  );

  it.each([
    // Nobody asks for thinking, with and without tools.
    ['openai', 'gpt-6-luna', undefined, false, { reasoning_effort: 'none' }],
    ['openai', 'gpt-6-luna', undefined, true, { reasoning_effort: 'none' }],
    ['openai', 'gpt-6-astra', undefined, false, { reasoning_effort: 'low' }],
    ['openai', 'gpt-6.1-sol', 'none', false, { reasoning_effort: 'low' }],
    ['openai', 'gpt-5.1', undefined, true, { reasoning_effort: 'none' }],
    ['openai', 'gpt-5-mini', undefined, false, { reasoning_effort: 'minimal' }],
    ['openai', 'o3', undefined, false, { reasoning_effort: 'low' }],
    ['openai', 'o3-pro', 'low', false, {}],
    ['openai', 'gpt-5-chat-latest', 'low', false, {}],
    ['openai', 'gpt-4.1-mini', undefined, false, {}],
    ['openai', 'gpt-4.1-mini', 'low', false, {}],
    // Asked for, rounded up to what the model takes.
    ['openai', 'gpt-6-luna', 'high', false, { reasoning_effort: 'high' }],
    ['openai', 'gpt-6-luna', 'high', true, { reasoning_effort: 'none' }],
    ['openai', 'gpt-5.1', 'minimal', true, { reasoning_effort: 'low' }],
    ['openai', 'gpt-5.1', 'xhigh', true, { reasoning_effort: 'high' }],
    ['openai', 'gpt-5', 'none', false, { reasoning_effort: 'minimal' }],
    ['openai', 'gpt-5', 'very much', false, { reasoning_effort: 'very much' }],
    ['groq', 'openai/gpt-oss-120b', undefined, true, { reasoning_effort: 'low' }],
    ['groq', 'qwen/qwen3-32b', undefined, true, { reasoning_effort: 'none' }],
    ['groq', 'qwen/qwen3-32b', 'low', true, { reasoning_effort: 'default', reasoning_format: 'parsed' }],
    ['groq', 'llama-3.3-70b-versatile', 'low', false, {}],
    ['google-ai-studio', 'gemini-3.5-flash-lite', undefined, false, { reasoning_effort: 'minimal' }],
    ['google-ai-studio', 'gemini-2.5-flash', undefined, false, { reasoning_effort: 'minimal' }],
    ['google-ai-studio', 'gemini-2.5-flash-lite', undefined, false, { reasoning_effort: 'none' }],
    ['google-ai-studio', 'gemini-3.8-flash', 'minimal', false, { reasoning_effort: 'low' }],
    ['google-ai-studio', 'gemma-3-27b-it', undefined, false, {}],
    ['mistral', 'mistral-small-latest', undefined, false, { reasoning_effort: 'none' }],
    ['mistral', 'mistral-small-latest', 'low', false, { reasoning_effort: 'high' }],
    ['mistral', 'mistral-large-4-0', undefined, false, {}],
    ['mistral', 'magistral-medium-latest', 'high', false, {}],
    ['deepseek', 'deepseek-flash', 'medium', false, { thinking: { type: 'enabled' }, reasoning_effort: 'high' }],
    ['xai', 'grok-4.3', undefined, true, { reasoning_effort: 'none' }],
    ['xai', 'grok-4.7', undefined, false, { reasoning_effort: 'low' }],
    ['xai', 'grok-4.20-non-reasoning', 'high', false, {}],
    ['openrouter', 'openai/gpt-6-luna', undefined, true, { reasoning_effort: 'none' }],
    ['openrouter', 'google/gemini-3.8-flash', undefined, false, {}],
    ['fireworks', 'accounts/fireworks/models/gpt-oss-120b', undefined, false, { reasoning_effort: 'low' }],
    ['cerebras', 'gpt-oss-120b', 'none', false, { reasoning_effort: 'low' }],
    ['cerebras', 'qwen-3.8-27b', undefined, false, { reasoning_effort: 'none' }],
    ['cerebras', 'qwen-3.8-27b', 'low', false, { reasoning_effort: 'low', reasoning_format: 'parsed' }],
    ['ollama', 'qwen3:8b', undefined, false, { reasoning_effort: 'none' }],
    ['ollama', 'gpt-oss:20b', undefined, false, { reasoning_effort: 'low' }],
    ['ollama', 'llama3.2', 'low', false, {}],
    ['vllm', 'Qwen/Qwen3-8B', undefined, false, { chat_template_kwargs: { enable_thinking: false } }],
    ['vllm', 'Qwen/Qwen3-8B', 'low', false, {}],
    ['vllm', 'Qwen/Qwen3-30B-A3B-Instruct-2507', undefined, false, {}],
    ['llamacpp', 'Qwen3-8B-Q4_K_M.gguf', undefined, false, { chat_template_kwargs: { enable_thinking: false } }],
  ])('F08: to %s for %s with an effort of %s (tools: %s) says %j', (prefix, model, reasoningEffort, hasTools, told) => {
    const options = { model, ...(reasoningEffort === undefined ? {} : { reasoningEffort }) };
    const sent = fields(rowOf(prefix), options, prompt('hi', hasTools ? { tools: [tool] } : {}));
    const about = ['reasoning_effort', 'reasoning_format', 'thinking', 'chat_template_kwargs'];
    expect(Object.fromEntries(Object.entries(sent).filter(([field]) => about.includes(field)))).toEqual(told);
  });

  it('tells a reasoning model of OpenAI’s how to choose its words only while it does not think', () => {
    const row = rowOf('openai');
    const words = (model: string) =>
      Object.keys(fields(row, { model })).filter((field) => ['temperature', 'top_p', 'stop'].includes(field));
    expect([words('gpt-6-luna'), words('gpt-6-astra'), words('o3')]).toEqual([['temperature', 'top_p'], [], []]);
  });

  it('asks OpenRouter to cache for the models that cache only what they are asked to', () => {
    const row = rowOf('openrouter');
    expect(fields(row, { model: 'anthropic/claude-haiku-5.5' })).toMatchObject({ cache_control: { type: 'ephemeral' } });
    expect(fields(row, { model: 'openai/gpt-6-luna' })).not.toHaveProperty('cache_control');
  });
});

describe('the beginning of a request', () => {
  const user = (text: string): PromptTurn => ({ role: 'user', parts: [{ type: 'text', text }] });
  const said: PromptTurn[][] = [
    [user('What time is it?')],
    [
      { role: 'call', callId: 'call_abcdefghijklmnopqrstuvwxyz', name: 'now', arguments: '{}' },
      { role: 'result', callId: 'call_abcdefghijklmnopqrstuvwxyz', output: 'noon' },
      { role: 'assistant', text: 'It is noon.', interrupted: false },
      user('And in Rome?'),
    ],
    [{ role: 'assistant', text: 'Noon as', interrupted: true }, user('Thank you.')],
  ];
  const turn = (count: number): Prompt => ({
    instructions: 'Be brief.',
    turns: said.slice(0, count).flat(),
    tools: [tool, { ...tool, name: 'later' }],
    toolChoice: 'auto',
  });
  const jsonOf = (row: ProviderRow, given: Prompt) => {
    const options = { model: row.defaultModel ?? 'some-model', temperature: 0.8, parallelToolCalls: true, conversation: 'one' };
    const names = new ToolNames(given.tools);
    return row.api === 'anthropic' ? messagesRequestJson(given, options, names) : chatRequestJson(given, options, names, row);
  };

  it.each(rows)('to %s is byte for byte the same over three turns, up to the last message of the turn before', (_, row) => {
    const [first = '', second = '', third = ''] = [1, 2, 3].map((count) => jsonOf(row, turn(count)));
    for (const [before, after] of [
      [first, second],
      [second, third],
    ] as const) {
      const told = JSON.parse(before) as { messages: unknown[] };
      const whole = before.slice(0, before.length - ']}'.length);
      // What is marked for the cache is the last block, and only for as long as it is that.
      const stays = whole.slice(0, whole.length - JSON.stringify(told.messages.at(-1)).length);
      expect(stays).toContain('Be brief.');
      expect(stays).toContain('"later"');
      expect(after.startsWith(row.api === 'anthropic' ? stays : whole)).toBe(true);
    }
  });

  it('is the same however often it is asked', () => {
    const all = () => rows.map(([prefix, row]) => [prefix, jsonOf(row, turn(3))]);
    expect(all()).toEqual(all());
  });
});

describe('the hint which conversation a request belongs to', () => {
  const servers: FakeChatServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it.each(providerTable.map((row) => [row.prefix, row] as const))(
    'is given to %s where it wants one, and says not whose it is',
    async (_, row) => {
      const server = row.api === 'anthropic' ? claudeServer() : new FakeChatServer();
      servers.push(server);
      const settings = { [`${row.settings}_API_KEY`]: 'key', [`${row.settings}_BASE_URL`]: await server.listen() };
      const environment = { dataDir: '', settings, log: silentLog, clock: systemClock, models: noModels };
      const [provider] = configuredProviders(environment);
      if (!provider) throw new Error('no provider');
      for (const conversation of ['sess_1', 'sess_1', 'sess_2', undefined]) {
        const options = { model: row.defaultModel ?? 'some-model', ...(conversation === undefined ? {} : { conversation }) };
        await collect(provider.llm.respond(prompt('hi'), options, new AbortController().signal));
      }
      const hint = row.conversation;
      const given = server.requests.map(({ body, headers }) => {
        if (!hint) return undefined;
        return 'field' in hint ? body[hint.field] : headers[hint.header];
      });
      expect(server.requests.some(({ text, headers }) => JSON.stringify([text, headers]).includes('sess_'))).toBe(false);
      // The same for one conversation, another for another, none for a request by itself.
      const said = given.map((value) => (typeof value === 'string' && /^[\w-]{32}$/.test(value) ? given.indexOf(value) : value));
      expect(said).toEqual(hint ? [0, 0, 2, undefined] : [undefined, undefined, undefined, undefined]);
    },
  );
});
