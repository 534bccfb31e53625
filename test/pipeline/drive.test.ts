// The shell of a session: facts in, effects out in their order, everything it began ended with it, and never a rejection.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { errors } from '../../src/protocol/errors.ts';
import { serverVadDefaults } from '../../src/protocol/session-config.ts';
import { noise, openRig, placeIn, quiet, type Rig, scene } from '../rig.ts';
import { FakeEngines } from './fake-engines.ts';
import { callSpeaker } from '../call-speaker.ts';

const ms = 16;

/** Speaks a whole short answer that the model has begun. */
async function answer(rig: Rig, text: string, soundMs: number): Promise<void> {
  rig.llm.last.text(text);
  rig.llm.last.end();
  await rig.settle();
  rig.tts.last.speak(noise(soundMs, 24_000), 24_000);
  rig.tts.last.finish();
  await rig.settle();
}

/** The sound of the item that was retrieved last. */
function soundOf(rig: Rig): Buffer {
  const { item } = rig.last('conversation.item.retrieved');
  const part = item.type === 'message' ? item.content[0] : undefined;
  if (part?.type !== 'output_audio' || part.audio === undefined) throw new Error('it has no sound');
  return Buffer.from(part.audio, 'base64');
}

test('S06: a speaker’s word on how far it is is taken by when it was said, however long it waited to be read', async () => {
  const rig = openRig({ speaker: callSpeaker });
  await rig.says('Count.');
  await answer(rig, 'One two three four.', 2000);
  await rig.wait(500);
  rig.transport.receive({ kind: 'played', aheadMs: 1700, atMs: rig.clock.now() - 300 });
  await rig.hear(scene(500, 500, 100), 640);
  expect(rig.last('conversation.item.truncated').audio_end_ms).toBe(2000 - (1700 - 300) - 80);
});

test('E29: for how long nobody has been heard from counts to when the line was lost, however long that waited to be read', async () => {
  const rig = openRig({ speaker: callSpeaker });
  await rig.says('Count.');
  await answer(rig, 'One two three four.', 2000);
  await rig.wait(1500);
  rig.transport.receive({ kind: 'lost', silentMs: 200, atMs: rig.clock.now() - 300 });
  await rig.hear(scene(500, 500, 100), 640);
  expect(rig.last('conversation.item.truncated').audio_end_ms).toBe(1500 - 300 - 200 - 80);
});

