// The four transactions with their timers (RFC 3261 section 17, RFC 6026), on a clock that a test moves.
import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { makeRequest, responseTo, withVia } from '../../../src/transports/sip/build.ts';
import type { SipRequest, SipResponse } from '../../../src/transports/sip/message.ts';
import { ClientTransaction } from '../../../src/transports/sip/transactions/client.ts';
import { InviteClientTransaction } from '../../../src/transports/sip/transactions/invite-client.ts';
import { InviteServerTransaction } from '../../../src/transports/sip/transactions/invite-server.ts';
import { ServerTransaction } from '../../../src/transports/sip/transactions/server.ts';
import { TransactionTable } from '../../../src/transports/sip/transactions/table.ts';
import { sipTimes } from '../../../src/transports/sip/transactions/timers.ts';
import { Wire } from './wire.ts';
import { far, own } from './rig.ts';

let clock: ManualClock;
/** When which message went out: `500 INVITE`, `0 486`. */
let sent: string[];
let told: string[];

const carrier = (reliable: boolean) => ({
  reliable,
  send: (bytes: Buffer) => {
    const [first = '', second = ''] = bytes.toString().split(' ');
    sent.push(`${clock.now()} ${first.startsWith('SIP/') ? second : first}`);
  },
});

function request(method: string, branch = 'z9hG4bKa'): SipRequest {
  const parts = { uri: 'sip:b@b.example', from: '<sip:a@a.example>;tag=1', to: '<sip:b@b.example>', callId: 'c', cseq: 1 };
  return withVia(makeRequest({ method, ...parts }), { transport: 'udp', host: 'a.example', parameters: new Map([['branch', branch]]) });
}

const response = (to: SipRequest, status: number): SipResponse => responseTo(to, status, { toTag: 't' });

beforeEach(() => {
  clock = new ManualClock();
  sent = [];
  told = [];
});

const time = () => ({ clock, times: sipTimes });
const clientEvents = () => ({
  onResponse: ({ status }: SipResponse) => told.push(`${clock.now()} ${status}`),
  onFailed: (why: string) => told.push(`${clock.now()} ${why}`),
  onTerminated: () => told.push(`${clock.now()} over`),
});

describe('an INVITE of ours', () => {
  const start = (reliable = false) => {
    const transaction = new InviteClientTransaction(request('INVITE'), carrier(reliable), time(), clientEvents());
    transaction.start();
    return transaction;
  };

  test('is sent again at doubling intervals until timer B ends it', () => {
    start();
    clock.advance(40_000);
    expect(sent).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500].map((ms) => `${ms} INVITE`));
    expect(told).toEqual(['32000 over', '32000 timeout']);
  });

  test('is sent once over a connection, and ends by timer B as well', () => {
    start(true);
    clock.advance(40_000);
    expect(sent).toEqual(['0 INVITE']);
    expect(told).toEqual(['32000 over', '32000 timeout']);
  });

  test('waits for ever once something provisional has come', () => {
    const transaction = start();
    clock.advance(100);
    transaction.receive(response(transaction.request, 180));
    clock.advance(200_000);
    expect(sent).toEqual(['0 INVITE']);
    expect(told).toEqual(['100 180']);
  });

  test('acknowledges a failure, and each repetition of it, until timer D', () => {
    const transaction = start();
    transaction.receive(response(transaction.request, 486));
    clock.advance(500);
    transaction.receive(response(transaction.request, 486));
    clock.advance(31_499);
    expect(transaction.state).toBe('completed');
    clock.advance(1);
    expect(sent).toEqual(['0 INVITE', '0 ACK', '500 ACK']);
    expect(told).toEqual(['0 486', '32000 over']);
  });

  test('tells each repetition of a success until timer M, and acknowledges none itself (RFC 6026)', () => {
    const transaction = start();
    transaction.receive(response(transaction.request, 200));
    clock.advance(500);
    transaction.receive(response(transaction.request, 200));
    expect(transaction.state).toBe('accepted');
    clock.advance(40_000);
    expect(sent).toEqual(['0 INVITE']);
    expect(told).toEqual(['0 200', '500 200', '32000 over']);
  });

  test('takes no failure after a success', () => {
    const transaction = start();
    transaction.receive(response(transaction.request, 200));
    transaction.receive(response(transaction.request, 503));
    expect(told).toEqual(['0 200']);
    expect(sent).toEqual(['0 INVITE']);
  });

  test('fails at once when its connection is lost', () => {
    start(true).lost();
    expect(told).toEqual(['0 over', '0 lost']);
  });
});

