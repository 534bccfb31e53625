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
    ['info', { fields: ['session.tracing'] }],
    ['info', { fields: ['session.audio.input.transcription.delay'] }],
  ]);
});
