// The adapter against servers that are strict, sloppy, slow or broken.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeForm } from '../../src/engines/cloud/message-form.ts';
import { createOpenAiChat, type OpenAiChatOptions } from '../../src/engines/cloud/openai-chat.ts';
import { ManualClock, systemClock } from '../../src/lib/clock.ts';
import { countingIds } from '../../src/lib/ids.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { LlmOptions } from '../../src/engines/engine.ts';
import type { Prompt } from '../../src/protocol/prompt.ts';
import { FakeChatServer, finishChunk, refuse, stream, textChunk, type Script } from '../contract/fake-chat-server.ts';
import { callsOf, collect, prompt, textOf } from '../contract/llm.ts';

let server: FakeChatServer;
beforeEach(async () => {
  server = new FakeChatServer();
  await server.listen();
});
afterEach(() => server.close());

const KEY = 'sk-verysecret1234';
function chat(more: Partial<OpenAiChatOptions> = {}) {
  return createOpenAiChat({
    id: 'fake',
    name: 'Fake',
    baseUrl: server.url,
    apiKey: KEY,
    firstTokenMs: 5000,
    clock: systemClock,
    log: silentLog,
    ids: countingIds(),
    ...more,
  });
}
function ask(script: Script, given: Prompt = prompt('hello'), more: Partial<OpenAiChatOptions> = {}, options: Partial<LlmOptions> = {}) {
  server.script = script;
  return collect(chat(more).respond(given, { model: 'small', ...options }, new AbortController().signal));
}
const callChunk = (...calls: object[]) => ({ choices: [{ delta: { tool_calls: calls } }] });
const DONE = 'data: [DONE]\n\n';

