// Golden transcripts: function calls, how a conversation goes on after them, and the reflexes of clients.
import { describe, expect, test } from 'vitest';
import { Rig, type RigOptions } from './rig.ts';

const create = { type: 'response.create' };

/** A rig whose model has just called for the weather in these towns, and its response has ended. */
function called(towns: readonly string[], options: RigOptions = {}): Rig {
  const rig = calling(towns, options);
  rig.end('resp_1');
  return rig;
}

function calling(towns: readonly string[], options: RigOptions = {}): Rig {
  const rig = new Rig({ turnDetection: null, ...options });
  rig.says('How is the weather?');
  rig.client(create);
  rig.wait(300);
  towns.forEach((town, index) => rig.call('resp_1', `call_${index + 1}`, 'weather', JSON.stringify({ town })));
  return rig;
}

describe('a function call', () => {
  test('B6: without arguments has an empty object, and so has each of several', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('What time is it, and where am I?');
    rig.client(create);
    rig.fact({ kind: 'run.call', run: 'run_1', callId: 'call_1', name: 'time' });
    rig.fact({ kind: 'run.call', run: 'run_1', callId: 'call_2', name: 'place' });
    rig.end('resp_1');
    expect(rig.last('response.done').response.output).toMatchObject([{ arguments: '{}' }, { arguments: '{}' }]);
    expect(rig.all('response.function_call_arguments.done').map((done) => done.arguments)).toEqual(['{}', '{}']);
    rig.golden('calls-without-arguments');
  });

  test('O03 O04 C23: follows the words before it as a second item, and its result is told by the next response', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('How is the weather in Rome?');
    rig.client(create);
    rig.text('resp_1', 'Let me see.');
    rig.audio('resp_1', 700);
    rig.fact({ kind: 'run.call', run: 'run_1', callId: 'call_1', name: 'weather' });
    rig.fact({ kind: 'run.arguments', run: 'run_1', callId: 'call_1', delta: '{"town":' });
    rig.fact({ kind: 'run.arguments', run: 'run_1', callId: 'call_1', delta: '"Rome"}' });
    rig.end('resp_1');
    expect(rig.last('response.done').response.output).toMatchObject([
      { type: 'message', status: 'completed' },
      { type: 'function_call', status: 'completed', call_id: 'call_1', name: 'weather', arguments: '{"town":"Rome"}' },
    ]);
    rig.output('call_1', 'sunny');
    expect(rig.watch.responses.size).toBe(1);
    rig.client(create);
    expect(rig.prompts.at(-1)?.turns.slice(-2)).toEqual([
      { role: 'call', callId: 'call_1', name: 'weather', arguments: '{"town":"Rome"}' },
      { role: 'result', callId: 'call_1', output: 'sunny' },
    ]);
    rig.answer('resp_2', 'Sunny.', 400);
    rig.golden('function-call');
  });

  test('O04: two calls of one response are two items, one after the other', () => {
    const rig = called(['Rome', 'Oslo']);
    rig.output('call_2', 'snow');
    rig.output('call_1', 'sunny');
    rig.client(create);
    rig.answer('resp_2', 'Sun in Rome, snow in Oslo.', 900);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    rig.golden('two-calls');
  });

  test('C26: an output for a call that was never made is refused', () => {
    const rig = called(['Rome']);
    rig.output('call_9', 'sunny');
    expect(rig.last('error').error).toMatchObject({
      code: 'invalid_tool_call_id',
      param: null,
      message: "Tool call ID 'call_9' not found in conversation.",
    });
    rig.golden('unknown-call');
  });

  test('without its result is told to the model as still running', () => {
    const rig = called(['Rome']);
    rig.says('Well?');
    rig.client(create);
    expect(rig.prompts.at(-1)?.turns).toContainEqual({ role: 'result', callId: 'call_1', output: '(no result yet)' });
  });

  test('that was cut short is not told to the model at all', () => {
    const rig = calling(['Rome']);
    rig.client({ type: 'response.cancel' });
    rig.says('Forget it.');
    rig.client(create);
    expect(rig.prompts.at(-1)?.turns.map(({ role }) => role)).toEqual(['user', 'user']);
  });
});

