// What a session refuses because its key, or it itself, has asked for too much; and what it tells of what is left.
import { describe, expect, test } from 'vitest';
import type { RateLimit } from '../../src/protocol/limits.ts';
import { Rig } from './rig.ts';

const beside = { type: 'response.create', response: { conversation: 'none', input: [], output_modalities: ['text'] } };

describe('an event that is more than its key may send', () => {
  test('is refused by its event_id with the time to wait, and leaves no trace; the session goes on', () => {
    const rig = new Rig({ turnDetection: null });
    const item = { id: 'first', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello.' }] };
    const create = { type: 'conversation.item.create', event_id: 'mine', item };
    rig.tooMuch(create, 40);
    expect(rig.last('error').error).toEqual({
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      message: 'Rate limit reached: This API key may make 1000 requests a second. Try again in 40 ms.',
      param: null,
      event_id: 'mine',
      retry_after_ms: 40,
    });
    rig.tooMuch({ type: 'session.update', session: { instructions: 'Be rude.' } }, 2500);
    expect(rig.last('error').error).toMatchObject({ event_id: null, message: expect.stringContaining('in 3 s') as string });
    expect(rig.config.instructions).toBe('Be brief.');
    rig.wait(40);
    rig.client(create);
    rig.client({ type: 'response.create' });
    rig.tooMuch({ type: 'response.cancel', event_id: 'patience' }, 1);
    expect(rig.watch.active).toBe('resp_1');
    rig.answer('resp_1', 'Hello.', 500);
    expect(rig.endings).toEqual(['resp_1 completed']);
    expect(rig.faults).toEqual(['rate_limit_exceeded', 'rate_limit_exceeded', 'rate_limit_exceeded']);
    rig.golden('too-many-requests');
  });
});

describe('C38: responses beside the conversation', () => {
  test('are as many at a time as a session may have; one more is refused by its field, and the answer of the conversation is not', () => {
    const rig = new Rig({ turnDetection: null, mostResponses: 2 });
    for (let count = 0; count < 2; count++) rig.client(beside);
    rig.client({ ...beside, event_id: 'third' });
    expect(rig.last('error').error).toEqual({
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      message: 'Rate limit reached: This session may have 2 responses under way beside its conversation. Try again in 1 s.',
      param: 'response.conversation',
      event_id: 'third',
      retry_after_ms: 1000,
    });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    expect(rig.watch.unfinished).toEqual(['resp_1', 'resp_2', 'resp_3']);
    rig.end('resp_1');
    rig.client(beside);
    rig.client(beside);
    expect(rig.watch.unfinished).toEqual(['resp_2', 'resp_3', 'resp_4']);
    expect(rig.faults).toHaveLength(2);
    rig.golden('too-many-out-of-band');
  });
});

describe('S51: rate_limits.updated', () => {
  test('tells after each response, of the conversation or beside it, what is left at that moment', () => {
    let remaining = 1000;
    const left = (): RateLimit[] => [{ name: 'requests', limit: 1000, remaining, reset_seconds: (1000 - remaining) / 1000 }];
    const rig = new Rig({ turnDetection: null, rateLimits: left });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.client(beside);
    remaining = 990;
    rig.answer('resp_1', 'Hello.', 100);
    remaining = 700;
    rig.end('resp_2');
    expect(rig.all('rate_limits.updated').map(({ rate_limits }) => rate_limits)).toEqual([
      [{ name: 'requests', limit: 1000, remaining: 990, reset_seconds: 0.01 }],
      [{ name: 'requests', limit: 1000, remaining: 700, reset_seconds: 0.3 }],
    ]);
  });

  test('is not sent where there are no limits', () => {
    const rig = new Rig({ turnDetection: null, rateLimits: () => [] });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.answer('resp_1', 'Hello.', 100);
    rig.client(beside);
    rig.end('resp_2');
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    expect(rig.all('rate_limits.updated')).toEqual([]);
  });
});

describe('a turn whose words may not be had', () => {
  test('S13: fails with the type and the code of the limit, and its response says why', () => {
    const rig = new Rig();
    rig.utter(1000);
    const message = 'Rate limit reached: This API key may have 60 seconds of speech recognised a minute. Try again in 7 s.';
    rig.fact({ kind: 'transcript.failed', item: 'item_1', failure: { type: 'rate_limit_error', code: 'rate_limit_exceeded', message } });
    expect(rig.last('conversation.item.input_audio_transcription.failed').error).toEqual({
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      message,
      param: null,
    });
    expect(rig.last('response.done').response.status_details).toMatchObject({
      type: 'failed',
      error: { code: 'transcription_failed', message },
    });
  });
});
