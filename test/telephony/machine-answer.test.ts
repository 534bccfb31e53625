// What becomes of a placed call, by who or what answers it.
import { expect, test } from 'vitest';
import { encodeMuLaw } from '../../src/media/g711.ts';
import { concat } from '../../src/media/pcm.ts';
import { MachineAnswer, type MachinePolicy } from '../../src/telephony/machine-answer.ts';
import { mixed, noise, quiet, tone, voice } from './line-sounds.ts';

const frameBytes = 160;

/** What was done, in order, about a line that sounds like this. */
function answered(policy: MachinePolicy, ...pieces: Int16Array[]): string[] {
  const done: string[] = [];
  const machine = new MachineAnswer({
    format: { type: 'audio/pcmu' },
    policy,
    say: (event) => done.push(JSON.stringify(event)),
    hangUp: () => done.push('hang up'),
    hangUpAfterWords: () => done.push('hang up after words'),
    tell: ({ answeredBy }) => done.push(`told ${answeredBy}`),
  });
  const line = concat(pieces);
  const sound = encodeMuLaw(mixed(line, noise((line.length * 1000) / 8000)));
  for (let at = 0; at < sound.length; at += frameBytes) machine.hear(sound.subarray(at, at + frameBytes));
  return done;
}

const person = [voice(1200), quiet(4000)];
const beeping = [voice(6000), quiet(600), tone(400, 1000), quiet(3000)];
const beepless = [voice(6000), quiet(5000)];
const fax = [tone(3000, 2100), quiet(1000)];
const message = { policy: 'leave-message', message: 'Your parcel is here.' } as const;
const listensToNobody = [
  '{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":null}}}}',
  '{"type":"output_audio_buffer.clear"}',
];
const says = '{"type":"response.create","response":{"instructions":"Say exactly: Your parcel is here.","tools":[],"tool_choice":"none"}}';

test.each(['hang-up', 'continue'] as const)('a person is talked with, whatever %s means for machines', (policy) => {
  expect(answered({ policy }, ...person)).toEqual([]);
});

test('a machine is told of and hung up on', () => {
  expect(answered({ policy: 'hang-up' }, ...beeping)).toEqual(['told machine', 'hang up']);
});

test('a machine is told of, and the conversation goes on where that is wished', () => {
  expect(answered({ policy: 'continue' }, ...beeping)).toEqual(['told machine']);
});

test.each([
  ['beeps', beeping],
  ['says no more without a beep', beepless],
])('a machine that %s is left a message once, and nobody answers its greeting', (_, line) => {
  expect(answered(message, ...line)).toEqual(['told machine', ...listensToNobody, says, 'hang up after words']);
});

test.each([{ policy: 'continue' } as const, message])('a fax is hung up on under %j', (policy) => {
  expect(answered(policy, ...fax)).toEqual(['told fax', 'hang up']);
});
