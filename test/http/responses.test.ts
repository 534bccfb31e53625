// Answers by OpenAI's Responses API, as OpenAI's client asks for them.
import type { ResponseInputItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { askedOf, type TextRig, textRig } from './text-rig.ts';

let rig: TextRig;
beforeEach(async () => {
  rig = await textRig();
});
afterEach(() => rig.close());

const openai = () => rig.openai.responses;
const hello = { model: 'groq/llama-4', input: 'Hello.' };
const weather = {
  type: 'function' as const,
  name: 'weather',
  description: 'Tells the weather.',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: true,
};

describe('an answer', () => {
  test('E32: is the model’s, with what it used; what was asked for is said again, and nothing is kept', async () => {
    const done = openai().create({
      ...hello,
      instructions: 'Be brief.',
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 40,
      reasoning: { effort: 'low' },
      text: { format: { type: 'text' } },
      metadata: { topic: 'greeting' },
      store: true,
      include: ['reasoning.encrypted_content'],
      truncation: 'auto',
      safety_identifier: 'ann',
      prompt_cache_key: 'talk-1',
    });
    const call = await askedOf(rig.groq);
    call.text('Hel', 'lo!');
    call.end();
    const response = await done;
    expect(response).toMatchObject({
      id: expect.stringMatching(/^resp_/) as string,
      object: 'response',
      status: 'completed',
      model: 'groq/llama-4',
      output_text: 'Hello!',
      output: [
        {
          id: expect.stringMatching(/^msg_/) as string,
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'Hello!', annotations: [] }],
        },
      ],
      usage: { input_tokens: 7, input_tokens_details: { cached_tokens: 0 }, output_tokens: 3, total_tokens: 10 },
      error: null,
      incomplete_details: null,
      instructions: 'Be brief.',
      max_output_tokens: 40,
      temperature: 0.5,
      reasoning: { effort: 'low' },
      metadata: { topic: 'greeting' },
      tools: [],
      tool_choice: 'auto',
      store: false,
      previous_response_id: null,
    });
    expect(call.prompt).toEqual({
      instructions: 'Be brief.',
      turns: [{ role: 'user', parts: [{ type: 'text', text: 'Hello.' }] }],
      tools: [],
      toolChoice: 'auto',
    });
    expect(call.options).toMatchObject({
      model: 'llama-4',
      temperature: 0.5,
      maxOutputTokens: 40,
      reasoningEffort: 'low',
      sampling: { topP: 0.9 },
      behalf: { user: 'ann', metadata: { topic: 'greeting' } },
      conversation: 'talk-1',
      // By which its usage is counted.
      origin: { key: rig.http.key.id },
    });
  });

  test('E32: the model is told all that was said: messages of every form, images, calls and their results', async () => {
    const done = openai().create({
      model: '',
      instructions: 'Be brief.',
      input: [
        { role: 'developer', content: 'In English.' },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'high' },
          ],
        },
        // As a response's own output comes back.
        { type: 'reasoning', id: 'rs_1', summary: [] },
        {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [
            { type: 'output_text', text: 'Let me look.', annotations: [] },
            { type: 'refusal', refusal: ' Or not.' },
          ],
        },
        { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'A cat.' },
        { type: 'function_call', call_id: 'c2', name: 'look', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'A dog.' }] },
        { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Now answer.' }] },
      ],
    });
    (await askedOf(rig.groq)).end();
    await done;
    expect(rig.groq.last.options.model).toBe('usual');
    expect(rig.groq.last.prompt).toMatchObject({
      instructions: 'Be brief.\n\nIn English.',
      turns: [
        {
          role: 'user',
          parts: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', url: 'data:image/png;base64,AA==', detail: 'high' },
          ],
        },
        { role: 'assistant', text: 'Let me look. Or not.', interrupted: false },
        { role: 'call', callId: 'c1', name: 'look', arguments: '{}' },
        { role: 'result', callId: 'c1', output: 'A cat.' },
        { role: 'call', callId: 'c2', name: 'look', arguments: '{}' },
        { role: 'result', callId: 'c2', output: 'A dog.' },
        { role: 'system', parts: [{ type: 'text', text: 'Now answer.' }] },
      ],
    });
  });

  test.each([
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ] as const)('that ends for %s is incomplete, and says so', async (reason, why) => {
    const done = openai().create(hello);
    const call = await askedOf(rig.groq);
    call.text('Once upon');
    call.end(reason);
    expect(await done).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: why },
      output: [{ status: 'incomplete', content: [{ text: 'Once upon' }] }],
      usage: { total_tokens: 10 },
    });
  });

  test('is dropped at the model when whoever asked has gone, also in the middle of it', async () => {
    const gone = new AbortController();
    const done = openai().create(hello, { signal: gone.signal });
    done.catch(() => {});
    const call = await askedOf(rig.groq);
    gone.abort();
    await expect.poll(() => call.signal.aborted).toBe(true);

    const begun = openai().create({ ...hello, stream: true });
    await expect.poll(() => rig.groq.calls.length).toBe(2);
    rig.groq.last.text('Once');
    const stream = await begun;
    for await (const event of stream) if (event.type === 'response.output_text.delta') break;
    await expect.poll(() => rig.groq.last.signal.aborted).toBe(true);
  });
});