describe('another request of ours', () => {
  const start = (reliable = false) => {
    const transaction = new ClientTransaction(request('BYE'), carrier(reliable), time(), clientEvents());
    transaction.start();
    return transaction;
  };

  test('is sent again at intervals up to T2 until timer F ends it', () => {
    start();
    clock.advance(40_000);
    const times = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    expect(sent).toEqual(times.map((ms) => `${ms} BYE`));
    expect(told).toEqual(['32000 over', '32000 timeout']);
  });

  test('is sent again every T2 after something provisional', () => {
    const transaction = start();
    clock.advance(600);
    transaction.receive(response(transaction.request, 100));
    clock.advance(9000);
    expect(sent).toEqual([0, 500, 1500, 5500, 9500].map((ms) => `${ms} BYE`));
  });

  test('absorbs repeated answers until timer K', () => {
    const transaction = start();
    transaction.receive(response(transaction.request, 200));
    transaction.receive(response(transaction.request, 200));
    expect(told).toEqual(['0 200']);
    clock.advance(5000);
    expect(told).toEqual(['0 200', '5000 over']);
  });
});

describe('an INVITE that comes', () => {
  const accept = (reliable = false) =>
    new InviteServerTransaction(request('INVITE'), carrier(reliable), time(), {
      onNoAck: () => told.push(`${clock.now()} no ACK`),
      onTerminated: () => told.push(`${clock.now()} over`),
    });

  test('that comes again is answered with what was said last', () => {
    const transaction = accept();
    transaction.receive(transaction.request);
    transaction.respond(response(transaction.request, 100));
    transaction.respond(response(transaction.request, 180));
    transaction.receive(transaction.request);
    expect(sent).toEqual(['0 100', '0 180', '0 180']);
  });

  test('has its refusal sent again until timer H, where no ACK comes', () => {
    const transaction = accept();
    transaction.respond(response(transaction.request, 486));
    clock.advance(40_000);
    const times = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    expect(sent).toEqual(times.map((ms) => `${ms} 486`));
    expect(told).toEqual(['32000 no ACK', '32000 over']);
  });

  test('is quiet once its refusal is acknowledged, and over after timer I', () => {
    const transaction = accept();
    transaction.respond(response(transaction.request, 486));
    clock.advance(600);
    transaction.receive(request('ACK'));
    transaction.receive(transaction.request);
    clock.advance(10_000);
    expect(sent).toEqual(['0 486', '500 486']);
    expect(told).toEqual(['5600 over']);
  });

  test('is over at the ACK of a refusal over a connection', () => {
    const transaction = accept(true);
    transaction.respond(response(transaction.request, 486));
    clock.advance(20_000);
    transaction.receive(request('ACK'));
    expect(sent).toEqual(['0 486']);
    expect(told).toEqual(['20000 over']);
  });

  test('absorbs repetitions after a success, and sends that again only for its owner, until timer L (RFC 6026)', () => {
    const transaction = accept();
    const success = response(transaction.request, 200);
    transaction.respond(success);
    transaction.receive(transaction.request);
    transaction.receive(request('ACK'));
    expect(sent).toEqual(['0 200']);
    clock.advance(500);
    transaction.respond(success);
    expect(sent).toEqual(['0 200', '500 200']);
    clock.advance(31_500);
    expect(told).toEqual(['32000 over']);
  });

  test('takes one final response', () => {
    const transaction = accept();
    transaction.respond(response(transaction.request, 200));
    transaction.respond(response(transaction.request, 486));
    transaction.respond(response(transaction.request, 180));
    expect(sent).toEqual(['0 200']);
  });
});

