// What becomes of a placed call, by who or what answers it.
import { expect, test } from 'vitest';
import { encodeMuLaw } from '../../src/media/g711.ts';
import { concat } from '../../src/media/pcm.ts';
import { MachineAnswer, type MachinePolicy } from '../../src/telephony/machine-answer.ts';
import { MachineWatch } from '../../src/telephony/machine-watch.ts';
import type { AnsweredBy } from '../../src/transports/calls/phone-call.ts';
import { mixed, noise, quiet, tone, voice } from './line-sounds.ts';

const frameBytes = 160;

/** What the carrier finds out. */
interface Told {
  readonly who: AnsweredBy;
  readonly afterMs: number;
}

/** What was done, in order, about a line that sounds like this. */
function answered(policy: MachinePolicy, ...line: readonly (Int16Array | Told)[]): string[] {
  const pieces = line.filter((piece) => piece instanceof Int16Array);
  const told = line.find((piece): piece is Told => !(piece instanceof Int16Array));
  const done: string[] = [];
  const watch = new MachineWatch(({ answeredBy }) => done.push(`told ${answeredBy}`));
  const machine = new MachineAnswer({
    format: { type: 'audio/pcmu' },
    policy,
    say: (event) => done.push(JSON.stringify(event)),
    hangUp: () => done.push('hang up'),
    hangUpAfterWords: () => done.push('hang up after words'),
    watch,
  });
  const whole = concat(pieces);
  const sound = encodeMuLaw(mixed(whole, noise((whole.length * 1000) / 8000)));
  for (let at = 0; at < sound.length; at += frameBytes) {
    if (told && at === told.afterMs * 8) watch.told(told.who);
    machine.hear(sound.subarray(at, at + frameBytes));
  }
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

/** The same of a line of which the carrier finds out, so many milliseconds after the answer, who has answered. */
function toldOf(policy: MachinePolicy, who: AnsweredBy, afterMs: number, ...pieces: Int16Array[]): string[] {
  return answered(policy, ...pieces, { who, afterMs });
}

test('a person is one where the carrier says so, whatever is heard afterwards', () => {
  expect(toldOf({ policy: 'hang-up' }, 'human', 1000, ...beeping)).toEqual([]);
});

test.each(['machine', 'fax'] as const)('a %s is told of once, and hung up on, as soon as the carrier says so', (who) => {
  expect(toldOf({ policy: 'hang-up' }, who, 500, ...beeping)).toEqual([`told ${who}`, 'hang up']);
});

test('a machine of which the carrier tells is left the message when its greeting is over', () => {
  expect(toldOf(message, 'machine', 500, ...beeping)).toEqual(['told machine', ...listensToNobody, says, 'hang up after words']);
});

test('one whose greeting was short enough for a person’s is left it when it is silent', () => {
  expect(answered(message, voice(1200), quiet(4000))).toEqual([]);
  expect(toldOf(message, 'machine', 1000, voice(1200), quiet(4000))).toEqual([
    'told machine',
    ...listensToNobody,
    says,
    'hang up after words',
  ]);
});

test('what the carrier finds out later than we did changes nothing', () => {
  expect(toldOf({ policy: 'continue' }, 'machine', 9000, ...beeping)).toEqual(['told machine']);
});
