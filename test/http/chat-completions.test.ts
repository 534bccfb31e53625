// Answers without a session, as OpenAI's client asks for them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { askedOf, type TextRig, textRig } from './text-rig.ts';

let rig: TextRig;
beforeEach(async () => {
  rig = await textRig();
});
afterEach(() => rig.close());

const openai = () => rig.openai.chat.completions;
const hello = { model: 'groq/llama-4', messages: [{ role: 'user' as const, content: 'Hello.' }] };

describe('an answer', () => {
  test('is the model’s, with what it used; the model is told all that was said', async () => {
    const done = openai().create({
      ...hello,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: 'In English.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
          ],
        },
        {
          role: 'assistant',
          content: 'Let me look.',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'A cat.' },
      ],
      temperature: 0.5,
      max_completion_tokens: 40,
      stop: 'END',
      user: 'ann',
      prompt_cache_key: 'talk-1',
    });
    const call = await askedOf(rig.groq);
    call.text('A ', 'cat.');
    call.end();
    expect(await done).toMatchObject({
      object: 'chat.completion',
      model: 'groq/llama-4',
      choices: [{ index: 0, message: { role: 'assistant', content: 'A cat.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    });
    expect(call.prompt).toEqual({
      instructions: 'Be brief.\n\nIn English.',
      turns: [
        {
          role: 'user',
          parts: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', url: 'data:image/png;base64,AA==', detail: 'auto' },
          ],
        },
        { role: 'assistant', text: 'Let me look.', interrupted: false },
        { role: 'call', callId: 'c1', name: 'look', arguments: '{}' },
        { role: 'result', callId: 'c1', output: 'A cat.' },
      ],
      tools: [],
      toolChoice: 'auto',
    });
    expect(call.options).toMatchObject({
      model: 'llama-4',
      temperature: 0.5,
      maxOutputTokens: 40,
      sampling: { stopSequences: ['END'] },
      behalf: { user: 'ann' },
      conversation: 'talk-1',
    });
  });

  test('comes as it is made, with calls of functions and its usage at the end', async () => {
    const stream = await Promise.all([
      openai().create({
        ...hello,
        stream: true,
        stream_options: { include_usage: true },
        tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } }],
        tool_choice: { type: 'function', function: { name: 'weather' } },
      }),
      askedOf(rig.groq).then((call) => {
        call.text('One moment.');
        call.give({ type: 'call', callId: 'c1', name: 'weather' });
        call.give({ type: 'arguments', callId: 'c1', delta: '{"city":' });
        call.give({ type: 'arguments', callId: 'c1', delta: '"Rome"}' });
        call.end('tool_calls');
      }),
    ]);
    const chunks = [];
    for await (const chunk of stream[0]) chunks.push(chunk);
    expect(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('')).toBe('One moment.');
    const called = chunks.flatMap(({ choices: [choice] }) => choice?.delta.tool_calls ?? []);
    expect(called.map((each) => each.function?.arguments).join('')).toBe('{"city":"Rome"}');
    expect(called[0]).toMatchObject({ index: 0, id: 'c1', function: { name: 'weather' } });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('tool_calls');
    expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 3 });
    expect(rig.groq.last.prompt.toolChoice).toEqual({ name: 'weather' });
  });

  test('of those who name no model is the usual one’s', async () => {
    const done = openai().create({ ...hello, model: '' });
    (await askedOf(rig.groq)).end();
    await done;
    expect(rig.groq.last.options.model).toBe('usual');
  });

  test('is dropped at the model when whoever asked has gone', async () => {
    const gone = new AbortController();
    const done = openai().create(hello, { signal: gone.signal });
    done.catch(() => {});
    const call = await askedOf(rig.groq);
    gone.abort();
    await expect.poll(() => call.signal.aborted).toBe(true);
  });
});

describe('models that are named for one request', () => {
  test('are asked in turn, and the answer tells of them', async () => {
    const done = openai().create({ ...hello, extra_body: { models: ['xai/grok-4'] } } as never);
    (await askedOf(rig.groq)).fail(new EngineError('groq', 'broken', 'It broke off.'));
    const next = await askedOf(rig.xai);
    next.text('Hi.');
    next.end();
    expect(await done).toMatchObject({
      choices: [{ message: { content: 'Hi.' } }],
      metadata: {
        attempts: [
          { model: 'groq/llama-4', success: false, error: 'broken' },
          { model: 'xai/grok-4', success: true },
        ],
      },
    });
  });
});

describe('a request that cannot be used', () => {
  test.each([
    [{ model: 'nobody/x' }, 400, 'model'],
    [{ messages: [] }, 400, 'messages'],
    [{ messages: [{ role: 'narrator', content: 'x' }] }, 400, 'messages.0.role'],
    [{ temperature: 3 }, 400, 'temperature'],
    [{ n: 2 }, 400, 'n'],
    [{ response_format: { type: 'json_object' } }, 400, 'response_format.type'],
    [{ sort: [{ metric: 'beauty' }] }, 400, undefined],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://127.0.0.1/secret' } }] }] }, 400, 'messages'],
  ])('%j is refused', async (more, status, param) => {
    const asked = openai().create({ ...hello, ...more } as never);
    await expect(asked).rejects.toMatchObject({ status, ...(param === undefined ? {} : { param }) });
    expect(rig.groq.calls).toHaveLength(0);
  });

  test.each([
    ['unauthorized', 503],
    ['rate_limited', 429],
    ['rejected', 400],
    ['timeout', 504],
  ] as const)('for the model’s own reason (%s) is answered with %i and none of its words', async (reason, status) => {
    const done = openai().create(hello);
    (await askedOf(rig.groq)).fail(new EngineError('groq', reason, 'a secret of the operator'));
    await expect(done).rejects.toMatchObject({ status, code: reason, message: expect.not.stringContaining('secret') as string });
  });
});