describe('another request that comes', () => {
  test('again is answered again until timer J', () => {
    const transaction = new ServerTransaction(request('BYE'), carrier(false), time(), () => told.push(`${clock.now()} over`));
    transaction.receive(transaction.request);
    transaction.respond(response(transaction.request, 200));
    transaction.respond(response(transaction.request, 500));
    clock.advance(1000);
    transaction.receive(transaction.request);
    clock.advance(40_000);
    expect(sent).toEqual(['0 200', '1000 200']);
    expect(told).toEqual(['32000 over']);
  });

  test('that nobody answers is forgotten', () => {
    const transaction = new ServerTransaction(request('INFO'), carrier(false), time(), () => told.push(`${clock.now()} over`));
    clock.advance(100_000);
    expect(told).toEqual(['64000 over']);
    expect(transaction.state).toBe('terminated');
  });
});

describe('the table', () => {
  const table = (most = 100) => new TransactionTable({ clock, times: sipTimes, most });
  const events = { onTerminated: () => {} };

  test('knows a repetition by its branch and sender, and a CANCEL by those of its INVITE', () => {
    const all = table();
    const invite = request('INVITE');
    all.acceptInvite(invite, carrier(false), events);
    expect(all.absorb(invite)).toBe(true);
    expect(all.absorb(request('INVITE', 'z9hG4bKb'))).toBe(false);
    expect(all.absorb(withVia(makeFrom(invite), { ...invite.via, host: 'other.example' }))).toBe(false);
    expect(all.cancelled(request('CANCEL'))?.request).toBe(invite);
    expect(all.cancelled(request('CANCEL', 'z9hG4bKb'))).toBeUndefined();
  });

  test('knows a request of RFC 2543 by all that stays the same', () => {
    const all = table();
    const invite = request('INVITE', 'old');
    all.acceptInvite(invite, carrier(false), events);
    expect(all.absorb(request('INVITE', 'old'))).toBe(true);
    expect(all.absorb({ ...request('INVITE', 'old'), callId: 'another' })).toBe(false);
  });

  test('leaves the ACK of a success to the call', () => {
    const all = table();
    const transaction = all.acceptInvite(request('INVITE'), carrier(false), events);
    transaction?.respond(response(request('INVITE'), 200));
    expect(all.absorb(request('ACK'))).toBe(false);
  });

  test('takes no more than it may hold, and has room again once some are over', () => {
    const all = table(2);
    expect(all.accept(request('INFO', 'z9hG4bK1'), carrier(true))).toBeDefined();
    const second = all.accept(request('INFO', 'z9hG4bK2'), carrier(true));
    expect(all.accept(request('INFO', 'z9hG4bK3'), carrier(true))).toBeUndefined();
    second?.respond(response(second.request, 200));
    expect(all.accept(request('INFO', 'z9hG4bK3'), carrier(true))).toBeDefined();
  });

  test('takes a response only for a request of ours, with our own Via on top', () => {
    const all = table();
    const flow = new Wire(clock).flow('udp', own, far);
    const asked = request('OPTIONS');
    all.start(asked, flow, clientEvents());
    expect(all.receive({ ...response(asked, 200), via: { ...asked.via, host: 'elsewhere.example' } })).toBe(false);
    expect(all.receive({ ...response(asked, 200), callId: 'another' })).toBe(false);
    expect(all.receive(response(asked, 200))).toBe(true);
    expect(told).toEqual(['0 200']);
  });

  test('knows the same INVITE on another way (482)', () => {
    const all = table();
    all.acceptInvite(request('INVITE'), carrier(false), events);
    expect(all.isMerged(request('INVITE', 'z9hG4bKb'))).toBe(true);
    expect(all.isMerged(request('INVITE'))).toBe(false);
    expect(all.isMerged({ ...request('INVITE', 'z9hG4bKb'), cseq: { number: 2, method: 'INVITE' } })).toBe(false);
  });
});

function makeFrom(from: SipRequest): SipRequest {
  return { ...from, headers: from.headers.copy().remove('Via') };
}
