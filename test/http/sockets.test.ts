// The bounds of strangers' sockets, without a network: who has to go when one more comes.
import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Sockets } from '../../src/http/sockets.ts';
import { networkOf, RemoteAddresses } from '../../src/lib/remote-address.ts';

class FakeSocket extends EventEmitter {
  destroyed = false;
  readonly remoteAddress: string;
  readonly remotePort: number;

  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}

function rig(strangers: number, strangersPerAddress: number) {
  const addresses = new RemoteAddresses(['loopback', '2001:db8::5']);
  let turnedOut = 0;
  const sockets = new Sockets({
    strangers,
    strangersPerAddress,
    isProxy: (address) => addresses.isProxy(address),
    networkOf,
    turnedOut: () => (turnedOut += 1),
  });
  const server = new EventEmitter();
  sockets.watch(server as Server);
  let port = 0;
  const come = (address: string, fromPort = (port += 1)) => {
    const socket = new FakeSocket(address, fromPort);
    server.emit('connection', socket);
    return socket;
  };
  return { sockets, come, turnedOut: () => turnedOut };
}

const gone = (all: readonly FakeSocket[]) => all.map(({ destroyed }) => destroyed);

test('a /64 of IPv6 has one share, and an address of IPv4 has one however it is written', () => {
  const { come } = rig(100, 2);
  expect(gone(['2001:db8:7::1', '2001:db8:7::2', '2001:db8:7:0:a::', '2001:db8:8::1'].map((address) => come(address)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(gone(['203.0.113.9', '::ffff:203.0.113.9', '203.0.113.9', '203.0.113.10'].map((address) => come(address)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '2001:db8::5'])('a trusted proxy at %s has more than one share', (address) => {
  const { come } = rig(100, 2);
  expect(gone([address, address, address, address].map((each) => come(each)))).toEqual([false, false, false, false]);
});

test('whoever has shown a key is not counted, and those who leave make room', () => {
  const { sockets, come, turnedOut } = rig(2, 2);
  const [oldest, known, first] = [come('203.0.113.1'), come('203.0.113.2'), come('203.0.113.3')];
  expect(oldest.destroyed).toBe(true);
  sockets.known(known as unknown as Socket);
  const second = come('203.0.113.4');
  expect(gone([known, first, second])).toEqual([false, false, false]);
  first.destroy();
  come('203.0.113.5');
  expect(gone([known, second])).toEqual([false, false]);
  expect([sockets.size, sockets.strangers, turnedOut()]).toEqual([3, 2, 1]);
});

test('a far end that comes again before its last socket was heard to end takes one place, and gives it back', () => {
  const { come } = rig(100, 2);
  const again = Array.from({ length: 5 }, () => come('203.0.113.9', 4711));
  for (const socket of again) socket.destroy();
  expect(gone([come('203.0.113.9'), come('203.0.113.9')])).toEqual([false, false]);
});

test('at the end nobody is left, known or not', () => {
  const { sockets, come } = rig(10, 10);
  const all = [come('203.0.113.1'), come('203.0.113.2')];
  sockets.known(all[0] as unknown as Socket);
  sockets.destroyAll();
  expect(gone(all)).toEqual([true, true]);
  expect(sockets.size).toBe(0);
});
