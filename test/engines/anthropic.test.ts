// Anthropic's adapter: what it sends, by the rules of their documentation, and what it makes of a stream, a refusal, a connection that breaks.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAnthropicMessages } from '../../src/engines/cloud/anthropic-messages.ts';
import { messagesRequest, messagesRequestJson } from '../../src/engines/cloud/anthropic-request.ts';
import { ToolNames } from '../../src/engines/cloud/call-fields.ts';
import type { StreamedChatOptions } from '../../src/engines/cloud/streamed-chat.ts';
import type { LlmOptions } from '../../src/engines/engine.ts';
import { ManualClock, systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Prompt, PromptTurn } from '../../src/protocol/prompt.ts';
import {
  blockEvent,
  type ClaudeBody,
  claudeError,
  claudeEvents,
  claudeServer,
  deltaEvent,
  endEvent,
  refusalOf,
  startEvent,
  stopEvent,
  textEvent,
  written,
} from '../contract/fake-claude.ts';
import { type FakeChatServer, refuse, type Script } from '../contract/fake-chat-server.ts';
import { callsOf, collect, prompt, textOf } from '../contract/llm.ts';
import { Chance } from '../session/chance.ts';
import { RandomPrompts } from './random-prompts.ts';

const KEY = 'sk-ant-verysecret1234';
let server: FakeChatServer;
beforeEach(async () => {
  server = claudeServer();
  await server.listen();
});
afterEach(() => server.close());

function claude(more: Partial<StreamedChatOptions> = {}) {
  const options = { id: 'anthropic', name: 'Anthropic', baseUrl: server.url, apiKey: KEY, firstTokenMs: 5000, clock: systemClock };
  return createAnthropicMessages({ ...options, log: silentLog, ...more });
}
function ask(script: Script, given: Prompt = prompt('hello'), more: Partial<StreamedChatOptions> = {}, options: Partial<LlmOptions> = {}) {
  server.script = script;
  return collect(claude(more).respond(given, { model: 'claude-haiku-5-5', ...options }, new AbortController().signal));
}

const user = (text: string): PromptTurn => ({ role: 'user', parts: [{ type: 'text', text }] });
const tool = {
  name: 'get_weather',
  description: 'Tells the weather.',
  parameters: { type: 'object', properties: { at: { type: 'string' } } },
};
const mark = { cache_control: { type: 'ephemeral' } };

function body(given: Prompt, options: Partial<LlmOptions> = {}): ClaudeBody {
  const made = messagesRequest(given, { model: 'claude-haiku-5-5', ...options }, new ToolNames(given.tools));
  return JSON.parse(JSON.stringify(made)) as ClaudeBody;
}

