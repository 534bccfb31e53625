// What is known of a key's calls, whoever carries them: those that are there, those that have ended, and what has happened in them.
import { expect, test } from 'vitest';
import { CallBoard } from '../../src/call-board.ts';
import { countingIds } from '../../src/lib/ids.ts';
import { silentLog } from '../../src/lib/log.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import type { ServerEvent } from '../../src/protocol/server-events.ts';
import type { CallEvents } from '../../src/transports/calls/call.ts';
import { keepCalls } from '../../src/transports/calls/calls.ts';
import { byCaller, callsRig, FakeCall, Ringing, settle } from './phone-rig.ts';

const started: ServerEvent = { type: 'input_audio_buffer.speech_started', audio_start_ms: 0, item_id: 'item_1' };
const atOnce = { name: 'desk', numbers: ['*'] };

function rig(keepsHistories = true) {
  const phones = callsRig([atOnce], { tell: (event, owner) => board.told(event, owner) });
  const { clock } = phones;
  const board: CallBoard = new CallBoard({
    clock,
    keepsHistories,
    calls: () => calls,
    phones: () => ({ of: (owner) => phones.calls.list(owner), endedOf: (owner) => phones.calls.ended(owner) }),
  });
  const calls = keepCalls({ clock, ids: countingIds(), log: silentLog, histories: board.histories, onEnded: (call) => board.over(call) });
  /** A call that has been answered; its events. */
  async function answered(id: string, carrier: 'webrtc' | 'twilio', owner = 'key-1'): Promise<CallEvents> {
    let events: CallEvents | undefined;
    const speaker = { format: { type: 'audio/pcmu' }, lagMs: 60 } as const;
    await calls.open(
      { id, owner, carrier, dialect: ga, speaker },
      (told) => {
        events = told;
        return Promise.resolve(new FakeCall());
      },
      () => {},
    );
    if (!events) throw new Error('not answered');
    return events;
  }
  return { ...phones, board, transports: calls, answered };
}

test('calls by telephone and from browsers are listed together, with their ways and who speaks', async () => {
  const { board, calls, answered, transports } = rig();
  await calls.take(new Ringing());
  await answered('rtc_1', 'twilio');
  await answered('rtc_web', 'webrtc');
  await answered('rtc_other', 'webrtc', 'key-2');
  transports.find('rtc_1', 'key-1')?.send(started);
  expect(board.live('key-1')).toMatchObject([
    {
      id: 'rtc_1',
      carrier: 'twilio',
      route: 'desk',
      from: '+15550001',
      to: '+15550002',
      state: 'talking',
      began_at: 1_700_000_000,
      speaking: 'caller',
    },
    { id: 'rtc_web', carrier: 'webrtc', direction: 'inbound', from: '', state: 'talking', speaking: 'nobody' },
  ]);
  expect(board.webrtc('key-1').map(({ id }) => id)).toEqual(['rtc_web']);
  expect([board.monitor('rtc_other', 'key-1'), board.history('rtc_other', 'key-1')]).toEqual([undefined, undefined]);
});

test('a call that has ended is shown for an hour with how it ended, and so is what happened in it', async () => {
  const { board, calls, clock, sessions, answered, transports } = rig();
  await calls.take(new Ringing());
  const line = await answered('rtc_1', 'twilio');
  transports.find('rtc_1', 'key-1')?.send(started);
  clock.advance(65_000);
  line.onEnd('closed');
  sessions.get('rtc_1')?.end(byCaller);
  expect(board.live('key-1')).toEqual([]);
  const shown = { id: 'rtc_1', state: 'ended', cause: 'far_side_hung_up', duration_seconds: 65, ended_at: 1_700_000_065, route: 'desk' };
  expect(board.ended('key-1')).toMatchObject([shown]);
  expect(board.history('rtc_1', 'key-1')?.after(0).entries).toHaveLength(1);
  expect(board.history('rtc_1', 'key-2')).toBeUndefined();
  clock.advance(3_600_000);
  expect([board.ended('key-1'), board.history('rtc_1', 'key-1'), board.histories.characters]).toEqual([[], undefined, 0]);
});

test('a browser’s call that was lost, hung up here or over there says so', async () => {
  const { board, answered, transports } = rig();
  (await answered('rtc_a', 'webrtc')).onEnd('lost');
  (await answered('rtc_b', 'webrtc')).onEnd('closed');
  await answered('rtc_c', 'webrtc');
  transports.find('rtc_c', 'key-1')?.close(1000, 'hung up');
  expect(board.ended('key-1').map(({ id, cause }) => [id, cause])).toEqual([
    ['rtc_a', 'lost'],
    ['rtc_b', 'far_side_hung_up'],
    ['rtc_c', 'hung_up'],
  ]);
});

test('a call that was never answered is shown as such', async () => {
  const { board, calls } = callsOf([{ ...atOnce, answer: 'webhook' }]);
  const ringing = new Ringing();
  void calls.take(ringing);
  await settle();
  expect(board.live('key-1')).toMatchObject([{ state: 'ringing' }]);
  ringing.leave();
  await settle();
  expect(board.ended('key-1')).toMatchObject([{ state: 'ended', cause: 'cancelled', duration_seconds: 0 }]);
});

test('a transfer is part of what happened in the call', async () => {
  const { board, calls, answered } = rig();
  const ringing = new Ringing();
  await calls.take(ringing);
  await answered('rtc_1', 'twilio');
  const transferred = calls.transfer('rtc_1', 'key-1', 'tel:+12025550101');
  ringing.call.transfers[0]?.came.resolve({ outcome: 'refused', reason: 'busy' });
  await transferred;
  const entries = board.history('rtc_1', 'key-1')?.after(0).entries ?? [];
  expect(entries.map(({ text }) => JSON.parse(text))).toMatchObject([
    { type: 'realtime.call.transfer_failed', target: 'tel:+12025550101', reason: 'busy' },
  ]);
});

test('of a key the last hundred that have ended are shown, and of a thousand it is kept what happened in them', async () => {
  const { board, answered, transports } = rig();
  for (let number = 0; number < 1010; number++) {
    await answered(`rtc_${number}`, 'webrtc');
    transports.find(`rtc_${number}`, 'key-1')?.send(started);
    transports.find(`rtc_${number}`, 'key-1')?.close(1000, 'hung up');
  }
  expect(board.ended('key-1').map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, at) => `rtc_${at + 910}`));
  expect(['rtc_9', 'rtc_10', 'rtc_1009'].map((id) => board.history(id, 'key-1')?.after(0).entries.length)).toEqual([undefined, 1, 1]);
});

test('where nobody can look at it, nothing of what happens in calls is kept', async () => {
  const { board, answered, transports } = rig(false);
  await answered('rtc_1', 'webrtc');
  transports.find('rtc_1', 'key-1')?.send(started);
  expect(board.history('rtc_1', 'key-1')?.after(0).entries).toEqual([]);
});

/** The same without calls that have been answered. */
function callsOf(routes: readonly object[]) {
  const phones = callsRig(routes, { tell: (event, owner) => board.told(event, owner) });
  const { clock } = phones;
  const board: CallBoard = new CallBoard({
    clock,
    keepsHistories: true,
    calls: () => keepCalls({ clock, ids: countingIds(), log: silentLog, histories: board.histories, onEnded() {} }),
    phones: () => ({ of: (owner) => phones.calls.list(owner), endedOf: (owner) => phones.calls.ended(owner) }),
  });
  return { board, calls: phones.calls };
}