describe('a conversation', () => {
  test('C06 O05: is carried out effect by effect, in order', async () => {
    const rig = openRig();
    await rig.hear(scene(500, 500, 900), 640);
    await answer(rig, 'Hello there.', 100);
    expect(rig.transport.trace).toEqual([
      'session.created',
      'conversation.created',
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      'response.created',
      'conversation.item.input_audio_transcription.delta',
      'conversation.item.input_audio_transcription.completed',
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added',
      'response.output_audio_transcript.delta',
      'audio 4800',
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
      'rate_limits.updated',
    ]);
    expect(rig.llm.last.prompt.turns).toEqual([{ role: 'user', parts: [{ type: 'text', text: 'Words 1.' }] }]);
    expect(rig.transport.audio[0]?.place).toMatchObject({ response: 'resp_1', item: 'item_2', outputIndex: 0, contentIndex: 0 });
  });

  test('C28 S08: keeps the sound of its items to be retrieved, until an item is deleted', async () => {
    const rig = openRig();
    await rig.hear(scene(500, 500, 900));
    await answer(rig, 'Hello.', 100);
    rig.client({ type: 'conversation.item.retrieve', item_id: 'item_2' });
    await rig.settle();
    const [piece] = rig.transport.audio;
    expect(rig.last('conversation.item.retrieved').item).toMatchObject({
      content: [{ type: 'output_audio', transcript: 'Hello.', audio: Buffer.from(piece?.bytes ?? []).toString('base64') }],
    });
    rig.client({ type: 'conversation.item.delete', item_id: 'item_1' });
    rig.client({ type: 'conversation.item.retrieve', item_id: 'item_1' });
    await rig.settle();
    expect(rig.last('error').error.code).toBe('item_retrieve_invalid_item_id');
    // Another item by that name has nothing of it.
    const content = [{ type: 'input_audio', transcript: 'Something else.' }];
    rig.client({ type: 'conversation.item.create', item: { id: 'item_1', type: 'message', role: 'user', content } });
    rig.client({ type: 'conversation.item.retrieve', item_id: 'item_1' });
    await rig.settle();
    expect(rig.last('conversation.item.retrieved').item).toMatchObject({ content });
    expect(JSON.stringify(rig.last('conversation.item.retrieved'))).not.toContain('"audio":');
  });

  test('C28 C30: gives as much of the sound of a cut answer as there are words of it', async () => {
    const rig = openRig();
    await rig.hear(scene(500, 500, 900));
    await answer(rig, 'Hello.', 3000);
    rig.client({ type: 'conversation.item.truncate', item_id: 'item_2', content_index: 0, audio_end_ms: 1000 });
    rig.client({ type: 'conversation.item.retrieve', item_id: 'item_2' });
    await rig.settle();
    expect(soundOf(rig)).toHaveLength(48_000);
  });

  test('C28 C38: sound of what is said beside the conversation takes no place from the sound of its items', async () => {
    const rig = openRig();
    await rig.hear(scene(500, 500, 900));
    await answer(rig, 'Hello.', 1000);
    for (let time = 0; time < 8; time++) {
      rig.client({ type: 'response.create', response: { conversation: 'none' } });
      await rig.settle();
      await answer(rig, 'Aside.', 60_000);
    }
    rig.client({ type: 'conversation.item.retrieve', item_id: 'item_2' });
    await rig.settle();
    expect(soundOf(rig)).toHaveLength(48_000);
  });

  test('C28: marks an item whose sound is too much for one event, and leaves it out', async () => {
    const rig = openRig();
    await rig.hear(scene(500, 500, 900));
    await answer(rig, 'Hello.', 100_000);
    rig.client({ type: 'conversation.item.retrieve', item_id: 'item_2' });
    await rig.settle();
    expect(rig.last('conversation.item.retrieved').item).toMatchObject({
      content: [{ type: 'output_audio', transcript: 'Hello.', audio_omitted: 'too_large' }],
    });
    expect(() => soundOf(rig)).toThrow('it has no sound');
  });

  test('goes on after something that was no event', async () => {
    const rig = openRig();
    rig.transport.receive({ kind: 'fault', error: errors.missingType(), eventId: 'mine' });
    await rig.says('Hello.');
    expect(rig.last('error').error).toMatchObject({ code: 'invalid_event', event_id: 'mine' });
    expect(rig.llm.calls).toHaveLength(1);
  });

  test('takes a large append in pieces, and what follows it after all of it', async () => {
    const rig = openRig({ turnDetection: null });
    rig.vad.held = true;
    const sound = noise(10_000);
    rig.sound(sound);
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.sound(noise(1000, 16_000, 7));
    await rig.settle();
    expect(placeIn(sound, rig.stt.calls[0]?.samples ?? quiet(0))).toEqual({ from: 0, to: sound.length });
    expect(rig.last('conversation.item.input_audio_transcription.completed').usage).toEqual({ type: 'duration', seconds: 10 });
  });

  test('lets the others go on while it takes in a minute of sound', async () => {
    const rig = openRig({ turnDetection: null });
    await rig.settle();
    let turns = 0;
    let counting = true;
    const count = () => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    rig.sound(noise(60_000));
    setImmediate(count);
    await rig.settle();
    counting = false;
    // 1.92 MB in pieces of 48 kB.
    expect(turns).toBeGreaterThanOrEqual(40);
  });
});