describe('the request', () => {
  it('has the key and the version of the API in headers of their own', async () => {
    await ask(claudeEvents(startEvent(), textEvent('ok'), stopEvent('end_turn'), endEvent));
    expect(server.requests[0]?.headers).toMatchObject({ 'x-api-key': KEY, 'anthropic-version': '2023-06-01' });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('C20: writes the conversation in blocks, results and what is said to them in one message, and marks what is to be cached', () => {
    const told = body({
      instructions: 'Be brief.',
      memory: '- Likes jazz.',
      turns: [
        user('Weather in Paris and Rome?'),
        { role: 'assistant', text: 'Let me look', interrupted: false },
        { role: 'call', callId: 'toolu_1', name: 'get_weather', arguments: '{"at":"Paris"}' },
        { role: 'call', callId: 'toolu_2', name: 'get_weather', arguments: '' },
        { role: 'result', callId: 'toolu_1', output: '21' },
        { role: 'result', callId: 'toolu_2', output: '24' },
        user('Hurry.'),
      ],
      tools: [tool],
      toolChoice: 'auto',
    });
    expect(told.tools).toEqual([{ name: 'get_weather', description: 'Tells the weather.', input_schema: tool.parameters }]);
    expect(told.tool_choice).toEqual({ type: 'auto' });
    expect(told.system).toEqual([
      { type: 'text', text: 'Be brief.', ...mark },
      { type: 'text', text: '- Likes jazz.' },
    ]);
    expect(told.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Weather in Paris and Rome?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Let me look' },
          { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { at: 'Paris' } },
          { type: 'tool_use', id: 'toolu_2', name: 'get_weather', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: '21' },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: '24' },
          { type: 'text', text: 'Hurry.', ...mark },
        ],
      },
    ]);
  });

  it('marks the last of the tools where there are no instructions', () => {
    const told = body(prompt('hi', { instructions: '', tools: [{ ...tool, name: 'other' }, tool] }));
    expect(told.system).toBeUndefined();
    expect(told.tools?.map(({ cache_control }) => cache_control)).toEqual([undefined, { type: 'ephemeral' }]);
  });

  it('shows images by their bytes, large ones put in as they are, or by their address', () => {
    const large = 'A'.repeat(100_000);
    const image = (url: string) => ({ type: 'image' as const, url, detail: 'auto' as const });
    const parts = [
      image('data:image/png;base64,AAAA'),
      image(`data:image/jpeg;base64,${large}`),
      image('https://pictures.example/cat.png'),
    ];
    const given = prompt('', { turns: [{ role: 'user', parts }] });
    const json = messagesRequestJson(given, { model: 'claude-haiku-5-5' }, new ToolNames([]));
    const { messages } = JSON.parse(json) as ClaudeBody;
    expect(messages[0]?.content.map(({ source }) => source)).toEqual([
      { type: 'base64', media_type: 'image/png', data: 'AAAA' },
      { type: 'base64', media_type: 'image/jpeg', data: large },
      { type: 'url', url: 'https://pictures.example/cat.png' },
    ]);
  });

  it.each([
    ['auto', true, { type: 'auto' }],
    ['auto', false, { type: 'auto', disable_parallel_tool_use: true }],
    ['none', false, { type: 'none' }],
    ['required', true, { type: 'any' }],
    [{ name: 'get_weather' }, undefined, { type: 'tool', name: 'get_weather' }],
  ] as const)('F07 F10: has a choice of tools of %j, with parallel calls %s', (toolChoice, parallelToolCalls, sent) => {
    const options = parallelToolCalls === undefined ? {} : { parallelToolCalls };
    expect(body(prompt('hi', { tools: [tool], toolChoice }), options).tool_choice).toEqual(sent);
  });

  it('leaves the choice to a model that cannot be made to call anything, and to one that thinks', () => {
    const given = prompt('hi', { tools: [tool], toolChoice: 'required' });
    const cases = ['claude-sonnet-5-5', 'claude-opus-5-5', 'claude-fable-5-1'].map((model) => ({ model }));
    const choices = [...cases, { reasoningEffort: 'high' }].map((options) => body(given, options).tool_choice);
    expect(choices).toEqual(choices.map(() => ({ type: 'auto' })));
  });

  it.each([
    ['claude-haiku-5-5', undefined, { thinking: { type: 'disabled' } }],
    ['claude-sonnet-5', undefined, { thinking: { type: 'disabled' } }],
    ['claude-sonnet-5-5', undefined, { thinking: { type: 'between_tools' } }],
    ['claude-opus-5-5', undefined, { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    ['claude-opus-5-5', 'none', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    ['claude-haiku-5-5', 'minimal', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    ['claude-haiku-5-5', 'xhigh', { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }],
    ['claude-sonnet-4-6', undefined, {}],
    ['claude-sonnet-4-6', 'xhigh', { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }],
    ['claude-haiku-4-5', undefined, {}],
    ['claude-haiku-4-5', 'high', {}],
  ])('F08: %s with an effort of %s is told %j', (model, reasoningEffort, told) => {
    const { thinking, output_config } = body(prompt('hi'), { model, ...(reasoningEffort === undefined ? {} : { reasoningEffort }) });
    expect(JSON.parse(JSON.stringify({ thinking, output_config }))).toEqual(told);
  });

  it.each([
    ['claude-haiku-4-5-20251001', { temperature: 1 }],
    ['claude-sonnet-4-6', { temperature: 1 }],
    ['claude-opus-4-8', {}],
    ['claude-haiku-5-5', {}],
    ['claude-sonnet-5', {}],
  ])('F05: %s is told how to choose its words, if it takes that: %j', (model, told) => {
    const { temperature, top_p } = body(prompt('hi'), { model, temperature: 1.2, sampling: { topP: 0.9 } });
    expect(JSON.parse(JSON.stringify({ temperature, top_p }))).toEqual(told);
  });

  it('F06 F43 text_generation_config, F44 user_id: passes on how long, where to stop and for whom, and nothing that is unknown there', () => {
    const sampling = { stopSequences: ['END', '\n'], seed: 7, frequencyPenalty: 1, logitBias: { '1': 1 } };
    const told = body(prompt('hi'), { maxOutputTokens: 99, sampling, behalf: { user: 'ann', metadata: { tier: 'gold' } } });
    expect(told).toMatchObject({ max_tokens: 99, stop_sequences: ['END'], metadata: { user_id: 'ann' }, stream: true });
    expect(refusalOf(told)).toBeUndefined();
    expect(body(prompt('hi')).max_tokens).toBe(16_000);
  });

  it('R5: of any conversation is refused by none of their rules, and has all that was said', () => {
    const seed = Number(process.env['MESSAGES_SEED'] ?? Math.floor(Math.random() * 1e9));
    const prompts = new RandomPrompts(new Chance(seed));
    const most = Number(process.env['MESSAGES_COUNT'] ?? 1000);
    for (let count = 0; count < most; count++) {
      const given = prompts.next();
      const told = body(given);
      const text = JSON.stringify([told.system, told.messages]);
      const lost = [...prompts.said.user, ...prompts.said.others].filter((word) => !text.includes(word));
      expect({ seed, count, refusal: refusalOf(told), lost }).toEqual({ seed, count, refusal: undefined, lost: [] });
    }
  }, 600_000);
});

describe('the reply', () => {
  it('is text as it comes, with what was read from and written to the cache among the input', async () => {
    const usage = { input_tokens: 20, cache_read_input_tokens: 900, cache_creation_input_tokens: 80, output_tokens: 1 };
    const parts = await ask(
      claudeEvents(
        startEvent(usage),
        blockEvent(0, { type: 'text', text: '' }),
        textEvent('Hel'),
        textEvent('lo.'),
        stopEvent('end_turn'),
        endEvent,
      ),
    );
    expect(parts).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo.' },
      { type: 'usage', usage: { inputTokens: 1000, outputTokens: 5, cachedTokens: 900 } },
      { type: 'end', reason: 'stop' },
    ]);
  });

  it('has the arguments of each call in its place, and an empty object where there are none', async () => {
    const tools = [{ ...tool, name: '3d_render' }, tool];
    const parts = await ask(
      claudeEvents(
        startEvent(),
        blockEvent(0, { type: 'tool_use', id: 'toolu_a', name: '_3d_render', input: {} }),
        blockEvent(1, { type: 'tool_use', id: 'toolu_b', name: 'get_weather', input: {} }),
        deltaEvent(1, { type: 'input_json_delta', partial_json: '{"at"' }),
        deltaEvent(1, { type: 'input_json_delta', partial_json: ':"Rome"}' }),
        stopEvent('tool_use'),
        endEvent,
      ),
      prompt('hi', { tools }),
    );
    expect(callsOf(parts)).toEqual([
      { callId: 'toolu_a', name: '3d_render', arguments: {} },
      { callId: 'toolu_b', name: 'get_weather', arguments: { at: 'Rome' } },
    ]);
    expect(parts.at(-1)).toEqual({ type: 'end', reason: 'tool_calls' });
  });

  it('is not spoken when it is thinking, which is a sign of life even if it is left out', async () => {
    const parts = await ask(
      claudeEvents(
        startEvent(),
        blockEvent(0, { type: 'thinking', thinking: '', signature: '' }),
        deltaEvent(0, { type: 'thinking_delta', thinking: 'hmm' }),
        deltaEvent(0, { type: 'signature_delta', signature: 'EqQB' }),
        blockEvent(1, { type: 'redacted_thinking', data: 'x' }),
        textEvent('Yes.', 2),
        stopEvent('end_turn'),
        endEvent,
      ),
    );
    expect(textOf(parts)).toBe('Yes.');
    expect(parts.slice(0, 3)).toEqual(['', 'hmm', ''].map((text) => ({ type: 'reasoning', text })));
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content_filter'],
  ])('that stops for %s ends with %s', async (stop, reason) => {
    expect((await ask(claudeEvents(startEvent(), textEvent('so'), stopEvent(stop), endEvent))).at(-1)).toEqual({ type: 'end', reason });
  });

  it('leaves the connection open for the next', async () => {
    server.script = claudeEvents(startEvent(), textEvent('a'), stopEvent('end_turn'), endEvent);
    const llm = claude();
    for (let round = 0; round < 3; round++) {
      await collect(llm.respond(prompt('hi'), { model: 'claude-haiku-5-5' }, new AbortController().signal));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect([server.connections, server.dropped]).toEqual([1, 0]);
  });
});

describe('a failure', () => {
  it.each([
    [400, 'invalid_request_error', 'rejected', false],
    [401, 'authentication_error', 'unauthorized', false],
    [402, 'billing_error', 'unauthorized', false],
    [403, 'permission_error', 'unauthorized', false],
    [404, 'not_found_error', 'rejected', false],
    [429, 'rate_limit_error', 'rate_limited', true],
    [500, 'api_error', 'broken', true],
    [529, 'overloaded_error', 'broken', true],
  ])('with status %i, %s, is %s', async (status, type, reason, retryable) => {
    const failed = ask(refuse(status, claudeError(type, 'the provider says why'), { 'retry-after': '3' }));
    await expect(failed).rejects.toMatchObject({
      engine: 'anthropic',
      reason,
      retryable,
      retryAfterMs: 3000,
      message: `Anthropic: the provider says why (status ${status})`,
    });
  });

  it.each([
    ['overloaded_error', 'broken', true],
    ['rate_limit_error', 'rate_limited', true],
    ['authentication_error', 'unauthorized', false],
  ])('in the middle of the stream, %s, is %s', async (type, reason, retryable) => {
    const failed = ask(claudeEvents(startEvent(), textEvent('so'), claudeError(type, 'no more')));
    await expect(failed).rejects.toMatchObject({ reason, retryable });
  });

  it('never tells the key', async () => {
    const failed = ask(refuse(401, claudeError('authentication_error', `invalid x-api-key ${KEY}`)));
    await expect(failed).rejects.toThrow('Anthropic: invalid x-api-key … (status 401)');
  });

  it('is broken when the connection breaks in the middle, and when the stream ends without saying why', async () => {
    const breaks: Script = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(written(startEvent()) + written(textEvent('so')));
      setTimeout(() => response.destroy(), 20);
    };
    await expect(ask(breaks)).rejects.toMatchObject({ reason: 'broken', retryable: true });
    await expect(ask(claudeEvents(startEvent(), textEvent('so')))).rejects.toMatchObject({ reason: 'broken', retryable: true });
    await expect(ask(claudeEvents(startEvent(), 'event: ping\ndata: <html>\n\n'))).rejects.toMatchObject({ reason: 'broken' });
  });

  it('is a time-out when nothing but pings comes', async () => {
    const clock = new ManualClock();
    const failed = ask(
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(written(startEvent()) + written({ type: 'ping' }));
      },
      prompt('hi'),
      { clock, firstTokenMs: 10_000 },
    );
    failed.catch(() => {});
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.advance(10_000);
    await expect(failed).rejects.toMatchObject({ reason: 'timeout', retryable: true });
  });

  it('is none when it begins slowly', async () => {
    const slow: Script = async (sent, response, request) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await claudeEvents(startEvent(), textEvent('At last.'), stopEvent('end_turn'), endEvent)(sent, response, request);
    };
    expect(textOf(await ask(slow))).toBe('At last.');
  });

  it('is none when nobody wants the answer any more, and the request is dropped', async () => {
    server.script = () => {};
    const stop = new AbortController();
    const parts = collect(claude().respond(prompt('hi'), { model: 'claude-haiku-5-5' }, stop.signal));
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await parts).toEqual([]);
    while (server.dropped === 0) await new Promise((resolve) => setImmediate(resolve));
  });
});
