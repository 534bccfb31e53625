// A session on a server that is about to leave: what is under way is finished, and heard.
import { expect, test } from 'vitest';
import { noise, openRig, type Rig, scene } from '../rig.ts';

const manual = { audio: { input: { turn_detection: null } } };

async function answers(rig: Rig, ms: number): Promise<void> {
  rig.llm.last.text('Hello there.');
  rig.llm.last.end();
  await rig.settle();
  rig.tts.last.speak(noise(ms, 24_000), 24_000);
  rig.tts.last.finish();
  await rig.settle();
}

test('one in which nothing happens is closed at once, so that its client finds another server', async () => {
  const rig = openRig();
  rig.drain();
  await rig.settle();
  expect(rig.transport.closes).toEqual([{ code: 1001, reason: 'server shutting down' }]);
});

test('an answer is made to its end, and is closed behind when all of it will have been heard', async () => {
  const rig = openRig();
  await rig.says('Hi.');
  rig.drain();
  await rig.settle();
  expect(rig.transport.closes).toEqual([]);
  await answers(rig, 2000);
  expect(rig.endings).toEqual(['resp_1 completed']);
  await rig.wait(1999);
  expect(rig.transport.closes).toEqual([]);
  await rig.wait(1);
  expect(rig.transport.closes).toMatchObject([{ code: 1001 }]);
});

test('who is speaking is heard out and answered', async () => {
  const rig = openRig();
  await rig.hear(scene(500, 500), 640);
  rig.drain();
  await rig.settle();
  expect(rig.transport.closes).toEqual([]);
  rig.stt.script = (call) => call.say('Are you there?');
  await rig.hear(scene(900), 640);
  expect(rig.llm.calls).toHaveLength(1);
  await answers(rig, 500);
  await rig.wait(500);
  expect(rig.endings).toEqual(['resp_1 completed']);
  expect(rig.transport.closes).toMatchObject([{ code: 1001 }]);
});

test('a client that was asked to call a function brings its output and hears the rest', async () => {
  const rig = openRig();
  const tools = [{ type: 'function', name: 'look', parameters: { type: 'object' } }];
  rig.client({ type: 'session.update', session: { ...manual, tools } });
  await rig.says('Look.');
  rig.drain();
  rig.llm.last.give({ type: 'call', callId: 'call_1', name: 'look' });
  rig.llm.last.give({ type: 'arguments', callId: 'call_1', delta: '{}' });
  rig.llm.last.end('tool_calls');
  await rig.settle();
  expect(rig.endings).toEqual(['resp_1 completed']);
  expect(rig.transport.closes).toEqual([]);
  rig.client({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: 'call_1', output: 'seen' } });
  await rig.settle();
  expect(rig.transport.closes).toEqual([]);
  rig.client({ type: 'response.create' });
  await rig.settle();
  await answers(rig, 300);
  await rig.wait(300);
  expect(rig.transport.closes).toMatchObject([{ code: 1001 }]);
});

test('who is behind in reading is sent the rest first', async () => {
  const rig = openRig();
  await rig.says('Hi.');
  await answers(rig, 100);
  rig.transport.fill();
  rig.drain();
  await rig.wait(5000);
  expect(rig.transport.closes).toEqual([]);
  rig.transport.drain();
  await rig.settle();
  expect(rig.transport.closes).toMatchObject([{ code: 1001 }]);
});

test('who is behind in reading and begins to speak meanwhile is heard out', async () => {
  const rig = openRig();
  await rig.says('Hi.');
  await answers(rig, 100);
  rig.transport.fill();
  rig.drain();
  await rig.wait(5000);
  await rig.hear(scene(500, 500), 640);
  rig.transport.drain();
  await rig.settle();
  expect(rig.transport.closes).toEqual([]);
  rig.stt.script = (call) => call.say('Are you there?');
  await rig.hear(scene(900), 640);
  await answers(rig, 500);
  await rig.wait(500);
  expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
  expect(rig.transport.closes).toMatchObject([{ code: 1001 }]);
});

test('at its end a session tells what it came to, in counts and milliseconds', async () => {
  const rig = openRig();
  rig.stt.script = (call) => call.say('Hello.');
  await rig.hear(scene(500, 500, 900), 640);
  await rig.wait(200);
  await answers(rig, 100);
  await rig.says('And now?');
  rig.client({ type: 'response.cancel' });
  await rig.settle();
  rig.transport.end();
  const { ending, ...tally } = await rig.ended;
  expect(ending).toBeUndefined();
  expect(tally).toMatchObject({
    durationMs: 200,
    turns: 1,
    responses: { completed: 1, cancelled: 1 },
    transcript: { count: 1, meanMs: 0, mostMs: 0 },
    firstText: { count: 1, meanMs: 200, mostMs: 200 },
    firstAudio: { count: 1, meanMs: 200, mostMs: 200 },
  });
});

test('a wall clock that jumps changes no timing', async () => {
  const traces = await Promise.all(
    [0, 86_400_000, -86_400_000].map(async (jumpMs) => {
      const rig = openRig();
      rig.stt.script = (call) => call.say('Hello.');
      await rig.hear(scene(500, 500), 640);
      const before = rig.clock.wallMs();
      rig.clock.setWall(jumpMs);
      expect(rig.clock.wallMs() - before).toBe(jumpMs);
      await rig.hear(scene(900), 640);
      await answers(rig, 1000);
      rig.clock.setWall(2 * jumpMs);
      await rig.wait(3000);
      return rig.transport.trace;
    }),
  );
  expect(traces[0]).toContain('response.done');
  expect(traces[1]).toEqual(traces[0]);
  expect(traces[2]).toEqual(traces[0]);
});
