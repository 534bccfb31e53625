// Features come on top: each can be taken out, and a new one is one file and one line.
import { describe, expect, test } from 'vitest';
import { guests } from '../../src/session/guests/guests.ts';
import { chime } from './chime.ts';
import { Rig } from './rig.ts';
import { live } from './life.ts';

describe.each(guests)('a session without $name', (guest) => {
  const features = guests.filter((other) => other !== guest);

  test('hears, answers, is interrupted and calls functions', () => {
    const rig = new Rig({ features });
    rig.client({ type: 'session.update', session: { tools: [{ type: 'function', name: 'weather' }] } });
    rig.utter(1000);
    rig.transcript('item_1', 'How is the weather?');
    rig.call('resp_1', 'call_1', 'weather', '{}');
    rig.end('resp_1');
    rig.output('call_1', 'sunny');
    rig.client({ type: 'response.create' });
    rig.text('resp_2', 'It is sunny and warm.');
    rig.audio('resp_2', 2000);
    rig.hear(500);
    rig.utter(600);
    rig.transcript(rig.last('input_audio_buffer.committed').item_id, 'Thanks.');
    rig.answer('resp_3', 'You are welcome.', 300);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 cancelled', 'resp_3 completed']);
    expect(rig.faults).toEqual([]);
  });

  test('keeps every rule whatever happens', () => {
    expect(live(77, { features, facts: 3000 })).toBe('');
  });
});

test('a chime after ten seconds of silence is one file and one line', () => {
  const rig = new Rig({ features: [...guests, chime], turnDetection: null });
  const chimes = () => rig.effects.filter(({ kind }) => kind === 'aside.speak').length;
  rig.wait(9_000);
  rig.says('Hello.');
  rig.wait(9_990);
  expect(chimes()).toBe(0);
  rig.wait(20);
  expect(chimes()).toBe(1);
  rig.wait(60_000);
  expect(chimes()).toBe(1);
});
