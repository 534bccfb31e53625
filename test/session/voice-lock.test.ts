// OpenAI lets no session change its voice once it has been heard; Inworld does. The operator chooses.
import { expect, test } from 'vitest';
import { Rig } from './rig.ts';

const voice = (name: string) => ({ audio: { output: { voice: name } } });

function spoken(voiceLock: boolean, answer: (rig: Rig) => void = (rig) => rig.answer('resp_1', 'Hi.', 300)): Rig {
  const rig = new Rig({ turnDetection: null, voiceLock });
  rig.client({ type: 'session.update', session: voice('Sarah') });
  rig.says('Hello.');
  rig.client({ type: 'response.create' });
  answer(rig);
  expect(rig.faults).toEqual([]);
  return rig;
}

test('F34 voice lock: once an answer has sounded, another voice refuses the whole update', () => {
  const rig = spoken(true);
  rig.client({ type: 'session.update', event_id: 'e', session: { temperature: 0.5, ...voice('Dennis') } });
  expect(rig.last('error').error).toMatchObject({
    type: 'invalid_request_error',
    code: 'cannot_update_voice',
    message: "Cannot update a conversation's voice if assistant audio is present.",
    param: null,
    event_id: 'e',
  });
  expect([rig.config.audio.output.voice, rig.config.temperature]).toEqual(['Sarah', undefined]);
});

test('F34 voice lock: a response may have no other voice either', () => {
  const rig = spoken(true);
  rig.client({ type: 'response.create', response: voice('Dennis') });
  expect(rig.last('error').error).toMatchObject({ code: 'cannot_update_voice', param: null });
  rig.client({ type: 'response.create', response: voice('Sarah') });
  expect(rig.last('response.created').response.id).toBe('resp_2');
});

test('F34 voice lock: the same voice is never an error', () => {
  const rig = spoken(true);
  rig.client({ type: 'session.update', session: { temperature: 0.5, ...voice('sarah') } });
  expect(rig.faults).toEqual([]);
  expect(rig.config.temperature).toBe(0.5);
});

test('F34 voice lock: until sound has gone out the voice is free', () => {
  const rig = spoken(true, (quiet) => {
    quiet.text('resp_1', 'Hi');
    quiet.client({ type: 'response.cancel' });
  });
  rig.client({ type: 'session.update', session: voice('Dennis') });
  expect(rig.faults).toEqual([]);
});

test('F34 voice lock: it is free at any time unless the operator wants it locked', () => {
  const rig = spoken(false);
  rig.client({ type: 'session.update', session: voice('Dennis') });
  rig.client({ type: 'response.create', response: voice('Clive') });
  expect(rig.faults).toEqual([]);
});