describe('a streamed answer', () => {
  test('E32: tells of each step in order, with text, a call and its arguments, and the whole response at the end', async () => {
    const [stream] = await Promise.all([
      openai().create({ ...hello, stream: true, tools: [weather], tool_choice: { type: 'function', name: 'weather' } }),
      askedOf(rig.groq).then((call) => {
        call.text('One ', 'moment.');
        call.give({ type: 'call', callId: 'c1', name: 'weather' });
        call.give({ type: 'arguments', callId: 'c1', delta: '{"city":' });
        call.give({ type: 'arguments', callId: 'c1', delta: '"Rome"}' });
        call.end('tool_calls');
      }),
    ]);
    const events: ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
    expect(events.map(({ type }) => type.replace('response.', ''))).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'completed',
    ]);
    expect(events[0]).toMatchObject({ response: { status: 'in_progress', output: [], usage: null } });
    expect(events[2]).toMatchObject({ output_index: 0, item: { type: 'message', status: 'in_progress', content: [] } });
    expect(events[6]).toMatchObject({ output_index: 0, content_index: 0, text: 'One moment.' });
    expect(events[9]).toMatchObject({ output_index: 1, item: { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '' } });
    expect(events[12]).toMatchObject({ output_index: 1, arguments: '{"city":"Rome"}' });
    expect(events.at(-1)).toMatchObject({
      response: {
        status: 'completed',
        output: [
          { type: 'message', content: [{ text: 'One moment.' }] },
          { type: 'function_call', status: 'completed', call_id: 'c1', name: 'weather', arguments: '{"city":"Rome"}' },
        ],
        usage: { input_tokens: 7, output_tokens: 3 },
        tools: [{ type: 'function', name: 'weather', strict: false }],
        tool_choice: { type: 'function', name: 'weather' },
      },
    });
    const { prompt } = rig.groq.last;
    expect(prompt.toolChoice).toEqual({ name: 'weather' });
    expect(prompt.tools).toEqual([{ name: 'weather', description: 'Tells the weather.', parameters: weather.parameters }]);
  });

  test('E32: a function is called, its result goes back with the whole output, and the answer that uses it comes', async () => {
    const first = openai().stream({ ...hello, input: 'Is it raining in Rome?', tools: [weather] });
    const asking = await askedOf(rig.groq);
    asking.give({ type: 'call', callId: 'c1', name: 'weather' });
    asking.give({ type: 'arguments', callId: 'c1', delta: '{"city":"Rome"}' });
    asking.end('tool_calls');
    const { output } = await first.finalResponse();
    const [called] = output;
    expect(called).toMatchObject({ type: 'function_call', call_id: 'c1', parsed_arguments: { city: 'Rome' } });

    const second = openai().stream({
      ...hello,
      input: [
        { role: 'user', content: 'Is it raining in Rome?' },
        ...(output as ResponseInputItem[]),
        { type: 'function_call_output', call_id: 'c1', output: '{"rain":true}' },
      ],
      tools: [weather],
    });
    await expect.poll(() => rig.groq.calls.length).toBe(2);
    rig.groq.last.text('It ', 'is.');
    rig.groq.last.end();
    expect((await second.finalResponse()).output_text).toBe('It is.');
    expect(rig.groq.last.prompt.turns).toEqual([
      { role: 'user', parts: [{ type: 'text', text: 'Is it raining in Rome?' }] },
      { role: 'call', callId: 'c1', name: 'weather', arguments: '{"city":"Rome"}' },
      { role: 'result', callId: 'c1', output: '{"rain":true}' },
    ]);
  });

  test('that breaks off ends with response.failed, and says nothing of the model’s own words', async () => {
    const [stream] = await Promise.all([
      openai().create({ ...hello, stream: true }),
      askedOf(rig.groq).then((call) => {
        call.text('Once upon');
        call.fail(new EngineError('groq', 'broken', 'a secret of the operator'));
      }),
    ]);
    const events: ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error' }, output: [{ status: 'incomplete', content: [{ text: 'Once upon' }] }] },
    });
    expect(JSON.stringify(events)).not.toContain('secret');
  });

  test('is named by its events, as clients without an SDK read it', async () => {
    const [response] = await Promise.all([
      fetch(`${rig.http.url}/v1/responses`, {
        method: 'POST',
        headers: { authorization: `Bearer ${rig.http.key.credential}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...hello, stream: true }),
      }),
      askedOf(rig.groq).then((call) => {
        call.text('Hi.');
        call.end();
      }),
    ]);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = (await response.text()).trim().split('\n\n');
    for (const event of events) {
      const [, type = '', data = ''] = /^event: (\S+)\ndata: (.+)$/.exec(event) ?? [];
      expect(JSON.parse(data)).toMatchObject({ type });
    }
    expect(events.at(-1)).toMatch(/^event: response.completed\n/);
  });
});

describe('routes', () => {
  test('E32: models that are named for one request are asked in turn, and the metadata tells of them', async () => {
    const done = openai().create({ ...hello, metadata: { topic: 'x' }, models: ['xai/grok-4'] } as never);
    (await askedOf(rig.groq)).fail(new EngineError('groq', 'broken', 'It broke off.'));
    const next = await askedOf(rig.xai);
    next.text('Hi.');
    next.end();
    const { metadata, output_text: said } = (await done) as { metadata: Record<string, string>; output_text: string };
    expect([said, metadata['topic']]).toEqual(['Hi.', 'x']);
    expect(JSON.parse(metadata['attempts'] ?? '')).toMatchObject([
      { model: 'groq/llama-4', success: false, error: 'broken' },
      { model: 'xai/grok-4', success: true },
    ]);
  });

  test('of two that are asked at the same time, the metadata says which was asked as well, and which was slower', async () => {
    await rig.close();
    rig = await textRig({}, 400);
    const done = openai().create({ ...hello, models: ['xai/grok-4'] } as never);
    const slow = await askedOf(rig.groq);
    rig.clock.advance(400);
    const quick = await askedOf(rig.xai);
    quick.text('Hi.');
    quick.end();
    const { metadata } = (await done) as { metadata: Record<string, string> };
    expect(JSON.parse(metadata['attempts'] ?? '')).toMatchObject([
      { model: 'groq/llama-4', success: false, error: 'outpaced' },
      { model: 'xai/grok-4', success: true, hedged: true },
    ]);
    expect(slow.signal.aborted).toBe(true);
  });

  test('E32: a router chooses by the metadata and the conversation, and the answer names its route', async () => {
    const to = (id: string, model: string) => ({
      route_id: id,
      variants: [{ variant: { variant_id: 'only', model_id: model }, weight: 100 }],
    });
    rig.addRouter('support', {
      routes: [
        {
          route: to('careful', 'xai/grok-4'),
          condition: { cel_expression: 'tier == "premium" && messages.last().content.contains("refund")' },
        },
      ],
      default_route: to('usual', 'groq/llama-4'),
    });
    const done = openai().create({ model: 'inworld/support', input: 'I want a refund.', metadata: { tier: 'premium' } });
    const call = await askedOf(rig.xai);
    call.text('Of course.');
    call.end();
    expect(await done).toMatchObject({ output_text: 'Of course.', metadata: { tier: 'premium', route: 'careful', variant: 'only' } });

    const other = openai().create({ model: 'inworld/support', input: 'I want a refund.' });
    (await askedOf(rig.groq)).end();
    expect(await other).toMatchObject({ metadata: { route: 'usual' } });
  });
});

describe('a request that cannot be used', () => {
  const image = (fields: object) => ({ input: [{ role: 'user', content: [{ type: 'input_image', ...fields }] }] });
  test.each([
    [{ model: 'nobody/x' }, 400, 'model'],
    [{ input: undefined }, 400, 'input'],
    [{ input: [] }, 400, 'input'],
    [{ input: [{ role: 'narrator', content: 'x' }] }, 400, 'input.0.role'],
    [{ input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }] }, 400, 'input.0.content.0.type'],
    [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 400, 'input.0.type'],
    [
      { input: [{ type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_image', image_url: 'x' }] }] },
      400,
      'input.0.output.0.type',
    ],
    [image({ file_id: 'file_1' }), 400, 'input.0.content.0.file_id'],
    [image({ image_url: 'http://127.0.0.1/secret' }), 400, 'input'],
    [{ temperature: 3 }, 400, 'temperature'],
    [{ max_output_tokens: 0 }, 400, 'max_output_tokens'],
    [{ previous_response_id: 'resp_1' }, 400, 'previous_response_id'],
    [{ conversation: 'conv_1' }, 400, 'conversation'],
    [{ background: true }, 400, 'background'],
    [{ prompt: { id: 'pmpt_1' } }, 400, 'prompt'],
    [{ tools: [{ type: 'web_search' }] }, 400, 'tools.0.type'],
    [{ tool_choice: { type: 'web_search' } }, 400, 'tool_choice'],
    [{ text: { format: { type: 'json_schema', name: 'x', schema: {} } } }, 400, 'text.format.type'],
    [{ sort: [{ metric: 'beauty' }] }, 400, undefined],
  ])('E32: %j is refused, by the name of the field', async (more, status, param) => {
    const asked = openai().create({ ...hello, ...more } as never);
    await expect(asked).rejects.toMatchObject({ status, ...(param === undefined ? {} : { param }) });
    expect(rig.groq.calls).toHaveLength(0);
  });

  test('says in words what is not there, and why', async () => {
    const asked = openai().create({ ...hello, previous_response_id: 'resp_1' });
    await expect(asked).rejects.toThrow(/'previous_response_id': nothing is kept .* send the whole conversation in `input`/);
  });

  test.each([
    ['unauthorized', 503],
    ['rate_limited', 429],
    ['rejected', 400],
    ['timeout', 504],
  ] as const)('for the model’s own reason (%s) is answered with %i and none of its words, streamed or not', async (reason, status) => {
    for (const stream of [false, true]) {
      const before = rig.groq.calls.length;
      const done = openai().create({ ...hello, stream });
      done.catch(() => {});
      await expect.poll(() => rig.groq.calls.length).toBeGreaterThan(before);
      rig.groq.last.fail(new EngineError('groq', reason, 'a secret of the operator'));
      await expect(done).rejects.toMatchObject({ status, code: reason, message: expect.not.stringContaining('secret') as string });
    }
  });
});

test('E32: nothing is kept: there is no response to be retrieved', async () => {
  await expect(openai().retrieve('resp_1')).rejects.toMatchObject({ status: 404 });
});

test('E32: the requests of a key are counted and limited as those of all other routes', async () => {
  await rig.close();
  rig = await textRig({ requests: 1 });
  const done = openai().create(hello);
  (await askedOf(rig.groq)).end();
  await done;
  await expect(openai().create(hello)).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  const stranger = fetch(`${rig.http.url}/v1/responses`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
  expect((await stranger).status).toBe(401);
});
