// How a stream's call ends, is handed over, and presses keys.
import { expect, test, vi } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { dtmfTones } from '../../../src/media/dtmf-tones.ts';
import { encodeMuLaw } from '../../../src/media/g711.ts';
import { CallError } from '../../../src/transports/calls/call.ts';
import type { CallControl } from '../../../src/transports/media-streams/stream-call.ts';
import { difference, streamRig } from './rig.ts';
import { asteriskWire, plainWire, plivoWire, telnyxWire, twilioWire, vonageWire, wires } from './simulators/wires.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const never = new AbortController().signal;

function control(): { calls: string[]; made: CallControl } {
  const calls: string[] = [];
  return {
    calls,
    made: {
      transfer(callId, target) {
        calls.push(`transfer ${callId} to ${target}`);
        return Promise.resolve(
          target.startsWith('tel:') ? { outcome: 'transferred' } : { outcome: 'refused', status: 404, reason: 'no such place' },
        );
      },
      hangUp(callId) {
        calls.push(`hang up ${callId}`);
        return Promise.resolve(undefined);
      },
    },
  };
}

test.each(wires)('%s: the call is over once, whether the provider says so or its connection ends', (_name, carrier, wire) => {
  const { clock, provider, call, told, sound } = streamRig(carrier, wire());
  call.play(sound(500));
  clock.advance(100);
  provider.stop();
  call.disconnected('parted');
  call.disconnected('broken');
  expect(told.ends).toEqual(['closed']);
  const { sound: heard, played } = told;
  const counts = [heard.length, played.length, provider.understood.length];
  call.play(sound(500));
  call.clear();
  clock.advance(2000);
  expect([heard.length, played.length, provider.understood.length]).toEqual(counts);
});

test('a connection that breaks is a call that is lost', () => {
  const { call, told } = streamRig('twilio', twilioWire());
  call.disconnected('broken');
  expect(told.ends).toEqual(['lost']);
});

test('a provider that stops its stream is closed after it', () => {
  const { provider, socket } = streamRig('twilio', twilioWire());
  provider.stop();
  expect(socket.closed).toEqual([{ code: 1000, reason: 'the call has ended' }]);
});

test.each([
  ['of whom nothing is heard for half a minute', { silentMs: 30_000, waitingBytes: 0 }],
  ['who takes nothing of what is sent', { silentMs: 0, waitingBytes: 300 * 1024 }],
])('a far side %s is lost', (_what, state) => {
  const { clock, socket, told } = streamRig('twilio', twilioWire());
  clock.advance(1000);
  expect(told.ends).toEqual([]);
  Object.assign(socket, state);
  clock.advance(20);
  expect(told.ends).toEqual(['lost']);
  expect(socket.closed).toHaveLength(1);
});

test('hanging up closes the connection and tells nobody, with the word for it where the provider has one', () => {
  const twilio = streamRig('twilio', twilioWire());
  twilio.call.close();
  twilio.call.close();
  expect(twilio.socket.closed).toEqual([{ code: 1000, reason: 'hung up' }]);
  expect(twilio.told.ends).toEqual([]);
  for (const [carrier, wire] of [
    ['asterisk', asteriskWire()],
    ['stream', plainWire()],
  ] as const) {
    const { call, provider } = streamRig(carrier, wire);
    call.close();
    expect(provider.understood.at(-1)?.kind).toBe('hang up');
    expect(provider.errors).toEqual([]);
  }
});

test('where a call outlives its stream it is hung up by REST, once, and not when its provider ended it', async () => {
  const { calls, made } = control();
  streamRig('telnyx', telnyxWire(), { control: made }).call.close();
  const twilio = streamRig('twilio', twilioWire(), { control: made });
  twilio.call.close();
  const ended = streamRig('telnyx', telnyxWire(), { control: made });
  ended.provider.stop();
  ended.call.close();
  await settled();
  expect(calls).toEqual(['hang up v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ']);
});

test('a hang-up that the provider refuses is logged', async () => {
  const warn = vi.fn();
  const made = { ...control().made, hangUp: () => Promise.resolve('The provider answered with status 500.') };
  streamRig('plivo', plivoWire(), { control: made, log: { ...silentLog, warn } }).call.close();
  await settled();
  expect(warn.mock.calls.map(([fields, message]) => [fields.reason, message])).toEqual([
    ['The provider answered with status 500.', 'a call could not be hung up'],
  ]);
});

test('a call that has been handed over is not hung up, one that has not been goes on', async () => {
  const { calls, made } = control();
  const handed = streamRig('plivo', plivoWire(), { control: made });
  expect(await handed.call.transfer('tel:+15550009', never)).toEqual({ outcome: 'transferred' });
  handed.call.close();
  const kept = streamRig('plivo', plivoWire(), { control: made });
  expect(await kept.call.transfer('sip:nowhere@example.com', never)).toEqual({ outcome: 'refused', status: 404, reason: 'no such place' });
  expect(kept.told.ends).toEqual([]);
  kept.call.close();
  await settled();
  const id = '0f3a9d0e-5a3f-4e6b-bd22-1e5a5b7a7f0e';
  expect(calls).toEqual([`transfer ${id} to tel:+15550009`, `transfer ${id} to sip:nowhere@example.com`, `hang up ${id}`]);
});