describe('a response.create that comes early', () => {
  test('C41: with the result, before the calling response is done, is kept and not refused', () => {
    const rig = calling(['Rome']);
    rig.output('call_1', 'sunny');
    rig.client(create);
    expect(rig.faults).toEqual([]);
    expect(rig.watch.responses.size).toBe(1);
    rig.end('resp_1');
    expect(rig.watch.active).toBe('resp_2');
    expect(rig.prompts.at(-1)?.turns.at(-1)).toMatchObject({ role: 'result', output: 'sunny' });
    rig.answer('resp_2', 'Sunny.', 400);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    rig.golden('early-response-create');
  });

  test('B10: two that are accepted are two responses, in their order', () => {
    const rig = calling(['Rome']);
    rig.output('call_1', 'sunny');
    rig.client(create);
    rig.client({ ...create, response: { metadata: { n: '2' } } });
    expect(rig.faults).toEqual([]);
    rig.end('resp_1');
    rig.answer('resp_2', 'Sunny.', 400);
    rig.answer('resp_3', 'Still sunny.', 400);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed', 'resp_3 completed']);
    expect(rig.all('response.created').map(({ response }) => response.metadata)).toEqual([null, null, { n: '2' }]);
    rig.golden('two-response-creates');
  });

  test('and is doubled, brings one response: the second is refused', () => {
    const rig = calling(['Rome']);
    rig.output('call_1', 'sunny');
    rig.client(create);
    rig.client({ ...create, event_id: 'second' });
    expect(rig.last('error').error).toMatchObject({ code: 'conversation_already_has_active_response', event_id: 'second' });
    rig.end('resp_1');
    rig.client({ ...create, event_id: 'third' });
    expect(rig.last('error').error).toMatchObject({ code: 'conversation_already_has_active_response', event_id: 'third' });
    rig.answer('resp_2', 'Sunny.', 400);
    rig.wait(5000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    rig.golden('doubled-response-create');
  });

  test('brings nothing new when the outputs are old: it is refused, even while words are still awaited', () => {
    const rig = called(['Rome']);
    rig.output('call_1', 'sunny');
    rig.client(create);
    rig.answer('resp_2', 'Sunny.', 400);
    rig.hear(500);
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.client(create);
    rig.client({ ...create, event_id: 'stray' });
    expect(rig.last('error').error).toMatchObject({ code: 'conversation_already_has_active_response', event_id: 'stray' });
    rig.transcript('item_5', 'Thanks.');
    rig.answer('resp_3', 'Welcome.', 400);
    expect(rig.endings).toHaveLength(3);
    expect(rig.watch.unfinished).toEqual([]);
  });
});

describe("on Inworld's path", () => {
  test('C23 F37: the server goes on by itself, and the response.create clients are told to send is no second one', () => {
    const rig = called(['Rome'], { inworld: true });
    rig.output('call_1', 'sunny');
    expect(rig.watch.active).toBe('resp_2');
    rig.client(create);
    expect(rig.faults).toEqual([]);
    rig.answer('resp_2', 'Sunny.', 400);
    rig.wait(5000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    rig.golden('inworld-continuation');
  });

  test('the superfluous response.create may even come after the continuation has ended', () => {
    const rig = called(['Rome'], { inworld: true });
    rig.output('call_1', 'sunny');
    rig.answer('resp_2', 'Sunny.', 400);
    rig.wait(100);
    rig.client(create);
    rig.wait(5000);
    expect(rig.faults).toEqual([]);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
  });

  test('the server waits for the outputs of all calls of the response', () => {
    const rig = called(['Rome', 'Oslo'], { inworld: true });
    rig.output('call_1', 'sunny');
    expect(rig.watch.active).toBeUndefined();
    rig.output('call_2', 'snow');
    expect(rig.watch.active).toBe('resp_2');
    rig.golden('inworld-two-calls');
  });

  test('an output that comes before its response is done is gone on from when it is', () => {
    const rig = calling(['Rome'], { inworld: true });
    rig.output('call_1', 'sunny');
    rig.client(create);
    rig.end('resp_1');
    rig.client({ ...create, event_id: 'again' });
    rig.answer('resp_2', 'Sunny.', 400);
    rig.wait(5000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
  });

  test('a call that was given up in an interruption does not silence the calls after it', () => {
    const rig = calling(['Rome', 'Oslo'], { inworld: true });
    rig.client({ type: 'response.cancel' });
    rig.says('Only Bern.');
    rig.client(create);
    rig.call('resp_2', 'call_3', 'weather', '{"town":"Bern"}');
    rig.end('resp_2');
    rig.output('call_3', 'fog');
    expect(rig.watch.active).toBe('resp_3');
    rig.golden('inworld-abandoned-call');
  });

  test('a history that a client puts in is not answered', () => {
    const rig = new Rig({ turnDetection: null, inworld: true });
    rig.client({ type: 'conversation.item.create', item: { type: 'function_call', call_id: 'old', name: 'weather', arguments: '{}' } });
    rig.output('old', 'rain');
    expect(rig.watch.responses.size).toBe(0);
  });

  test.each([{ auto_tool_response: false }, { autoToolResponse: false }])('F37: the client may go on by itself: %j', (providerData) => {
    const rig = called(['Rome'], { inworld: true });
    rig.client({ type: 'session.update', session: { providerData } });
    rig.output('call_1', 'sunny');
    expect(rig.watch.active).toBeUndefined();
    rig.client(create);
    expect(rig.watch.active).toBe('resp_2');
  });

  test('F37: and elsewhere the server may be asked to go on by itself', () => {
    const rig = called(['Rome']);
    rig.client({ type: 'session.update', session: { providerData: { auto_tool_response: true } } });
    rig.output('call_1', 'sunny');
    expect(rig.watch.active).toBe('resp_2');
  });

  test('a response that failed before it said anything may be asked for again at once', () => {
    const rig = new Rig({ turnDetection: null, inworld: true });
    rig.says('Hello.');
    rig.client(create);
    rig.end('resp_1', { reason: 'failed', failure: { code: 'unreachable', message: 'gone' } });
    rig.client(create);
    expect(rig.faults).toEqual([]);
    expect(rig.watch.active).toBe('resp_2');
  });
});

describe("Inworld's sample, which answers every conversation.item.done with response.create,", () => {
  test.each([0, 50, 300])('O10: does not talk to itself when it does so after %i ms', (delayMs) => {
    const rig = new Rig({ inworld: true });
    let reflexes = 0;
    rig.onEvent = (event) => {
      if (event.type !== 'conversation.item.done') return;
      reflexes += 1;
      rig.after(delayMs, () => rig.client({ type: 'response.create', event_id: `reflex_${reflexes}` }));
    };
    for (const item of ['item_1', 'item_3']) {
      rig.hear(400);
      rig.utter(600);
      rig.transcript(item, 'Hello there.');
      rig.wait(250);
      const active = rig.watch.active ?? 'none';
      rig.text(active, 'Hello, ');
      rig.wait(100);
      rig.text(active, 'how are you?');
      rig.audio(active, 1500);
      rig.wait(100);
      rig.end(active);
      rig.wait(8000);
    }
    // Two turns, two answers, four items that were done, and four reflexes of which none was answered.
    expect(reflexes).toBe(4);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    expect(rig.faults).toEqual(Array.from({ length: 4 }, () => 'conversation_already_has_active_response'));
    rig.golden(`inworld-sample-${delayMs}`);
  });

  test('does not talk over the user when an interrupted item is done', () => {
    const rig = new Rig({ inworld: true });
    rig.onEvent = (event) => {
      if (event.type === 'conversation.item.done') rig.after(300, () => rig.client(create));
    };
    rig.utter(600);
    rig.transcript('item_1', 'Tell me a story.');
    rig.text('resp_1', 'Once upon a time');
    rig.audio('resp_1', 2000);
    rig.hear(400);
    rig.utter(1500);
    rig.transcript('item_3', 'Another one.');
    rig.answer('resp_2', 'There was a king.', 1000);
    rig.wait(8000);
    expect(rig.endings).toEqual(['resp_1 cancelled', 'resp_2 completed']);
    rig.golden('inworld-sample-interrupted');
  });
});
