// Two user agents with a network between them that loses every third message: each call is set up, changed, transferred and ended all the same.
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { countingIds } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { IncomingCall, SipDialog } from '../../../src/transports/sip/agent.ts';
import { openSipAgent } from '../../../src/transports/sip/user-agent.ts';
import { answer, flush, offer } from './rig.ts';
import { Wire } from './wire.ts';

/** Seeded, so that a failure repeats itself. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}

async function pair(seed: number, onIncoming: (call: IncomingCall) => void) {
  const clock = new ManualClock();
  const wire = new Wire(clock);
  const random = numbers(seed);
  const open = (host: string, take: (call: IncomingCall) => void) => {
    const listen = [{ transport: 'udp' as const, host, port: 5060 }];
    const letters = numbers(seed + host.length + host.charCodeAt(host.length - 1));
    const token = (length: number) => Array.from({ length }, () => letters(36).toString(36)).join('');
    return openSipAgent(
      { listen, trunks: [{ name: 'other', addresses: ['192.0.2.0/24'] }], strangers: 'silence', sessionExpiresS: 600 },
      {
        clock,
        chance: { ids: countingIds(), token, integer: letters },
        log: silentLog,
        resolver: { pointers: () => Promise.resolve([]), services: () => Promise.resolve([]), addresses: () => Promise.resolve([]) },
        network: (onBytes) => Promise.resolve(wire.end(listen, onBytes)),
      },
      { onIncoming: take },
    );
  };
  const caller = await open('192.0.2.1', (call) => call.reject(603));
  const callee = await open('192.0.2.2', onIncoming);
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 20) {
      clock.advance(20);
      await flush();
    }
  };
  return { wire, caller, callee, pass, random };
}

const target = { uri: 'sip:100@192.0.2.2', from: 'sip:caller@192.0.2.1' };

test.each([1, 2, 3, 4, 5, 6, 7, 8])('a call is answered, changed by both, transferred and ended (seed %i)', async (seed) => {
  const theirs: SipDialog[] = [];
  const { wire, caller, callee, pass, random } = await pair(seed, (call) => {
    call.ring();
    call.progress(answer);
    const events = { onSession: () => Promise.resolve(answer), onRefer: () => Promise.resolve(486) };
    void call.answer(answer, events).then((dialog) => theirs.push(dialog));
  });
  wire.loses = () => random(3) === 0;
  const ours: SipDialog[] = [];
  const heard: string[] = [];
  caller.invite(target, offer, {
    onSession: () => Promise.resolve(answer),
    onProgress: () => heard.push('progress'),
    onAnswered: (dialog) => ours.push(dialog),
    onFailed: ({ status }) => heard.push(`failed ${status}`),
  });
  await pass(20_000);
  // A description before the answer arrives for certain, whatever gets lost.
  expect(heard).toEqual(['progress']);
  expect([ours.length, theirs.length]).toEqual([1, 1]);
  const [mine, other] = [ours[0] as SipDialog, theirs[0] as SipDialog];
  // Both at once: whoever is refused tries again.
  const changes = Promise.all([mine.reinvite(offer), other.reinvite(offer)]);
  await pass(60_000);
  expect(await changes).toEqual([answer, answer]);
  const transfer = mine.refer('sip:somebody@192.0.2.9');
  await pass(40_000);
  expect(await transfer).toEqual({ outcome: 'failed', status: 486 });
  // Refreshes keep it up for an hour.
  await pass(1_200_000);
  mine.bye();
  await pass(40_000);
  expect(await other.ended).toEqual({ by: 'them' });
  expect(await mine.ended).toEqual({ by: 'us' });
  await pass(40_000);
  for (const agent of [caller, callee]) expect([agent.calls, agent.core.dialogs.size, agent.core.table.size]).toEqual([0, 0, 0]);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
  'a call that is taken back while it is answered ends at both ends (seed %i)',
  async (seed) => {
    const ended: string[] = [];
    const { wire, caller, callee, pass, random } = await pair(seed, (call) => {
      call.ring();
      call.onCancel(() => ended.push('callee'));
      void pass40().then(() =>
        call.answer(answer, { onSession: () => Promise.resolve(answer), onBye: () => ended.push('callee') }).catch(() => {}),
      );
    });
    const pass40 = async () => {
      for (let turn = 0; turn < seed * 40; turn++) await Promise.resolve();
    };
    wire.loses = () => random(3) === 0;
    const call = caller.invite(target, offer, {
      onSession: () => Promise.resolve(answer),
      onAnswered: (dialog) => {
        dialog.bye();
        ended.push('caller');
      },
      onFailed: () => ended.push('caller'),
    });
    await pass(20 + 20 * random(20));
    call.cancel();
    await pass(150_000);
    expect(new Set(ended)).toEqual(new Set(['caller', 'callee']));
    for (const agent of [caller, callee]) expect([agent.calls, agent.core.dialogs.size, agent.core.table.size]).toEqual([0, 0, 0]);
  },
);