test('a call whose stream does not say which it is is known to REST by the id that it is given', async () => {
  const { calls, made } = control();
  const { call } = streamRig('vonage', vonageWire(16_000, ''), { control: made });
  call.knowAs('leg-1');
  call.knowAs('leg-2');
  await call.transfer('tel:+15550009', never);
  expect(calls).toEqual(['transfer leg-1 to tel:+15550009']);
});

test('a carrier without REST hands nobody over, and a call that has ended is not handed over', async () => {
  const { call } = streamRig('asterisk', asteriskWire());
  expect(await call.transfer('tel:+1', never)).toEqual({
    outcome: 'refused',
    status: 501,
    reason: "Calls of 'asterisk' cannot be transferred by this server.",
  });
  const { made } = control();
  const over = streamRig('twilio', twilioWire(), { control: made });
  over.provider.stop();
  expect(await over.call.transfer('tel:+1', never)).toMatchObject({ outcome: 'refused', status: 481 });
});

test('keys are played as clean tones, in real time, before what was to be said next', async () => {
  const { clock, provider, call, sound } = streamRig('twilio', twilioWire());
  let pressed = false;
  const pressing = call.sendDigits('4#').then(() => {
    pressed = true;
  });
  const answer = sound(200);
  call.play(answer);
  clock.advance(380);
  await settled();
  expect(pressed).toBe(false);
  clock.advance(320);
  await pressing;
  const heard = provider.heard();
  const tones = encodeMuLaw(dtmfTones('4#', 8000));
  expect(difference(heard.subarray(0, tones.length), tones)).toBeUndefined();
  expect(difference(heard.subarray(heard.indexOf(answer[0] ?? 0, tones.length)).subarray(0, answer.length), answer)).toBeUndefined();
  expect(provider.errors).toEqual([]);
});

test('an interruption in the middle of a number loses no key of it', async () => {
  const { clock, provider, call } = streamRig('vonage', vonageWire(8000));
  const pressing = call.sendDigits('123');
  // The first has been heard to its end, the second has not.
  clock.advance(260);
  call.clear();
  clock.advance(700);
  await pressing;
  const heard = new Int16Array(new Uint8Array(provider.heard()).buffer);
  const all = [...dtmfTones('1', 8000), ...dtmfTones('2', 8000).subarray(0, 480), ...dtmfTones('23', 8000)];
  expect(Array.from(heard.subarray(0, all.length))).toEqual(all);
});

test('keys wait when they are told to', () => {
  const { clock, provider, call } = streamRig('twilio', twilioWire());
  void call.sendDigits('1w2');
  clock.advance(1500);
  const tones = encodeMuLaw(dtmfTones('1w2', 8000));
  expect(difference(provider.heard().subarray(0, tones.length), tones)).toBeUndefined();
});

test('a provider that presses keys itself is asked to, and no tone is played', async () => {
  const { clock, provider, call } = streamRig('plivo', plivoWire());
  const pressing = call.sendDigits('12wwa');
  expect(provider.digits).toEqual(['12']);
  for (let i = 0; i < 20; i++) {
    clock.advance(100);
    await settled();
  }
  await pressing;
  expect(provider.digits).toEqual(['12', 'A']);
  expect(provider.heard()).toHaveLength(0);
});

test('what is no key is refused, and so are keys of a call that has ended or ends meanwhile', async () => {
  const { provider, call } = streamRig('twilio', twilioWire());
  await expect(call.sendDigits('1-800')).rejects.toMatchObject({ name: 'CallError', reason: 'rejected' });
  const pressing = call.sendDigits('1234567890');
  provider.stop();
  await expect(pressing).rejects.toBeInstanceOf(CallError);
  await expect(call.sendDigits('1')).rejects.toMatchObject({ reason: 'unavailable' });
});

test('a caller who goes before there is an answer is gone, and cannot be answered', () => {
  const { provider, call, told } = streamRig('twilio', twilioWire(), { answered: false });
  expect(call.gone.aborted).toBe(false);
  provider.stop();
  expect(call.gone.aborted).toBe(true);
  expect(() => call.answer(told)).toThrow(CallError);
  expect(told.ends).toEqual([]);
});

test('frames that make no sense are logged once in a call, and it goes on', () => {
  const warn = vi.fn();
  const { clock, provider, call, told, sound } = streamRig('twilio', twilioWire(), { log: { ...silentLog, warn } });
  for (let i = 0; i < 50; i++) call.take({ kind: 'fault', reason: `nonsense ${i}` });
  expect(warn).toHaveBeenCalledOnce();
  void provider.say(sound(100));
  clock.advance(100);
  expect(told.whole).toHaveLength(800);
});

test('a stream that begins again, or says what it is twice, is still the same call', () => {
  const { clock, call, told } = streamRig('twilio', twilioWire());
  call.take({ kind: 'started', start: call.start });
  call.take({ kind: 'connected' });
  call.take({ kind: 'cleared' });
  clock.advance(100);
  expect(told.ends).toEqual([]);
});

test('no clock runs once the last call has ended', () => {
  const { clock, provider, call, told } = streamRig('twilio', twilioWire());
  clock.advance(100);
  provider.end();
  call.close();
  const after = vi.spyOn(clock, 'after');
  clock.advance(5000);
  expect(after).not.toHaveBeenCalled();
  expect(told.ends).toEqual([]);
});
