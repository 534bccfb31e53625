// Golden transcripts: tools of MCP servers are run by the server itself, and their results are used by a response that follows by itself.
import { describe, expect, test } from 'vitest';
import { type Rig, serverVad } from './rig.ts';
import { calling, create, docs, lastTurns, orders, running, served, typesFrom, update } from './served.ts';

const weather = { type: 'function', name: 'weather' };

describe('a call', () => {
  test('O08 S43 S44 S45 S46: is told of in its order, and a response follows that knows call and result', () => {
    const rig = served();
    rig.says('What is Parley?');
    rig.client(create);
    rig.wait(200);
    rig.fact({ kind: 'run.call', run: 'run_1', callId: 'call_1', name: 'docs__search' });
    rig.fact({ kind: 'run.arguments', run: 'run_1', callId: 'call_1', delta: '{"q":' });
    rig.fact({ kind: 'run.arguments', run: 'run_1', callId: 'call_1', delta: '"Parley"}' });
    rig.end('resp_1');
    expect(rig.endings).toEqual([]);
    rig.wait(700);
    rig.ended('mcp_1', 'A voice server.');
    expect(typesFrom(rig, 'response.output_item.added').slice(0, 11)).toEqual([
      'response.output_item.added',
      'conversation.item.added',
      'response.mcp_call_arguments.delta',
      'response.mcp_call_arguments.delta',
      'response.mcp_call_arguments.done',
      'response.mcp_call.in_progress',
      'response.mcp_call.completed',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
      'rate_limits.updated',
    ]);
    expect(rig.last('response.done').response).toMatchObject({
      status: 'completed',
      usage: { total_tokens: 30 },
      output: [
        { id: 'mcp_1', type: 'mcp_call', server_label: 'docs', name: 'search', arguments: '{"q":"Parley"}', output: 'A voice server.' },
      ],
    });
    expect(lastTurns(rig, 2)).toEqual([
      { role: 'call', callId: 'mcp_1', name: 'docs__search', arguments: '{"q":"Parley"}' },
      { role: 'result', callId: 'mcp_1', output: 'A voice server.' },
    ]);
    rig.answer('resp_2', 'It is a voice server.', 900);
    rig.wait(5000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    rig.golden('mcp-call');
  });

  test('has neither object nor status', () => {
    const rig = running(['Parley']);
    rig.ended('mcp_1', 'x');
    expect(rig.all('response.output_item.done')[0]?.item).toEqual({
      id: 'mcp_1',
      type: 'mcp_call',
      server_label: 'docs',
      name: 'search',
      arguments: '{"q":"Parley"}',
      approval_request_id: null,
      output: 'x',
      error: null,
    });
  });

  test('runs beside the others of its response, which ends with the last of them', () => {
    const rig = calling(['one', 'two', 'three']);
    // The first two are whole: they run while the model still writes the third.
    expect(orders(rig)).toEqual(['call mcp_1', 'call mcp_2']);
    rig.ended('mcp_2', 'second');
    rig.end('resp_1');
    rig.ended('mcp_3', 'third');
    expect(rig.endings).toEqual([]);
    rig.ended('mcp_1', 'first');
    expect(rig.endings).toEqual(['resp_1 completed']);
    expect(rig.last('response.done').response.output).toMatchObject([{ output: 'first' }, { output: 'second' }, { output: 'third' }]);
    expect(rig.watch.active).toBe('resp_2');
    rig.golden('mcp-calls-in-parallel');
  });

  test.each([
    { type: 'protocol_error', code: -32_602, message: 'Unknown tool' },
    { type: 'tool_execution_error', message: 'The index is gone' },
    { type: 'http_error', code: 503, message: 'Service unavailable' },
  ] as const)('S47: that fails with $type is told to the client and to the model', (error) => {
    const rig = running(['Parley']);
    rig.failed('mcp_1', error);
    expect(typesFrom(rig, 'response.mcp_call.failed').slice(0, 4)).toEqual([
      'response.mcp_call.failed',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
    ]);
    expect(rig.last('response.done').response).toMatchObject({ status: 'completed', output: [{ output: null, error }] });
    expect(lastTurns(rig, 1)).toEqual([{ role: 'result', callId: 'mcp_1', output: `The tool failed: ${error.message}` }]);
    if (error.type === 'tool_execution_error') rig.golden('mcp-call-fails');
  });

  test('may follow spoken words', () => {
    const rig = served();
    rig.client(create);
    rig.text('resp_1', 'Let me look.');
    rig.audio('resp_1', 800);
    rig.call('resp_1', 'call_1', 'docs__search', '{}');
    expect(rig.all('response.output_item.done').map(({ item }) => item.type)).toEqual(['message']);
    rig.end('resp_1');
    rig.ended('mcp_1', 'found');
    rig.answer('resp_2', 'Here it is.', 500);
    expect(rig.all('response.done')[0]?.response.output).toMatchObject([
      { type: 'message', status: 'completed' },
      { type: 'mcp_call', output: 'found' },
    ]);
    rig.golden('mcp-call-after-words');
  });

  test('beside a function call waits for the client, whose response.create is what goes on', () => {
    const rig = calling(['Parley']);
    rig.call('resp_1', 'call_2', 'weather', '{}');
    rig.end('resp_1');
    rig.ended('mcp_1', 'found');
    rig.wait(1000);
    expect(rig.watch.active).toBeUndefined();
    rig.output('call_2', 'sunny');
    expect(rig.watch.active).toBeUndefined();
    rig.client(create);
    expect(lastTurns(rig, 4)).toMatchObject([
      { role: 'call', callId: 'mcp_1' },
      { output: 'found' },
      { role: 'call', callId: 'call_2' },
      { output: 'sunny' },
    ]);
    rig.golden('mcp-call-and-function-call');
  });

  test("beside a function call is gone on from by itself on Inworld's path, when both results are there", () => {
    const rig = calling(['Parley'], { inworld: true });
    rig.call('resp_1', 'call_2', 'weather', '{}');
    rig.end('resp_1');
    rig.output('call_2', 'sunny');
    expect(rig.endings).toEqual([]);
    rig.ended('mcp_1', 'found');
    expect(rig.watch.active).toBe('resp_2');
    expect(rig.watch.responses.size).toBe(2);
  });

  test('and the response.create of a client that thinks it must ask brings no second answer', () => {
    const rig = running(['Parley']);
    rig.ended('mcp_1', 'found');
    rig.client(create);
    rig.answer('resp_2', 'Found.', 300);
    rig.wait(5000);
    expect(rig.faults).toEqual([]);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
  });

  test('is not mixed up with a new question while it is gone on from: its response.create is refused, and may be sent again', () => {
    const rig = running(['Parley']);
    rig.ended('mcp_1', 'found');
    rig.says('And who made it?');
    rig.client(create);
    expect(rig.faults).toEqual(['conversation_already_has_active_response']);
    rig.answer('resp_2', 'Found.', 300);
    rig.client(create);
    expect(rig.watch.active).toBe('resp_3');
  });

  test('ends once: a second result, and one for a call that never was, change nothing', () => {
    const rig = running(['Parley']);
    rig.ended('mcp_1', 'first');
    const before = rig.sent.length;
    rig.ended('mcp_1', 'second');
    rig.failed('mcp_9', { type: 'tool_execution_error', message: 'x' });
    expect(rig.sent.length).toBe(before);
  });

  test('goes on when its server is taken out of the session, and is not offered again', () => {
    const rig = running(['Parley']);
    rig.client(update({ tools: [] }));
    expect(orders(rig)).toEqual(['call mcp_1']);
    rig.failed('mcp_1', { type: 'protocol_error', code: -32_000, message: 'gone' });
    expect(rig.endings).toEqual(['resp_1 completed']);
    expect(rig.prompts.at(-1)?.tools).toEqual([]);
    rig.golden('mcp-server-removed');
  });

  test('that the model wrote to its limit is not run', () => {
    const rig = calling(['Parley']);
    rig.end('resp_1', { reason: 'length' });
    expect(orders(rig)).toEqual([]);
    expect(rig.last('response.done').response).toMatchObject({
      status: 'incomplete',
      output: [{ error: { type: 'tool_execution_error' } }],
    });
    expect(rig.all('response.mcp_call.in_progress')).toEqual([]);
    expect(rig.watch.active).toBeUndefined();
  });

  test('is aborted when the model fails after it', () => {
    const rig = calling(['one', 'two']);
    rig.end('resp_1', { reason: 'failed', failure: { code: 'unreachable', message: 'gone' } });
    expect(orders(rig)).toEqual(['call mcp_1', 'abort mcp_1']);
    expect(rig.all('response.mcp_call.failed')).toHaveLength(2);
    expect(rig.endings).toEqual(['resp_1 failed']);
    expect(rig.watch.active).toBeUndefined();
  });

  test('may have its item deleted while it runs: the response ends all the same', () => {
    const rig = running(['Parley']);
    rig.client({ type: 'conversation.item.delete', item_id: 'mcp_1' });
    rig.ended('mcp_1', 'found');
    expect(rig.all('conversation.item.deleted')).toHaveLength(1);
    expect(rig.all('response.output_item.done')).toHaveLength(1);
    expect(rig.endings).toEqual(['resp_1 completed']);
    expect(rig.prompts.at(-1)?.turns).toHaveLength(1);
  });
});

describe('the response after a call', () => {
  /** A response with these settings of its own has called, and its call runs. */
  const asked = (response: Record<string, unknown>) => {
    const rig = served();
    rig.client({ ...create, response });
    rig.call('resp_1', 'call_1', 'docs__search', '{}');
    rig.end('resp_1');
    return rig;
  };
  const order = (rig: Rig) => rig.effects.findLast((effect) => effect.kind === 'run.start')?.order;

  test('is made with what the session says by then', () => {
    const rig = running(['Parley']);
    rig.client(update({ instructions: 'Be kind.', output_modalities: ['text'], max_output_tokens: 50, tools: [docs(), weather] }));
    rig.ended('mcp_1', 'found');
    expect(rig.prompts.at(-1)).toMatchObject({ instructions: 'Be kind.', toolChoice: 'auto' });
    expect(rig.prompts.at(-1)?.tools.map(({ name }) => name)).toEqual(['weather', 'docs__search', 'docs__get_page']);
    expect(order(rig)).toMatchObject({ run: rig.runOf('resp_2'), modality: 'text', maxOutputTokens: 50 });
  });

  test('keeps what the client asked of the response that called, but for the choice of a tool, over what the session says by then', () => {
    const rig = asked({ instructions: 'Be short.', metadata: { topic: 'x' }, tool_choice: 'required', max_output_tokens: 20 });
    expect(rig.prompts.at(-1)?.toolChoice).toBe('required');
    rig.client(update({ instructions: 'Be kind.', audio: { output: { speed: 1.5 } } }));
    rig.ended('mcp_1', 'found');
    expect(rig.prompts.at(-1)).toMatchObject({ instructions: 'Be short.', toolChoice: 'auto' });
    expect(order(rig)).toMatchObject({ run: rig.runOf('resp_2'), maxOutputTokens: 20, speed: 1.5 });
    expect(rig.last('response.created').response.metadata).toEqual({ topic: 'x' });
    // And so does the one after that, when it calls in its turn.
    rig.call('resp_2', 'call_2', 'docs__get_page', '{}');
    rig.end('resp_2');
    rig.client(update({ tool_choice: 'none', audio: { output: { speed: 1 } } }));
    rig.ended('mcp_2', 'page');
    expect(rig.prompts.at(-1)).toMatchObject({ instructions: 'Be short.', toolChoice: 'auto' });
    expect(order(rig)).toMatchObject({ run: rig.runOf('resp_3'), maxOutputTokens: 20, speed: 1 });
  });

  test('does not look for what the client put into the response that called: it has the conversation', () => {
    const rig = asked({ input: [{ type: 'message', role: 'user', content: 'What is Parley?' }] });
    rig.ended('mcp_1', 'found');
    expect(rig.prompts.at(-1)?.turns.map(({ role }) => role)).toEqual(['call', 'result']);
  });

  test('calls nothing when the session or the client has chosen none, and a tool that was chosen may be gone', () => {
    const none = running(['Parley']);
    none.client(update({ tool_choice: 'none' }));
    none.ended('mcp_1', 'found');
    expect(none.prompts.at(-1)?.toolChoice).toBe('none');
    const gone = asked({ tool_choice: { type: 'mcp', server_label: 'docs', name: 'search' } });
    gone.client(update({ tools: [] }));
    gone.failed('mcp_1', { type: 'protocol_error', code: -32_000, message: 'gone' });
    expect(gone.prompts.at(-1)).toMatchObject({ tools: [], toolChoice: 'auto' });
  });

  test('that waits for the user to finish is made with what the session says then', () => {
    const rig = running(['Parley'], { turnDetection: { ...serverVad, interrupt_response: false, create_response: false } });
    rig.beginSpeech();
    rig.ended('mcp_1', 'found');
    rig.client(update({ instructions: 'Be kind.' }));
    rig.hear(400);
    rig.pauseSpeech();
    rig.hear(400);
    rig.transcript('item_2', 'Take your time.');
    expect(rig.prompts).toHaveLength(2);
    expect(rig.prompts.at(-1)?.instructions).toBe('Be kind.');
  });

  test('keeps the voice it was asked for, though the session is locked to its own by then', () => {
    const rig = served({ voiceLock: true });
    rig.says('What is Parley?');
    rig.client({ type: 'response.create', response: { audio: { output: { voice: 'Sarah' } } } });
    rig.text('resp_1', 'Let me look.');
    rig.audio('resp_1', 500);
    rig.call('resp_1', 'call_1', 'docs__search', '{}');
    rig.end('resp_1');
    rig.ended('mcp_1', 'found');
    expect(rig.effects.flatMap((effect) => (effect.kind === 'run.start' ? [effect.order.voice] : []))).toEqual(['Sarah', 'Sarah']);
  });
});
