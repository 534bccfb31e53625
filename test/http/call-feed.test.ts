// The WebSocket that tells the console's page of its key's calls: who is let in, what is told and when, and that a page that reads slowly costs nothing.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { CallBoard } from '../../src/call-board.ts';
import { type CallFeed, openCallFeed } from '../../src/call-feed.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { countingIds, randomToken } from '../../src/lib/ids.ts';
import { silentLog } from '../../src/lib/log.ts';
import { LoopShares } from '../../src/lib/loop-shares.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import type { ServerEvent } from '../../src/protocol/server-events.ts';
import { type Calls, keepCalls } from '../../src/transports/calls/calls.ts';
import { FakeCall } from '../telephony/phone-rig.ts';

let clock: ManualClock;
let calls: Calls;
let feed: CallFeed;
let server: Server;
let listened: object[];
const pages: WebSocket[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  listened = [];
  const board: CallBoard = new CallBoard({
    clock,
    keepsHistories: true,
    calls: () => calls,
    phones: () => ({ of: () => [], endedOf: () => [] }),
  });
  calls = keepCalls({ clock, ids: countingIds(), log: silentLog, histories: board.histories, onEnded: (call) => board.over(call) });
  const log = { ...silentLog, info: (fields: object) => void listened.push(fields) };
  feed = openCallFeed({ board, clock, log, shares: new LoopShares(clock), random: randomToken });
  server = createServer();
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '', 'http://parley');
    const refuse = (status: number) => void socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\n\r\n`);
    void feed.paths.get(url.pathname)?.({ request, url, socket, head, refuse });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterEach(() => {
  for (const page of pages.splice(0)) page.terminate();
  feed.close();
  server.close();
});

interface Told {
  readonly type: string;
  readonly [name: string]: unknown;
}

function open(protocols: string[]): WebSocket {
  const page = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/console/calls`, protocols);
  page.on('error', () => {});
  pages.push(page);
  return page;
}

/** A page that has been let in: what it is told, in order, and how much sound it got. */
async function arrive(owner = 'key-1') {
  const page = open(['parley-calls', `parley-ticket.${feed.ticket(owner)}`]);
  const told: Told[] = [];
  const sound: Buffer[] = [];
  page.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) sound.push(data);
    else told.push(JSON.parse(data.toString('utf8')) as Told);
  });
  await once(page, 'open');
  return {
    page,
    told,
    sound,
    want: (wish: object) => page.send(JSON.stringify({ watch: null, listen: null, ...wish })),
    /** Waits for a message of that type, while time goes on. */
    async hears(type: string, from = 0): Promise<Told> {
      const found = () => told.slice(from).find((each) => each.type === type);
      await vi.waitFor(() => {
        clock.advance(100);
        expect(found()).toBeDefined();
      });
      return found() as Told;
    },
  };
}

async function call(id: string, owner = 'key-1') {
  const speaker = { format: { type: 'audio/pcmu' }, lagMs: 60 } as const;
  await calls.open(
    { id, owner, carrier: 'webrtc', dialect: ga, speaker },
    () => Promise.resolve(new FakeCall()),
    () => {},
  );
  const transport = calls.find(id, owner);
  if (!transport) throw new Error('no call');
  return transport;
}

const started = (item: string): ServerEvent => ({ type: 'input_audio_buffer.speech_started', audio_start_ms: 0, item_id: item });

test('who brings no ticket, a wrong one, or one that was used is turned away', async () => {
  const ticket = feed.ticket('key-1');
  const status = async (protocols: string[]) => {
    const [, response] = (await once(open(protocols), 'unexpected-response')) as [unknown, { statusCode: number }];
    return response.statusCode;
  };
  expect(await status(['parley-calls'])).toBe(401);
  expect(await status(['parley-calls', 'parley-ticket.wrong'])).toBe(401);
  const page = open(['parley-calls', `parley-ticket.${ticket}`]);
  await once(page, 'open');
  // The ticket comes back nowhere.
  expect(page.protocol).toBe('parley-calls');
  expect(await status(['parley-calls', `parley-ticket.${ticket}`])).toBe(401);
});

test('it is told of all calls of its key first, and of what has changed from then on', async () => {
  const transport = await call('rtc_1');
  await call('rtc_2', 'key-2');
  const { told, hears } = await arrive();
  expect(await hears('calls')).toMatchObject({
    calls: [{ id: 'rtc_1', carrier: 'webrtc', state: 'talking', speaking: 'nobody' }],
    gone: [],
  });
  clock.advance(3000);
  const mark = told.length;
  transport.send(started('item_1'));
  expect(await hears('calls', mark)).toMatchObject({ calls: [{ id: 'rtc_1', speaking: 'caller' }] });
  transport.close(1000, 'hung up');
  expect(await hears('calls', mark + 1)).toMatchObject({ calls: [{ id: 'rtc_1', state: 'ended', cause: 'hung_up' }], gone: [] });
  // Nothing is told where nothing changes.
  expect(told).toHaveLength(3);
});

test('of the call that is looked at it is told what has happened, and what happens, by the clock on the wall', async () => {
  const transport = await call('rtc_1');
  const wallMs = clock.wallMs();
  transport.send(started('item_1'));
  const { hears, want, told } = await arrive();
  want({ watch: 'rtc_1' });
  expect(await hears('events')).toMatchObject({ call: 'rtc_1', lost: 0, entries: [{ at: wallMs, event: { item_id: 'item_1' } }] });
  const mark = told.length;
  transport.send(started('item_2'));
  expect(await hears('events', mark)).toMatchObject({ entries: [{ event: { item_id: 'item_2' } }] });
});

test('a call of another key is neither seen nor heard', async () => {
  (await call('rtc_2', 'key-2')).send(started('item_1'));
  const { told, hears, want, sound } = await arrive();
  want({ watch: 'rtc_2', listen: 'rtc_2' });
  expect(await hears('call.listening_ended')).toMatchObject({ call_id: 'rtc_2', error: { code: 'call_not_found' } });
  clock.advance(2000);
  expect(told.filter(({ type }) => type === 'events')).toEqual([]);
  expect([sound.length, listened]).toEqual([0, []]);
});

test('the call that is listened to is heard until it is not wanted any more, and its end is told', async () => {
  const transport = await call('rtc_1');
  const { hears, want, sound, told } = await arrive();
  want({ listen: 'rtc_1' });
  expect(await hears('call.listening')).toMatchObject({ call_id: 'rtc_1', format: { rate: 8000 } });
  expect(listened).toEqual([{ call: 'rtc_1', by: 'key-1' }]);
  await vi.waitFor(() => {
    clock.advance(100);
    expect(sound.length).toBeGreaterThan(5);
  });
  want({});
  await vi.waitFor(() => expect(transport.monitor.sound.isHeard).toBe(false));
  want({ listen: 'rtc_1' });
  const mark = told.length;
  await hears('call.listening', mark);
  transport.close(1000, 'hung up');
  expect(await hears('call.listening_ended', mark)).toEqual({ type: 'call.listening_ended', call_id: 'rtc_1' });
});

test('a page that says what makes no sense is closed, and so is one of which nothing is heard', async () => {
  const odd = await arrive();
  odd.page.send('{"watch":5}');
  expect((await once(odd.page, 'close'))[0]).toBe(1008);
  const silent = await arrive();
  // Even its answers to pings do not come, since all that time passes at once.
  clock.advance(30_200);
  expect((await once(silent.page, 'close'))[0]).toBe(1001);
});