describe('what a sloppy server sends', () => {
  it('is a stop when text came but no finish_reason and no [DONE]', async () => {
    expect((await ask(stream(textChunk('hi')))).at(-1)).toEqual({ type: 'end', reason: 'stop' });
  });

  it('is broken when the stream ends without a word', async () => {
    await expect(ask(stream(': nothing\n\n'))).rejects.toMatchObject({ reason: 'broken', retryable: true });
  });

  it('may be a whole answer that was never streamed', async () => {
    const parts = await ask(
      refuse(200, {
        choices: [{ message: { content: 'all at once' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 3, completion_tokens: 2 },
      }),
    );
    expect(textOf(parts)).toBe('all at once');
    expect(parts.at(-2)).toEqual({ type: 'usage', usage: { inputTokens: 3, outputTokens: 2, cachedTokens: 0 } });
  });

  it('gets ids for its calls, and an empty object for missing arguments', async () => {
    const parts = await ask(stream(callChunk({ index: 0, function: { name: 'hang_up' } }), finishChunk('stop'), DONE));
    expect(callsOf(parts)).toEqual([{ callId: 'call_1', name: 'hang_up', arguments: {} }]);
    expect(parts.at(-1)).toEqual({ type: 'end', reason: 'tool_calls' });
  });

  it('keeps the pieces of parallel calls apart', async () => {
    const parts = await ask(
      stream(
        callChunk({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        callChunk({ index: 1, id: 'b', function: { name: 'g', arguments: '{"y"' } }),
        callChunk({ index: 0, function: { arguments: ':1}' } }, { index: 1, function: { arguments: ':2}' } }),
      ),
    );
    expect(callsOf(parts)).toEqual([
      { callId: 'a', name: 'f', arguments: { x: 1 } },
      { callId: 'b', name: 'g', arguments: { y: 2 } },
    ]);
  });

  it('gives each call its arguments before the next begins, however they come, and never none', async () => {
    const parts = await ask(
      stream(
        callChunk({ index: 0, id: 'a', function: { name: 'now', arguments: '' } }),
        callChunk({ index: 1, id: 'b', function: { name: 'f', arguments: '{"x"' } }),
        callChunk({ index: 2, id: 'c', function: { name: 'g', arguments: '{"y"' } }),
        callChunk({ index: 1, function: { arguments: ':1}' } }, { index: 2, function: { arguments: ':2}' } }),
        textChunk('Let me see.'),
        finishChunk('tool_calls'),
      ),
    );
    expect(parts.filter(({ type }) => type !== 'usage')).toEqual([
      { type: 'call', callId: 'a', name: 'now' },
      { type: 'arguments', callId: 'a', delta: '{}' },
      { type: 'call', callId: 'b', name: 'f' },
      { type: 'arguments', callId: 'b', delta: '{"x"' },
      { type: 'arguments', callId: 'b', delta: ':1}' },
      { type: 'call', callId: 'c', name: 'g' },
      { type: 'arguments', callId: 'c', delta: '{"y"' },
      { type: 'arguments', callId: 'c', delta: ':2}' },
      { type: 'text', text: 'Let me see.' },
      { type: 'end', reason: 'tool_calls' },
    ]);
  });

  it('does not keep a call waiting for those that follow, once it is whole', async () => {
    const order: string[] = [];
    const script: Script = async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const send = (chunk: object) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
      send(callChunk({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }));
      send(callChunk({ index: 1, id: 'b', function: { name: 'g', arguments: '{' } }));
      while (!order.includes('b')) await new Promise((resolve) => setImmediate(resolve));
      order.push('rest');
      send(callChunk({ index: 1, function: { arguments: '}' } }));
      response.end(DONE);
    };
    server.script = script;
    const reply = chat().respond(prompt('hello'), { model: 'small' }, new AbortController().signal);
    for await (const part of reply) if (part.type === 'call') order.push(part.callId);
    expect(order).toEqual(['a', 'b', 'rest']);
  });

  it('gets ids of their own where a server gives all its calls one', async () => {
    const same = { id: 'call', function: { name: 'f', arguments: '{}' } };
    const calls = callsOf(await ask(stream(callChunk({ index: 0, ...same }, { index: 1, ...same }), DONE)));
    expect(calls.map(({ callId }) => callId)).toEqual(['call', 'call_1']);
  });

  it.each([
    ['without an index', callChunk({ function: { name: 'f', arguments: '{"x":1}' } }, { function: { name: 'f', arguments: '{"x":2}' } })],
    [
      'all numbered 0',
      callChunk(
        { index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } },
        { index: 0, id: 'b', function: { name: 'f', arguments: '{"x":2}' } },
      ),
    ],
    [
      'with objects as arguments',
      callChunk({ index: 0, function: { name: 'f', arguments: { x: 1 } } }, { index: 1, function: { name: 'f', arguments: { x: 2 } } }),
    ],
  ])('may be calls %s', async (_, chunk) => {
    expect(callsOf(await ask(stream(chunk))).map((call) => call.arguments)).toEqual([{ x: 1 }, { x: 2 }]);
  });

  it.each(['reasoning_content', 'reasoning'])('is not spoken when it is %s', async (field) => {
    const parts = await ask(stream({ choices: [{ delta: { [field]: 'hmm' } }] }, textChunk('yes')));
    expect(parts.slice(0, 2)).toEqual([
      { type: 'reasoning', text: 'hmm' },
      { type: 'text', text: 'yes' },
    ]);
  });

  it('is not spoken when it is thinking between tags, however they are cut', async () => {
    const pieces = ['<th', 'ink>let me', ' see</', 'think>', '\n\n', 'It is <b>', 'four'];
    const parts = await ask(stream(...pieces.map(textChunk)));
    expect(textOf(parts)).toBe('It is <b>four');
    expect(
      parts
        .filter((part) => part.type === 'reasoning')
        .map((part) => part.text)
        .join(''),
    ).toBe('let me see');
  });

  it('is not spoken when it is thinking in parts of its own, as Mistral sends it', async () => {
    const piece = (content: object) => ({ choices: [{ delta: { content: [content] } }] });
    const parts = await ask(
      stream(
        piece({ type: 'thinking', thinking: [{ type: 'text', text: 'hmm' }] }),
        piece({ type: 'text', text: 'yes' }),
        textChunk(' sir'),
      ),
    );
    expect(parts.slice(0, 2)).toEqual([
      { type: 'reasoning', text: 'hmm' },
      { type: 'text', text: 'yes' },
    ]);
    expect(textOf(parts)).toBe('yes sir');
  });

  it('tells what it has used while it goes on, and at the end', async () => {
    const used = (completion_tokens: number) => ({ usage: { prompt_tokens: 9, completion_tokens } });
    const parts = await ask(
      stream(
        { choices: [{ delta: { role: 'assistant' } }], ...used(0) },
        { ...textChunk('one'), ...used(1) },
        { ...textChunk(' two'), ...used(1) },
        { ...textChunk(' three'), ...used(3) },
        { ...finishChunk('stop'), ...used(3) },
        { choices: [], ...used(4) },
        DONE,
      ),
    );
    const told = parts.map((part) => (part.type === 'usage' ? part.usage.outputTokens : part.type));
    expect(told).toEqual(['text', 1, 'text', 'text', 3, 4, 'end']);
  });

  it('counts cached tokens, also the way DeepSeek tells them', async () => {
    const parts = await ask(
      stream(textChunk('x'), { choices: [], usage: { prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 8 } }),
    );
    expect(parts.at(-2)).toMatchObject({ usage: { cachedTokens: 8 } });
  });

  it.each([
    ['OpenAI', { usage: { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 8 } } }],
    ['Groq, unasked,', { x_groq: { usage: { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 8 } } } }],
    ['a server without details', { usage: { prompt_tokens: 9, completion_tokens: 1, cached_tokens: 8 } }],
  ])('counts cached tokens as %s tells them', async (_, counts) => {
    const parts = await ask(stream(textChunk('x'), { choices: [], ...counts }));
    expect(parts.at(-2)).toEqual({ type: 'usage', usage: { inputTokens: 9, outputTokens: 1, cachedTokens: 8 } });
  });
});