describe('an interruption', () => {
  test('calls model and voice off at once, and nothing they still say gets out', async () => {
    const engines = new FakeEngines();
    engines.fakeLlm.deaf = true;
    engines.fakeTts.deaf = true;
    const rig = openRig({ engines });
    await rig.says('Tell me a story.');
    rig.llm.last.text('Once upon a time. There ');
    await rig.settle();
    rig.tts.last.speak(noise(500, 24_000), 24_000);
    await rig.settle();
    await rig.hear(scene(200, 200));
    expect(rig.llm.last.signal.aborted).toBe(true);
    expect(rig.tts.last.signal.aborted).toBe(true);
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    const { length } = rig.transport.trace;
    rig.llm.last.text('was a fox. ');
    rig.llm.last.end();
    rig.tts.last.speak(noise(500, 24_000), 24_000);
    rig.tts.last.finish();
    await rig.settle();
    expect(rig.transport.trace.slice(length)).toEqual([]);
  });

  test('by the client does the same', async () => {
    const rig = openRig();
    await rig.says('Tell me a story.');
    rig.client({ type: 'response.cancel' });
    await rig.settle();
    expect(rig.llm.last.signal.aborted).toBe(true);
    expect(rig.endings).toEqual(['resp_1 cancelled']);
  });

  test('is followed by the next answer, while the one before is still unwinding', async () => {
    const engines = new FakeEngines();
    engines.fakeLlm.deaf = true;
    const rig = openRig({ engines });
    await rig.says('First.');
    await rig.hear(scene(200, 400, 900));
    expect(rig.llm.calls).toHaveLength(2);
    rig.llm.calls[0]?.text('Late.');
    rig.llm.calls[0]?.end();
    await rig.settle();
    await answer(rig, 'Second.', 50);
    expect(rig.endings).toEqual(['resp_1 cancelled', 'resp_2 completed']);
    expect(rig.all('response.output_audio_transcript.delta').map(({ delta }) => delta)).toEqual(['Second.']);
  });
});

describe('an engine that throws what no engine may throw', () => {
  test.each([
    ['the model', (rig: Rig) => rig.llm.last.fail(new TypeError('a bug')), 'internal'],
    [
      'the voice',
      (rig: Rig) => {
        rig.llm.last.text('Hello. ');
        rig.llm.last.end();
        return rig.settle().then(() => rig.tts.last.fail(new TypeError('a bug')));
      },
      'broken',
    ],
  ] as const)('fails only the response: %s', async (_name, breakIt, code) => {
    const rig = openRig();
    await rig.says('Hello.');
    await breakIt(rig);
    await rig.settle();
    expect(rig.last('response.done').response).toMatchObject({ status: 'failed', status_details: { error: { code } } });
    expect(rig.logged).toMatchObject([{ level: 'error', fields: { err: new TypeError('a bug'), response: 'resp_1' } }]);
    await rig.says('Again.');
    await answer(rig, 'Yes.', 50);
    expect(rig.endings).toEqual(['resp_1 failed', 'resp_2 completed']);
    expect(rig.transport.closes).toEqual([]);
  });

  test('at once, instead of by and by, fails only the response too', async () => {
    const rig = openRig();
    rig.llm.respond = () => {
      throw new TypeError('a bug');
    };
    await rig.says('Hello.');
    expect(rig.endings).toEqual(['resp_1 failed']);
    expect(rig.transport.closes).toEqual([]);
  });

  test('when sound is given to it closes the session with 1011, once, and the session rejects nothing', async () => {
    const rig = openRig();
    await rig.settle();
    rig.vad.stream.push = () => {
      throw new TypeError('a bug');
    };
    rig.sound(quiet(100));
    rig.sound(quiet(100));
    rig.client({ type: 'response.create' });
    await rig.ended;
    expect(rig.transport.closes).toEqual([{ code: 1011, reason: 'internal error' }]);
    expect(rig.logged).toHaveLength(1);
  });

  test('when the session begins closes it with 1011, and the session rejects nothing', async () => {
    const engines = new FakeEngines();
    engines.vad.open = () => {
      throw new EngineError('fake-vad', 'unavailable', 'It is shut down.');
    };
    const rig = openRig({ engines });
    await rig.ended;
    expect(rig.transport.closes).toEqual([{ code: 1011, reason: 'internal error' }]);
    expect(rig.logged).toMatchObject([{ level: 'error' }]);
  });
});

