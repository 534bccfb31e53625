// What a session leaves in the server's log beside its faults.
import { expect, test } from 'vitest';
import { openRig } from '../rig.ts';

test('F44 user_id and metadata: every line says on whose behalf the client speaks, from the moment it says so', async () => {
  const rig = openRig();
  rig.client({ type: 'session.update', session: { providerData: { user_id: 'ann', metadata: { userTier: 'gold' } } } });
  rig.client({ type: 'session.update', session: { temperature: 0.5 } });
  await rig.settle();
  rig.vad.stream.push = () => {
    throw new TypeError('a bug');
  };
  rig.sound(new Int16Array(1600));
  await rig.ended;
  const behalf = { user: 'ann', metadata: { userTier: 'gold' } };
  expect(rig.logged).toMatchObject([
    { level: 'info', fields: behalf },
    { level: 'error', fields: behalf },
  ]);
});

test('F13: a search of the web that nobody serves is told once, wherever it is asked for', async () => {
  const rig = openRig();
  const tools = [{ type: 'web_search', providerData: { engine: 'google', max_results: 3, max_steps: 1 } }];
  rig.client({ type: 'session.update', session: { tools } });
  rig.client({ type: 'session.update', session: { temperature: 0.5 } });
  rig.client({ type: 'response.create', response: { tools } });
  await rig.settle();
  const told = rig.logged.filter(({ fields }) => 'what' in fields);
  expect(told).toMatchObject([{ level: 'info', fields: { what: ["tools of type 'web_search'"] } }]);
});

test('F15 truncation: how much of a conversation is left out of a prompt is told', async () => {
  const rig = openRig({ contextTokens: 256 });
  await rig.says('x'.repeat(600));
  rig.client({ type: 'response.cancel' });
  await rig.says('y'.repeat(600));
  expect(rig.logged).toMatchObject([{ level: 'info', fields: { response: 'resp_2', itemsLeftOut: 1 } }]);
  expect(rig.llm.last.prompt.turns).toMatchObject([{ role: 'user', parts: [{ text: 'y'.repeat(600) }] }]);
});

test('F47: fields that nobody knows are one debug line for each event', async () => {
  const rig = openRig();
  const event = { type: 'session.update', session: {} } as const;
  rig.transport.receive({ kind: 'event', event, unread: ['session.colour', 'session.audio.input.gain'] });
  rig.transport.receive({ kind: 'event', event });
  await rig.settle();
  expect(rig.logged).toMatchObject([
    { level: 'debug', fields: { event: 'session.update', fields: ['session.colour', 'session.audio.input.gain'] } },
  ]);
});

test('F47: what is known and has no effect is named once in the life of a session', async () => {
  const rig = openRig();
  rig.client({ type: 'session.update', session: { tracing: 'auto' } });
  rig.client({ type: 'session.update', session: { tracing: 'auto', audio: { input: { transcription: { delay: 'low' } } } } });
  await rig.settle();
  expect(rig.logged.map(({ level, fields }) => [level, fields])).toEqual([
    ['info', { what: ['session.tracing'] }],
    ['info', { what: ['session.audio.input.transcription.delay'] }],
  ]);
});