describe('a failure', () => {
  it.each([
    [401, 'unauthorized', false],
    [403, 'unauthorized', false],
    [404, 'rejected', false],
    [400, 'rejected', false],
    [422, 'rejected', false],
    [429, 'rate_limited', true],
    [500, 'broken', true],
    [503, 'broken', true],
  ])('with status %i is %s', async (status, reason, retryable) => {
    await expect(ask(refuse(status, { error: { message: 'the provider says why' } }))).rejects.toMatchObject({
      name: 'EngineError',
      engine: 'fake',
      reason,
      retryable,
      message: `Fake: the provider says why (status ${status})`,
    });
  });

  it.each([
    [{ error: 'model not found' }],
    [[{ error: { message: 'model not found' } }]],
    [{ message: { detail: [{ msg: 'model not found' }] } }],
    ['model not found'],
  ])('is told in the words of %j', async (body) => {
    await expect(ask(refuse(404, body))).rejects.toThrow('Fake: model not found (status 404)');
  });

  it('never tells the key, not even its ends', async () => {
    const failed = ask(refuse(401, { error: { message: `Incorrect API key provided: ${KEY} or sk-ve*****1234.` } }));
    await expect(failed).rejects.toThrow('Incorrect API key provided: … or … (status 401)');
  });

  it('of an empty purse is none that a moment mends, though its status is that of haste', async () => {
    const failed = ask(refuse(429, { error: { message: 'You exceeded your current quota.', type: 'insufficient_quota' } }));
    await expect(failed).rejects.toMatchObject({ reason: 'unauthorized', retryable: false });
  });

  it.each([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '20', 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after': new Date(1_700_000_007_000).toUTCString() }, 7000],
    [{ 'retry-after': new Date(1_600_000_000_000).toUTCString() }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('with the headers %j is over in %s ms', async (headers, retryAfterMs) => {
    const failed = ask(refuse(429, 'slow down', headers), prompt('hello'), { clock: new ManualClock() });
    await expect(failed).rejects.toMatchObject({ reason: 'rate_limited', retryAfterMs });
  });

  it('inside the stream ends it', async () => {
    const failed = ask(stream(textChunk('so'), { error: { message: 'overloaded', code: 529 } }));
    await expect(failed).rejects.toMatchObject({ reason: 'broken', retryable: true });
  });

  it('is broken when the connection breaks in the middle', async () => {
    const failed = ask((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(textChunk('so'))}\n\n`);
      setTimeout(() => response.destroy(), 20);
    });
    await expect(failed).rejects.toMatchObject({ reason: 'broken', retryable: true });
  });

  it('is broken when the answer is no JSON', async () => {
    await expect(ask(stream('data: <html>\n\n'))).rejects.toMatchObject({ reason: 'broken' });
  });

  it('is unavailable when nobody listens there', async () => {
    const gone = new FakeChatServer();
    const baseUrl = await gone.listen();
    await gone.close();
    await expect(ask(stream(), prompt('hi'), { baseUrl })).rejects.toMatchObject({ reason: 'unavailable', retryable: true });
  });

  it('does not follow a redirect with the key', async () => {
    await expect(ask(refuse(302, {}, { location: `${server.url}/elsewhere` }))).rejects.toMatchObject({ reason: 'broken' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('patience', () => {
  async function waiting(script: Script) {
    const clock = new ManualClock();
    const failed = ask(script, prompt('hello'), { clock, firstTokenMs: 10_000 });
    failed.catch(() => {});
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    return { clock, failed };
  }

  it('ends after the first-token time when the server accepts and says nothing', async () => {
    const { clock, failed } = await waiting(() => {});
    clock.advance(10_000);
    await expect(failed).rejects.toMatchObject({ reason: 'timeout', retryable: true, message: 'Fake sent no first token for 10000 ms' });
  });

  it('is not renewed by comments and empty deltas', async () => {
    const { clock, failed } = await waiting((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': processing\n\ndata: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n');
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.advance(10_000);
    await expect(failed).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('ends when the stream stalls after the first token', async () => {
    const clock = new ManualClock();
    server.script = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(textChunk('so'))}\n\n`);
    };
    const reply = chat({ clock, firstTokenMs: 100 }).respond(prompt('hi'), { model: 'm' }, new AbortController().signal);
    const parts = reply[Symbol.asyncIterator]();
    expect((await parts.next()).value).toEqual({ type: 'text', text: 'so' });
    // While the reader is busy nothing runs out.
    clock.advance(1000);
    const next = parts.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.advance(100);
    await expect(next).rejects.toMatchObject({ reason: 'timeout', message: 'Fake sent no further token for 100 ms' });
  });

  it('is told of a server that sends pieces with nothing in them, once it has begun, as of a model that thinks', async () => {
    const clock = new ManualClock();
    const more = Promise.withResolvers<(chunk: object) => void>();
    server.script = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const send = (chunk: object) => void response.write(`data: ${JSON.stringify(chunk)}\n\n`);
      send(textChunk('so'));
      more.resolve(send);
    };
    const reply = chat({ clock, firstTokenMs: 100_000 }).respond(prompt('hi'), { model: 'm' }, new AbortController().signal);
    const parts = reply[Symbol.asyncIterator]();
    expect((await parts.next()).value).toEqual({ type: 'text', text: 'so' });
    const send = await more.promise;
    const next = parts.next();
    for (let count = 0; count < 3; count++) send(textChunk(''));
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.advance(1000);
    send(textChunk(''));
    // The three that came at once say nothing new.
    expect((await next).value).toEqual({ type: 'reasoning', text: '' });
    send(textChunk('it is'));
    expect((await parts.next()).value).toEqual({ type: 'text', text: 'it is' });
    await parts.return?.();
  });

  it('leaves the connection open for the next request', async () => {
    server.script = stream(textChunk('a'), finishChunk('stop'), DONE);
    const llm = chat();
    for (let round = 0; round < 3; round++) {
      await collect(llm.respond(prompt('hi'), { model: 'm' }, new AbortController().signal));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(server.connections).toBe(1);
    expect(server.dropped).toBe(0);
  });

  it('asks over a connection that was made ready before, and has another made for the next', async () => {
    server.script = stream(textChunk('a'), finishChunk('stop'), DONE);
    const llm = chat({ keepWarm: true });
    await llm.warmUp(new AbortController().signal);
    expect(server.connections).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const warmMs = systemClock.now();
    const made: number[] = [];
    const { script } = server;
    server.script = (body, response, request) => {
      made.push(server.connectedMs(request));
      return script(body, response, request);
    };
    await collect(llm.respond(prompt('hi'), { model: 'm' }, new AbortController().signal));
    expect(made[0]).toBeLessThan(warmMs);
    while (server.connections < 2) await new Promise((resolve) => setImmediate(resolve));
    await llm.close();
  });

  it('asks once more over another connection when the one that was kept turns out to have ended, and not otherwise', async () => {
    const ended: Script = (_, response) => {
      response.destroy();
    };
    await expect(ask(ended)).rejects.toMatchObject({ reason: 'unavailable', retryable: true });
    expect(server.requests).toHaveLength(1);
    const llm = chat();
    const say = () => collect(llm.respond(prompt('hi'), { model: 'm' }, new AbortController().signal));
    server.script = stream(textChunk('a'), finishChunk('stop'), DONE);
    await say();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { script } = server;
    server.script = (...asked) => {
      server.script = script;
      return ended(...asked);
    };
    expect(await say()).toContainEqual({ type: 'text', text: 'a' });
    expect(server.requests).toHaveLength(4);
  });

  it('drops the request when the reader leaves early, so that nobody is worked for in vain', async () => {
    server.script = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`data: ${JSON.stringify(textChunk('one'))}\n\n`);
    };
    for await (const part of chat().respond(prompt('count'), { model: 'small' }, new AbortController().signal)) {
      expect(part).toEqual({ type: 'text', text: 'one' });
      break;
    }
    while (server.dropped === 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('drops the request when the signal fires while nothing has come', async () => {
    server.script = () => {};
    const stop = new AbortController();
    const parts = collect(chat().respond(prompt('hi'), { model: 'm' }, stop.signal));
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await parts).toEqual([]);
    while (server.dropped === 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('the request', () => {
  it('tells what is remembered in one message with the instructions', async () => {
    for (const instructions of ['Be brief.', '']) await ask(answer, { ...prompt('hello'), instructions, memory: 'Likes jazz.' });
    const firsts = server.requests.map(({ body }) => body.messages[0]);
    expect(firsts).toEqual([
      { role: 'system', content: 'Be brief.\n\nLikes jazz.' },
      { role: 'system', content: 'Likes jazz.' },
    ]);
  });

  const answer = stream(textChunk('ok'), DONE);
  const user = (text: string) => ({ role: 'user' as const, parts: [{ type: 'text' as const, text }] });
  const body = () => server.requests[0]?.body;

  it('carries the key as a bearer token, and none when there is none', async () => {
    await ask(answer);
    await ask(answer, prompt('hi'), { apiKey: '' });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${KEY}`, undefined]);
  });

  it('C20: writes the conversation as chat messages', async () => {
    await ask(
      answer,
      {
        instructions: 'Be brief.',
        turns: [
          user('weather in Paris and Rome'),
          { role: 'assistant', text: 'Let me look', interrupted: true },
          { role: 'call', callId: 'a', name: 'get_weather', arguments: '{"location":"Paris"}' },
          { role: 'call', callId: 'b', name: 'get_weather', arguments: '' },
          user('hurry'),
          { role: 'result', callId: 'a', output: '21' },
          { role: 'result', callId: 'gone', output: 'lost' },
          { role: 'assistant', text: '', interrupted: true },
          { role: 'system', parts: [{ type: 'text', text: 'note' }] },
          {
            role: 'user',
            parts: [
              { type: 'text', text: 'look' },
              { type: 'image', url: 'data:image/png;base64,AA', detail: 'low' },
            ],
          },
        ],
        tools: [],
        toolChoice: 'auto',
      },
      { dialect: { form: freeForm } },
    );
    expect(body()?.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'weather in Paris and Rome' },
      {
        role: 'assistant',
        content: 'Let me look —',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'get_weather', arguments: '{"location":"Paris"}' } },
          { id: 'b', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: '21' },
      { role: 'tool', tool_call_id: 'b', content: '(no result yet)' },
      { role: 'user', content: 'hurry' },
      { role: 'system', content: 'A function returned: lost' },
      { role: 'system', content: 'note' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } },
        ],
      },
    ]);
  });

  it('R5: has no halves of surrogate pairs, wherever they come from', async () => {
    const half = '\ud83d';
    await ask(answer, {
      instructions: `Be brief${half}`,
      turns: [
        user(half),
        { role: 'call', callId: 'a', name: 'now', arguments: String.raw`{"zone":"\ud83d"}` },
        { role: 'result', callId: 'a', output: `noon${half}` },
      ],
      tools: [{ name: 'now', description: half, parameters: { type: 'object', properties: { [half]: { enum: [half] } } } }],
      toolChoice: 'auto',
    });
    expect(body()).toMatchObject({
      messages: [
        { content: 'Be brief\ufffd' },
        { content: '\ufffd' },
        { tool_calls: [{ function: { arguments: '{"zone":"\ufffd"}' } }] },
        { content: 'noon\ufffd' },
      ],
      tools: [{ function: { description: '\ufffd', parameters: { properties: { '\ufffd': { enum: ['\ufffd'] } } } } }],
    });
  });

  it('F05 F06 F07 F10: names tools, choice and options', async () => {
    const tool = { name: 'f', description: 'd', parameters: { type: 'object' } };
    await ask(
      answer,
      prompt('hi', { tools: [tool], toolChoice: { name: 'f' } }),
      { dialect: { form: freeForm } },
      { temperature: 0.7, maxOutputTokens: 99, parallelToolCalls: false },
    );
    expect(body()).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
      tools: [{ type: 'function', function: tool }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
      temperature: 0.7,
      max_tokens: 99,
    });
  });

  it('renames a function whose name a server would refuse, and knows it again', async () => {
    const called = stream(callChunk({ index: 0, id: 'a', function: { name: '_3d_render', arguments: '{}' } }), DONE);
    const tool = { name: '3d_render', description: 'd', parameters: {} };
    const parts = await ask(called, prompt('hi', { tools: [tool], toolChoice: { name: '3d_render' } }), { dialect: { form: freeForm } });
    expect(body()?.tools?.[0]?.function.name).toBe('_3d_render');
    expect(body()?.tool_choice).toEqual({ type: 'function', function: { name: '_3d_render' } });
    expect(callsOf(parts).map(({ name }) => name)).toEqual(['3d_render']);
  });

  it('says nothing of tools when there are none', async () => {
    await ask(answer, prompt('hi'), {}, { parallelToolCalls: true });
    expect(Object.keys(body() ?? {}).sort()).toEqual(['messages', 'model', 'stream', 'stream_options']);
  });

  const sampling = {
    topP: 0.9,
    frequencyPenalty: 0.5,
    presencePenalty: -0.5,
    repetitionPenalty: 1.1,
    stopSequences: ['END'],
    seed: 7,
    logitBias: { '12': -100 },
  };
  const behalf = { user: 'ann', metadata: { tier: 'gold' } };

  it('F43 text_generation_config, F44 user_id: passes on how words are to be chosen, and for whom', async () => {
    await ask(answer, prompt('hi'), {}, { sampling, behalf });
    const said = Object.entries(body() ?? {}).filter(([name]) => !['messages', 'model', 'stream', 'stream_options'].includes(name));
    expect(Object.fromEntries(said)).toEqual({
      top_p: 0.9,
      frequency_penalty: 0.5,
      presence_penalty: -0.5,
      stop: ['END'],
      seed: 7,
      logit_bias: { '12': -100 },
      user: 'ann',
    });
  });

  it('says what only some servers take to those', async () => {
    await ask(answer, prompt('hi'), { dialect: { alsoTakes: ['metadata', 'repetition_penalty'], omit: ['user'] } }, { sampling, behalf });
    expect(body()).toMatchObject({ repetition_penalty: 1.1, metadata: { tier: 'gold' } });
    expect(body()).not.toHaveProperty('user');
  });

  it('leaves a reasoning model to choose its words itself', async () => {
    await ask(answer, prompt('hi'), {}, { model: 'o3-mini', sampling });
    expect(Object.keys(body() ?? {}).sort()).toEqual(['messages', 'model', 'seed', 'stream', 'stream_options']);
  });

  it.each(['o3-mini', 'gpt-5', 'openai/gpt-5.1-mini'])('F05 F08: speaks to %s as to a reasoning model', async (model) => {
    await ask(answer, prompt('hi'), {}, { model, maxOutputTokens: 9, temperature: 0.5, reasoningEffort: 'low' });
    expect(body()).toMatchObject({ max_completion_tokens: 9, reasoning_effort: 'low' });
    expect(body()).not.toHaveProperty('max_tokens');
    expect(body()).not.toHaveProperty('temperature');
  });

  it.each(['gpt-4o', 'gpt-5-chat-latest', 'openai/gpt-oss-120b', 'ollama3'])('speaks to %s as to an ordinary model', async (model) => {
    await ask(answer, prompt('hi'), {}, { model, maxOutputTokens: 9 });
    expect(body()).toMatchObject({ max_tokens: 9 });
  });

  it('uses the own name of a model and leaves out what the server refuses', async () => {
    await ask(answer, prompt('hi'), { dialect: { omit: ['stream_options'] }, modelAliases: { small: 'maker/small' } });
    expect(body()?.model).toBe('maker/small');
    expect(body()).not.toHaveProperty('stream_options');
  });

  it('leaves a model alone whose name every object has something for', async () => {
    await ask(answer, prompt('hi'), { modelAliases: { small: 'maker/small' } }, { model: 'constructor' });
    expect(body()?.model).toBe('constructor');
  });
});
