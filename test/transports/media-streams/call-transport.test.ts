// A stream's call under the transport that a session speaks through: sound and keys come in, answers go out, and what was played is reckoned alike.
import { expect, test } from 'vitest';
import { countingIds } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { ga } from '../../../src/protocol/dialects/ga.ts';
import { keepCalls } from '../../../src/transports/calls/calls.ts';
import type { Inbound, Transport } from '../../../src/transports/transport.ts';
import { difference, type StreamRig, streamRig } from './rig.ts';
import { plivoWire, twilioWire, vonageWire } from './simulators/wires.ts';

const place = {
  eventId: 'event_1',
  response: 'resp_1',
  item: 'item_1',
  outputIndex: 0,
  contentIndex: 0,
  format: { type: 'audio/pcmu' },
} as const;
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Answers as `keepCalls` has it done, and collects what the session would hear. */
async function opened(rig: StreamRig): Promise<{ transport: Transport; inbound: Inbound[] }> {
  const calls = keepCalls({
    clock: rig.clock,
    ids: countingIds(),
    log: silentLog,
    histories: { characters: 0, mostCharacters: 0 },
    onEnded: () => {},
  });
  const inbound: Inbound[] = [];
  let transport: Transport | undefined;
  await calls.open(
    { owner: 'key_1', carrier: 'twilio', dialect: ga, speaker: { format: rig.call.start.format, lagMs: 60 } },
    (events) => {
      rig.call.answer(events);
      return Promise.resolve(rig.call);
    },
    (opened) => {
      transport = opened;
    },
  );
  if (!transport) throw new Error('nobody entered');
  const { inbound: coming } = transport;
  void (async () => {
    for await (const each of coming) inbound.push(each);
    inbound.push({ kind: 'digit', digit: 'over' });
  })();
  return { transport, inbound };
}

test.each([
  ['Twilio', 'twilio', () => twilioWire()],
  ['Plivo', 'plivo', plivoWire],
  ['Vonage', 'vonage', () => vonageWire(8000)],
] as const)('%s: a session hears its caller, speaks, knows what was heard, and interrupts itself', async (_name, carrier, wire) => {
  const rig = streamRig(carrier, wire(), { answered: false });
  const { clock, provider, sound } = rig;
  const hello = sound(200);
  void provider.say(hello);
  clock.advance(200);
  const { transport, inbound } = await opened(rig);
  await settled();
  const heard = () => Buffer.concat(inbound.flatMap((each) => (each.kind === 'audio' ? [each.bytes] : [])));
  expect(difference(heard(), hello)).toBeUndefined();
  provider.press('5');
  await settled();
  expect(inbound.at(-1)).toEqual({ kind: 'digit', digit: '5' });

  const answer = sound(2000);
  transport.sendAudio(place, answer);
  clock.advance(1000);
  await settled();
  const ahead = () => inbound.flatMap((each) => (each.kind === 'played' ? [each.aheadMs] : [])).at(-1) ?? Number.NaN;
  expect(ahead()).toBeGreaterThanOrEqual(980);
  expect(ahead()).toBeLessThanOrEqual(1120);
  transport.clear?.();
  const length = provider.heard().length;
  clock.advance(500);
  await settled();
  expect(ahead()).toBe(0);
  expect(provider.heard()).toHaveLength(length);

  transport.close(1000, 'done');
  clock.advance(200);
  expect(rig.socket.closed).toHaveLength(1);
  expect(provider.errors).toEqual([]);
});

test('a caller who hangs up ends what the session hears', async () => {
  const rig = streamRig('twilio', twilioWire(), { answered: false });
  const { transport, inbound } = await opened(rig);
  rig.provider.stop();
  await settled();
  expect(inbound.at(-1)).toEqual({ kind: 'digit', digit: 'over' });
  expect(transport.ending).toEqual({ by: 'client', code: 1000, reason: 'hung up' });
});