describe('a session that has failed', () => {
  test('takes nothing in any more, though its transport still has something', async () => {
    const rig = openRig();
    rig.transport.endsOnClose = false;
    await rig.hear(scene(500, 500, 200));
    // A fault of our own, out of a fact that no client sent.
    rig.transport.onEvent = () => {
      throw new TypeError('our bug');
    };
    rig.client({ type: 'response.create' });
    await rig.settle();
    rig.transport.onEvent = () => {};
    expect(rig.transport.closes).toEqual([{ code: 1011, reason: 'internal error' }]);
    expect(rig.vad.stream.closed).toBe(true);
    const { length } = rig.transport.trace;
    rig.sound(scene(500, 500, 900));
    rig.transport.receive({ kind: 'fault', error: errors.missingType(), eventId: null });
    rig.client({ type: 'response.create' });
    await rig.settle();
    expect(rig.transport.trace.slice(length)).toEqual([]);
    expect(rig.transport.closes).toHaveLength(1);
    expect(rig.logged).toHaveLength(1);
  });
});

describe('when the far side has gone', () => {
  test('everything the session began is called off', async () => {
    const rig = openRig();
    await rig.says('Hello.');
    rig.llm.last.text('Hello. And ');
    rig.stt.script = undefined;
    await rig.settle();
    rig.client({
      type: 'response.create',
      response: { conversation: 'none', input: [], output_modalities: ['text'] },
    });
    await rig.settle();
    await rig.hear(scene(100, 50).map((sample) => sample >> 9));
    rig.client({ type: 'input_audio_buffer.commit' });
    await rig.settle();
    expect(rig.llm.calls).toHaveLength(2);
    rig.transport.end();
    await rig.ended;
    expect([...rig.llm.calls, ...rig.tts.calls].map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    expect(rig.stt.calls.map(({ closed }) => closed)).toEqual([true]);
    expect(rig.vad.stream.closed).toBe(true);
    const { length } = rig.transport.trace;
    rig.stt.calls[0]?.say('Too late.');
    await rig.wait(4_000_000);
    expect(rig.transport.trace.slice(length)).toEqual([]);
  });

  test('no timer is left behind', async () => {
    const rig = openRig();
    let left = 0;
    const { after } = rig.clock;
    rig.clock.after = (delayMs, task) => {
      left += 1;
      const timer = after.call(rig.clock, delayMs, () => {
        left -= 1;
        task();
      });
      return {
        cancel: () => {
          left -= 1;
          timer.cancel();
        },
      };
    };
    await rig.says('Hello.');
    expect(left).toBe(1);
    rig.transport.end();
    await rig.ended;
    expect(left).toBe(0);
  });

  test('in the midst of a large append, the rest of it is not waited for by any engine', async () => {
    const rig = openRig();
    rig.sound(noise(20_000));
    rig.transport.end();
    await rig.ended;
    expect(rig.vad.stream.closed).toBe(true);
    expect(rig.stt.calls.every(({ closed }) => closed)).toBe(true);
  });
});

describe('time', () => {
  test('runs out for a model that says nothing', async () => {
    const rig = openRig();
    await rig.says('Hello.');
    await rig.wait(29_999);
    expect(rig.endings).toEqual([]);
    await rig.wait(1);
    expect(rig.last('response.done').response).toMatchObject({ status: 'failed', status_details: { error: { code: 'timeout' } } });
    expect(rig.llm.last.signal.aborted).toBe(true);
  });

  test('begins anew for the model with everything it says', async () => {
    const rig = openRig();
    await rig.says('Hello.');
    for (let piece = 0; piece < 4; piece++) {
      await rig.wait(20_000);
      rig.llm.last.text('Still ');
      await rig.settle();
    }
    expect(rig.endings).toEqual([]);
    await rig.wait(30_000);
    expect(rig.endings).toEqual(['resp_1 failed']);
  });

  test('runs out for a recogniser that does not finish', async () => {
    const rig = openRig();
    rig.stt.script = undefined;
    await rig.hear(scene(500, 500, 900));
    await rig.wait(30_000);
    expect(rig.last('conversation.item.input_audio_transcription.failed').error.code).toBe('timeout');
    expect(rig.endings).toEqual(['resp_1 failed']);
  });

  test('ends the turn of a client that stops sending in mid-speech', async () => {
    const rig = openRig();
    const sound = scene(500, 1000);
    await rig.hear(sound, 640);
    await rig.wait(1999);
    expect(rig.turns).toHaveLength(1);
    await rig.wait(1);
    expect(rig.turns).toEqual(['started 180 item_1', 'stopped 1500 item_1', 'committed item_1']);
    expect(placeIn(sound, rig.stt.calls[0]?.samples ?? quiet(0)).to).toBe(1500 * ms);
    expect(rig.transcripts).toEqual(['item_1 Words 1.']);
  });

  test('F29 S19: makes a turn of silence when the client asked for that, counted from the end of the answer as it is heard', async () => {
    const rig = openRig({ turnDetection: { ...serverVadDefaults, idle_timeout_ms: 5000 } });
    await rig.says('Hello.');
    await answer(rig, 'Hello.', 3000);
    for (let heardMs = 0; heardMs < 7900; heardMs += 100) {
      await rig.hear(quiet(100));
      await rig.wait(100);
    }
    expect(rig.all('input_audio_buffer.timeout_triggered')).toEqual([]);
    await rig.hear(quiet(100));
    await rig.wait(100);
    expect(rig.all('input_audio_buffer.timeout_triggered')).toMatchObject([{ audio_start_ms: 3000, audio_end_ms: 8000 }]);
    expect(rig.llm.calls).toHaveLength(2);
    expect(rig.stt.calls).toHaveLength(0);
  });

  test('F35: runs out for the session: answers end, the client is told, and it is closed with 1008', async () => {
    const rig = openRig({ lifeMs: 600_000 });
    await rig.wait(590_000);
    await rig.says('Hello.');
    await rig.wait(9_999);
    expect(rig.transport.closes).toEqual([]);
    await rig.wait(1);
    await rig.ended;
    expect(rig.transport.trace.slice(-4)).toEqual(['response.done', 'rate_limits.updated', 'error', 'close 1008']);
    expect(rig.last('error').error.code).toBe('session_expired');
    expect(rig.llm.last.signal.aborted).toBe(true);
  });

  test('is nothing a session asks for before it needs to', async () => {
    const rig = openRig();
    await rig.settle();
    const asked: number[] = [];
    const { after } = rig.clock;
    rig.clock.after = (delayMs, task) => {
      asked.push(delayMs);
      return after.call(rig.clock, delayMs, task);
    };
    await rig.hear(quiet(60_000), 640);
    expect(asked).toEqual([]);
  });
});

describe('when the server is going', () => {
  test('the session is closed with 1001, and ends when its transport does', async () => {
    const rig = openRig();
    rig.transport.endsOnClose = false;
    await rig.says('Hello.');
    rig.shutDown();
    await rig.settle();
    expect(rig.transport.closes).toEqual([{ code: 1001, reason: 'server shutting down' }]);
    expect(rig.over).toBe(false);
    rig.transport.end();
    await rig.ended;
    expect(rig.llm.last.signal.aborted).toBe(true);
  });

  test('a session that comes in is closed at once', async () => {
    const rig = openRig({ leaving: true });
    await rig.ended;
    expect(rig.transport.closes).toMatchObject([{ code: 1001 }]);
  });

  test('a session that has ended is left alone', async () => {
    const rig = openRig();
    rig.transport.end();
    await rig.ended;
    rig.shutDown();
    expect(rig.transport.closes).toEqual([]);
  });
});

describe('when its client has gone', () => {
  test('a session begins nothing more of what was sent before, neither hearing nor answering', async () => {
    const rig = openRig();
    await rig.settle();
    rig.transport.gone = true;
    await rig.hear(scene(500, 500, 900));
    rig.client({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_audio', audio: 'AAAA' }] },
    });
    rig.client({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi.' }] },
    });
    rig.client({ type: 'response.create', response: { conversation: 'none' } });
    await rig.settle();
    expect([rig.vad.stream.pushed, rig.stt.calls.length, rig.llm.calls.length]).toEqual([0, 0, 0]);
    rig.transport.end();
    await rig.ended;
  });
});
