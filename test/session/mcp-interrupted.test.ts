// Golden transcripts: what becomes of a running MCP call that is not waited for, and how often the server goes on by itself.
import { describe, expect, test } from 'vitest';
import { serverVad } from './rig.ts';
import { calling, create, docs, lastTurns, orders, running, served, typesFrom, update } from './served.ts';

describe('a running call is interrupted', () => {
  test('by response.cancel: it has failed, the response ends once, and nothing follows', () => {
    const rig = running(['one', 'two']);
    rig.ended('mcp_1', 'found');
    rig.wait(300);
    rig.client({ type: 'response.cancel' });
    rig.ended('mcp_2', 'too late');
    rig.wait(100_000);
    expect(orders(rig)).toEqual(['call mcp_1', 'call mcp_2', 'abort mcp_2']);
    expect(rig.last('response.done').response).toMatchObject({
      status: 'cancelled',
      status_details: { reason: 'client_cancelled' },
      output: [
        { output: 'found', error: null },
        { output: null, error: { type: 'tool_execution_error' } },
      ],
    });
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    expect(rig.all('response.created')).toHaveLength(1);
    rig.golden('mcp-cancel');
  });

  test('by response.cancel while its arguments are written: it was never run', () => {
    const rig = calling(['Parley']);
    rig.client({ type: 'response.cancel' });
    expect(orders(rig)).toEqual([]);
    expect(typesFrom(rig, 'response.mcp_call_arguments.done')).toEqual([
      'response.mcp_call_arguments.done',
      'response.mcp_call.failed',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
      'rate_limits.updated',
    ]);
  });

  test('by the user: the new turn is answered, and the model knows that the call was interrupted', () => {
    const rig = running(['Parley'], { turnDetection: serverVad });
    rig.hear(300);
    rig.utter(600);
    rig.ended('mcp_1', 'too late');
    expect(orders(rig)).toEqual(['call mcp_1', 'abort mcp_1']);
    rig.transcript(rig.last('input_audio_buffer.committed').item_id, 'Never mind.');
    expect(lastTurns(rig, 3)).toMatchObject([
      { role: 'call', callId: 'mcp_1' },
      { role: 'result', output: 'The tool failed: The call was interrupted.' },
      { role: 'user' },
    ]);
    rig.answer('resp_2', 'All right.', 500);
    expect(rig.endings).toEqual(['resp_1 cancelled', 'resp_2 completed']);
    expect(rig.all('response.done')[0]?.response.status_details).toEqual({ type: 'cancelled', reason: 'turn_detected' });
    rig.golden('mcp-barge-in');
  });

  test('not, where the user may not interrupt: the turn waits, and its answer knows the result', () => {
    const rig = running(['Parley'], { turnDetection: { ...serverVad, interrupt_response: false } });
    rig.hear(300);
    rig.utter(600);
    const turn = rig.last('input_audio_buffer.committed').item_id;
    rig.transcript(turn, 'And what else?');
    expect(rig.endings).toEqual([]);
    rig.ended('mcp_1', 'found');
    // One answer, to both.
    expect(rig.watch.active).toBe('resp_2');
    expect(lastTurns(rig, 3)).toMatchObject([{ role: 'call' }, { role: 'result', output: 'found' }, { role: 'user' }]);
    rig.answer('resp_2', 'Both.', 500);
    rig.wait(3000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    rig.golden('mcp-turn-waits');
  });

  test('by nobody ending it for ninety seconds', () => {
    const rig = running(['Parley']);
    rig.wait(89_999);
    expect(rig.endings).toEqual([]);
    rig.wait(1);
    expect(orders(rig)).toEqual(['call mcp_1', 'abort mcp_1']);
    expect(rig.last('response.done').response.status_details).toMatchObject({ type: 'failed', error: { code: 'timeout' } });
    expect(rig.watch.active).toBeUndefined();
    rig.golden('mcp-call-stalls');
  });

  test('not by its slowness, as long as others end', () => {
    const rig = running(['one', 'two']);
    rig.wait(60_000);
    rig.ended('mcp_1', 'found');
    rig.wait(60_000);
    rig.ended('mcp_2', 'found');
    expect(rig.endings).toEqual(['resp_1 completed']);
  });

  test('by the end of the session', () => {
    const rig = running(['Parley'], { lifeMs: 20_000 });
    rig.wait(20_000);
    expect(orders(rig)).toEqual(['call mcp_1', 'abort mcp_1']);
    expect(rig.endings).toEqual(['resp_1 failed']);
    expect(rig.watch.closed).toBe(true);
    rig.golden('mcp-session-expires');
  });
});

describe('the server goes on by itself', () => {
  test('at most sixteen times in a row: the last time the model is told not to call, and it is not asked again if it does', () => {
    const rig = running(['Parley']);
    for (let n = 1; n <= 16; n += 1) {
      rig.ended(`mcp_${n}`, 'again');
      expect(rig.watch.active).toBe(`resp_${n + 1}`);
      expect(rig.prompts.at(-1)?.toolChoice).toBe(n < 16 ? 'auto' : 'none');
      rig.call(`resp_${n + 1}`, `more_${n}`, 'docs__search', '{}');
      rig.end(`resp_${n + 1}`);
    }
    rig.ended('mcp_17', 'again');
    expect(rig.watch.active).toBeUndefined();
    // Whoever asks again has sixteen more.
    rig.client(create);
    rig.call('resp_18', 'call_1', 'docs__search', '{}');
    rig.end('resp_18');
    rig.ended('mcp_18', 'once more');
    expect(rig.prompts.at(-1)?.toolChoice).toBe('auto');
  });

  test('without forcing again a call that was forced', () => {
    const rig = served();
    rig.client(update({ tool_choice: { type: 'mcp', server_label: 'docs', name: 'search' } }));
    rig.client(create);
    expect(rig.prompts.at(-1)?.toolChoice).toEqual({ name: 'docs__search' });
    rig.call('resp_1', 'call_1', 'docs__search', '{}');
    rig.end('resp_1');
    rig.ended('mcp_1', 'found');
    expect(rig.prompts.at(-1)?.toolChoice).toBe('auto');
  });

  test("with the response's own settings, and the whole conversation", () => {
    const rig = served();
    rig.says('One.');
    rig.client({
      ...create,
      response: { input: [{ type: 'message', role: 'user', content: 'Two.' }], output_modalities: ['text'], metadata: { n: '1' } },
    });
    rig.call('resp_1', 'call_1', 'docs__search', '{}');
    rig.end('resp_1');
    rig.ended('mcp_1', 'found');
    expect(rig.last('response.created').response).toMatchObject({ output_modalities: ['text'], metadata: { n: '1' } });
    expect(rig.prompts.at(-1)?.turns.map(({ role }) => role)).toEqual(['user', 'call', 'result']);
  });

  test('while the microphone is on: not as long as somebody speaks', () => {
    const rig = running(['Parley'], { turnDetection: { ...serverVad, interrupt_response: false } });
    rig.hear(100);
    rig.beginSpeech();
    rig.ended('mcp_1', 'found');
    expect(rig.watch.active).toBeUndefined();
    rig.hear(300);
    rig.pauseSpeech();
    rig.hear(500);
    expect(rig.watch.active).toBe('resp_2');
    rig.transcript(rig.last('input_audio_buffer.committed').item_id, 'Well?');
    rig.answer('resp_2', 'Here.', 300);
    rig.wait(3000);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
  });

  test('not beside the conversation, where no MCP tool is offered', () => {
    const rig = served();
    rig.client({ ...create, response: { conversation: 'none', tools: [docs()] } });
    expect(rig.prompts.at(-1)?.tools).toEqual([]);
  });
});
