// The limits of a key in a running session: what counts as a request, whose seconds are counted, and how a turn or an answer ends that is beyond them.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { errors } from '../../src/protocol/errors.ts';
import { openRig, type Rig, scene, tone } from '../rig.ts';

const question = () => scene(300, 1000, 800);

async function answer(rig: Rig, seconds: number): Promise<void> {
  rig.llm.last.text('It is five.');
  await rig.settle();
  rig.tts.last.speak(tone(seconds * 1000, 24_000), 24_000);
  rig.tts.last.finish();
  rig.llm.last.end();
  await rig.settle();
}

/** Settles while so many events are refused: after each nothing more is taken for a quarter of a second. */
async function settleRefused(rig: Rig, refused: number): Promise<void> {
  for (let count = 0; count < refused; count++) {
    await setImmediate();
    rig.clock.advance(249);
    await setImmediate();
    expect(rig.transport.idle).toBe(false);
    rig.clock.advance(1);
  }
  await rig.settle();
}

describe('requests', () => {
  test('are events, whatever is in them, but not sound; one too many is told so and changes nothing', async () => {
    const rig = openRig({ turnDetection: null, limits: { requests: 3 } });
    for (let count = 0; count < 50; count++) rig.sound(scene(20));
    rig.client({ type: 'input_audio_buffer.clear' });
    rig.transport.receive({ kind: 'fault', error: errors.invalidJson('no.'), eventId: null });
    rig.client({ type: 'input_audio_buffer.clear' });
    rig.client({ type: 'session.update', event_id: 'over', session: { type: 'realtime', instructions: 'Be rude.' } });
    rig.transport.receive({ kind: 'fault', error: errors.invalidJson('no.'), eventId: 'nothing' });
    await settleRefused(rig, 2);
    const told = rig.all('error').map(({ error: { code, event_id, retry_after_ms } }) => [code, event_id, retry_after_ms]);
    expect(told).toEqual([
      ['invalid_json', null, undefined],
      ['rate_limit_exceeded', 'over', 334],
      ['rate_limit_exceeded', 'nothing', 84],
    ]);
    expect(rig.all('input_audio_buffer.cleared')).toHaveLength(2);
    expect(rig.all('session.updated')).toEqual([]);
    await rig.wait(334);
    rig.client({ type: 'session.update', session: { type: 'realtime', instructions: 'Be kind.' } });
    await rig.settle();
    expect(rig.all('session.updated')).toHaveLength(1);
    expect(rig.refused).toEqual(['requests', 'requests']);
  });

  test('of which some are left are told after each response: those of all sessions of the key are gone', async () => {
    const rig = openRig({ limits: { requests: 100 } });
    await rig.says('Hello.');
    const { usage } = rig;
    for (let count = 0; count < 10; count++) usage.request('key_1');
    usage.request('key_2');
    await answer(rig, 1);
    expect(rig.last('rate_limits.updated').rate_limits).toEqual([{ name: 'requests', limit: 100, remaining: 88, reset_seconds: 0.12 }]);
  });
});

describe('a response beside the conversation that is one too many', () => {
  test('is counted', async () => {
    const rig = openRig({ turnDetection: null });
    for (let count = 0; count < 6; count++)
      rig.client({ type: 'response.create', response: { conversation: 'none', input: [], output_modalities: ['text'] } });
    await settleRefused(rig, 2);
    expect(rig.llm.calls).toHaveLength(4);
    expect(rig.meters.counts['parley_limit_refusals_total responses']).toBe(2);
    for (const call of rig.llm.calls) call.end();
    await rig.settle();
  });
});

describe('seconds of recognised speech', () => {
  test('are those that the recogniser hears; a turn begun when none are left fails at once, is heard by nobody, and the next is heard again', async () => {
    const rig = openRig({ limits: { recognition: 60 } });
    rig.usage.of('key_1').recognised(59.5);
    // Who has begun is heard to the end.
    await rig.hear(question());
    expect(rig.transcripts).toEqual(['item_1 Words 1.']);
    const heard = (rig.stt.calls[0]?.samples.length ?? 0) / 16_000;
    expect(heard).toBeGreaterThan(0.9);
    rig.llm.last.end();
    await rig.settle();
    await rig.hear(question());
    const { error, item_id } = rig.last('conversation.item.input_audio_transcription.failed');
    expect(rig.stt.calls).toHaveLength(1);
    expect(error).toMatchObject({
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('60 seconds') as string,
    });
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 failed']);
    expect(rig.last('response.done').response.status_details).toMatchObject({
      error: { code: 'transcription_failed', message: error.message },
    });
    expect(rig.refused).toEqual(['recognition']);
    expect(rig.logged.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    // What is owed is made up for: 60 seconds come back in a minute.
    await rig.wait(Math.ceil((heard - 0.5) * 1000) + 1);
    await rig.hear(question());
    expect(rig.transcripts.at(-1)).toMatch(/Words 2\.$/);
    expect(rig.transcripts.some((line) => line.startsWith(`${item_id} `))).toBe(false);
    rig.llm.last.end();
    await rig.settle();
  });

  test('count for sound that a client puts into an item as well', async () => {
    const rig = openRig({ turnDetection: null, limits: { recognition: 10 } });
    const put = async () => {
      const audio = Buffer.from(scene(0, 12_000).buffer).toString('base64');
      rig.client({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_audio', audio }] } });
      await rig.settle();
    };
    await put();
    expect(rig.transcripts).toHaveLength(1);
    await put();
    expect(rig.last('conversation.item.input_audio_transcription.failed').error.code).toBe('rate_limit_exceeded');
  });
});

describe('seconds of made speech', () => {
  test('are those of the sound; a response that is to be spoken when none are left fails and says so, one in text does not', async () => {
    const rig = openRig({ turnDetection: null, limits: { speech: 30 } });
    await rig.says('When?');
    await answer(rig, 40);
    expect(rig.endings).toEqual(['resp_1 completed']);
    await rig.says('And then?');
    rig.llm.last.text('It is six.');
    await rig.settle();
    expect(rig.tts.calls).toHaveLength(1);
    const { response } = rig.last('response.done');
    expect([response.id, response.status]).toEqual(['resp_2', 'failed']);
    expect(response.status_details).toEqual({
      type: 'failed',
      error: {
        type: 'rate_limit_error',
        code: 'rate_limit_exceeded',
        message: 'Rate limit reached: This API key may have 30 seconds of speech made a minute. Try again in 21 s.',
      },
    });
    expect(rig.refused).toEqual(['speech']);
    expect(rig.logged.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    rig.client({ type: 'response.create', response: { output_modalities: ['text'] } });
    await rig.settle();
    rig.llm.last.text('It is six.');
    rig.llm.last.end();
    await rig.settle();
    expect(rig.endings.at(-1)).toBe('resp_3 completed');
    await rig.wait(20_001);
    await rig.says('Once more.');
    await answer(rig, 1);
    expect(rig.endings.at(-1)).toBe('resp_4 completed');
  });
});
