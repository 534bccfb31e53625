// Golden transcripts: calls of MCP tools that need the user's leave.
import { describe, expect, test } from 'vitest';
import { type Rig, serverVad } from './rig.ts';
import { calling, create, docs, lastTurns, orders, running, served, typesFrom, update } from './served.ts';

/** A rig that has asked for leave (mcpr_1 and on), and whose response has ended. */
function asking(queries: readonly string[] = ['Parley'], more: Parameters<typeof calling>[1] = {}): Rig {
  return running(queries, more, { require_approval: 'always' });
}

describe('a call that needs leave', () => {
  test('C25 O08: becomes a request; once it is allowed it runs, and a response follows', () => {
    const rig = asking();
    expect(orders(rig)).toEqual([]);
    expect(rig.last('response.done').response).toMatchObject({
      status: 'completed',
      output: [{ id: 'mcpr_1', type: 'mcp_approval_request', server_label: 'docs', name: 'search', arguments: '{"q":"Parley"}' }],
    });
    rig.wait(4000);
    expect(rig.watch.active).toBeUndefined();
    rig.decides('mcpr_1', true);
    expect(rig.watch.active).toBe('resp_2');
    expect(orders(rig)).toEqual(['call mcp_1']);
    rig.ended('mcp_1', 'A voice server.');
    expect(rig.last('response.done').response.output).toMatchObject([
      { type: 'mcp_call', approval_request_id: 'mcpr_1', arguments: '{"q":"Parley"}' },
    ]);
    expect(lastTurns(rig, 3)).toEqual([
      { role: 'user', parts: [{ type: 'text', text: 'What is Parley?' }] },
      { role: 'call', callId: 'mcp_1', name: 'docs__search', arguments: '{"q":"Parley"}' },
      { role: 'result', callId: 'mcp_1', output: 'A voice server.' },
    ]);
    rig.answer('resp_3', 'A voice server.', 500);
    rig.wait(5000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed', 'resp_3 completed']);
    rig.golden('mcp-approval-given');
  });

  test('C25: is not run when it is refused, and the model is told why', () => {
    const rig = asking();
    rig.decides('mcpr_1', false, { id: 'mine', reason: 'That is private.' });
    expect(rig.all('conversation.item.done').at(-1)?.item).toEqual({
      id: 'mine',
      type: 'mcp_approval_response',
      approval_request_id: 'mcpr_1',
      approve: false,
      reason: 'That is private.',
    });
    expect(orders(rig)).toEqual([]);
    expect(lastTurns(rig, 2)).toEqual([
      { role: 'call', callId: 'mcpr_1', name: 'docs__search', arguments: '{"q":"Parley"}' },
      { role: 'result', callId: 'mcpr_1', output: 'The user did not allow this: That is private.' },
    ]);
    rig.answer('resp_2', 'Very well.', 400);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    rig.golden('mcp-approval-refused');
  });

  test('is told to the model as waiting, as long as nobody has decided', () => {
    const rig = asking();
    rig.says('Well?');
    rig.client(create);
    expect(rig.prompts.at(-1)?.turns).toContainEqual({ role: 'result', callId: 'mcpr_1', output: '(waiting for the user to allow this)' });
  });

  test('C25: is decided once', () => {
    const rig = asking();
    rig.decides('mcpr_1', false);
    const conversation = [...rig.watch.conversation];
    rig.client({
      type: 'conversation.item.create',
      event_id: 'again',
      item: { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
    });
    expect(rig.last('error').error).toMatchObject({ code: 'invalid_value', param: 'item.approval_request_id', event_id: 'again' });
    expect(rig.last('error').error.message).toContain('answered already');
    expect(rig.watch.conversation).toEqual(conversation);
    expect(orders(rig)).toEqual([]);
    rig.golden('mcp-approval-twice');
  });

  test('is decided for good: deleting the answer does not take it back', () => {
    const rig = asking();
    rig.decides('mcpr_1', true, { id: 'mine' });
    rig.ended('mcp_1', 'found');
    rig.client({ type: 'conversation.item.delete', item_id: 'mine' });
    rig.decides('mcpr_1', true);
    expect(rig.faults).toEqual(['invalid_value']);
    expect(orders(rig)).toEqual(['call mcp_1']);
  });

  test('C25: must have been asked for', () => {
    const rig = asking();
    rig.decides('mcpr_9', true);
    rig.decides('item_1', true);
    expect(rig.all('error').map(({ error }) => [error.code, error.param])).toEqual([
      ['invalid_value', 'item.approval_request_id'],
      ['invalid_value', 'item.approval_request_id'],
    ]);
    expect(rig.watch.responses.size).toBe(1);
  });

  test('that was cut short is no request', () => {
    const rig = calling(['Parley'], {}, { require_approval: 'always' });
    rig.client({ type: 'response.cancel' });
    expect(rig.last('response.done').response.output).toEqual([]);
    expect(rig.watch.requests).toEqual([]);
  });

  test('may be one of several: all that are allowed while one runs are run together after it', () => {
    const rig = asking(['one', 'two', 'three', 'four']);
    rig.decides('mcpr_1', true);
    rig.decides('mcpr_2', true);
    rig.decides('mcpr_3', false);
    rig.decides('mcpr_4', true);
    expect(orders(rig)).toEqual(['call mcp_1']);
    rig.ended('mcp_1', 'first');
    expect(orders(rig)).toEqual(['call mcp_1', 'call mcp_2', 'call mcp_3']);
    rig.ended('mcp_3', 'fourth');
    rig.ended('mcp_2', 'second');
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed', 'resp_3 completed']);
    expect(rig.prompts.at(-1)?.turns.flatMap((turn) => (turn.role === 'result' ? turn.output : []))).toEqual([
      'The user did not allow this.',
      'first',
      'second',
      'fourth',
    ]);
    rig.answer('resp_4', 'There you are.', 400);
    rig.wait(3000);
    expect(rig.watch.responses.size).toBe(4);
    rig.golden('mcp-approvals');
  });

  test('may be followed by a response.create of the client each time: there is one answer in the end', () => {
    const rig = asking(['one', 'two']);
    rig.decides('mcpr_1', true);
    rig.client(create);
    rig.decides('mcpr_2', true);
    rig.client({ ...create, response: { metadata: { n: '2' } } });
    rig.ended('mcp_1', 'first');
    rig.ended('mcp_2', 'second');
    // What it asked for in particular is not lost.
    expect(rig.last('response.created').response).toMatchObject({ id: 'resp_4', metadata: { n: '2' } });
    expect(lastTurns(rig, 1)).toMatchObject([{ output: 'second' }]);
    rig.answer('resp_4', 'Both.', 300);
    rig.wait(3000);
    expect(rig.faults).toEqual([]);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed', 'resp_3 completed', 'resp_4 completed']);
  });

  test('that is allowed while the user speaks is run when the turn has ended, before it is answered', () => {
    const rig = asking(['Parley'], { turnDetection: serverVad });
    rig.hear(100);
    rig.beginSpeech();
    rig.decides('mcpr_1', true);
    expect(orders(rig)).toEqual([]);
    rig.hear(400);
    rig.pauseSpeech();
    rig.hear(500);
    expect(orders(rig)).toEqual(['call mcp_1']);
    rig.transcript(rig.last('input_audio_buffer.committed').item_id, 'Yes, go ahead.');
    rig.ended('mcp_1', 'found');
    expect(lastTurns(rig, 3)).toMatchObject([{ role: 'user' }, { role: 'call' }, { role: 'result', output: 'found' }]);
    rig.answer('resp_3', 'Found.', 400);
    rig.wait(2000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed', 'resp_3 completed']);
    rig.golden('mcp-approval-in-speech');
  });

  test('that is allowed during another answer, which is then interrupted, is run all the same', () => {
    const rig = asking(['Parley'], { turnDetection: serverVad });
    rig.says('Hm.');
    rig.client(create);
    rig.text('resp_2', 'Shall I?');
    rig.decides('mcpr_1', true);
    rig.hear(100);
    rig.utter(600);
    expect(orders(rig)).toEqual(['call mcp_1']);
  });

  test('is interrupted like any other once it runs, and the model knows', () => {
    const rig = asking();
    rig.decides('mcpr_1', true);
    rig.client({ type: 'response.cancel' });
    rig.ended('mcp_1', 'too late');
    expect(orders(rig)).toEqual(['call mcp_1', 'abort mcp_1']);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 cancelled']);
    rig.client(create);
    expect(lastTurns(rig, 2)).toMatchObject([{ role: 'call', callId: 'mcp_1' }, { output: 'The tool failed: The call was interrupted.' }]);
  });

  test('needs no model to be run, nor words that are still being recognised', () => {
    const rig = asking();
    rig.hear(500);
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.decides('mcpr_1', true);
    expect(rig.prompts).toHaveLength(1);
    expect(orders(rig)).toEqual(['call mcp_1']);
    expect(typesFrom(rig, 'response.mcp_call_arguments.done')).toEqual([
      'response.mcp_call_arguments.done',
      'response.mcp_call.in_progress',
    ]);
  });

  test('waits for the client, though a call beside it needed none', () => {
    const rig = served({}, { require_approval: { never: { read_only: true } } });
    rig.client(create);
    rig.call('resp_1', 'call_1', 'docs__get_page', '{}');
    rig.call('resp_1', 'call_2', 'docs__search', '{}');
    rig.end('resp_1');
    rig.ended('mcp_1', 'page');
    rig.wait(1000);
    expect(rig.watch.active).toBeUndefined();
    rig.decides('mcpr_1', true);
    rig.ended('mcp_2', 'found');
    expect(rig.watch.active).toBe('resp_3');
    rig.golden('mcp-approval-beside-call');
  });
});

describe('leave is needed', () => {
  test.each<[unknown, search: boolean, getPage: boolean]>([
    [undefined, true, true],
    [null, true, true],
    ['always', true, true],
    ['never', false, false],
    [{}, true, true],
    [{ never: {} }, true, true],
    [{ never: { tool_names: ['search'] } }, false, true],
    [{ never: { read_only: true } }, true, false],
    [{ never: { read_only: false } }, true, true],
    [{ never: { tool_names: ['search', 'get_page'], read_only: true } }, true, false],
    [{ always: { tool_names: ['search'] } }, true, true],
    [{ always: { tool_names: ['search'] }, never: { tool_names: ['search', 'get_page'] } }, true, false],
  ])('F12: under require_approval %j: search %j, get_page %j', (require_approval, search, getPage) => {
    const rig = served();
    const { require_approval: _, ...server } = docs();
    rig.client(update({ tools: [{ ...server, ...(require_approval === undefined ? {} : { require_approval }) }] }));
    expect(rig.faults).toEqual([]);
    if (rig.watch.lists.has('mcpl_2')) rig.listed('mcpl_2', 'search', 'get_page');
    rig.client(create);
    rig.call('resp_1', 'call_1', 'docs__search', '{}');
    rig.call('resp_1', 'call_2', 'docs__get_page', '{}');
    rig.end('resp_1');
    const asked = rig.all('response.output_item.added').flatMap(({ item }) => (item.type === 'mcp_approval_request' ? item.name : []));
    expect(asked).toEqual([...(search ? ['search'] : []), ...(getPage ? ['get_page'] : [])]);
  });
});
