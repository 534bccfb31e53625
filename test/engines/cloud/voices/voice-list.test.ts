// The voices of a service over time: documented ones, then its own, and its own still when it fails.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ToldList } from '../../../../src/engines/cloud/told-list.ts';
import { voiceList } from '../../../../src/engines/cloud/voices/voice-list.ts';
import type { Voice } from '../../../../src/engines/engine.ts';
import { ManualClock } from '../../../../src/lib/clock.ts';
import { silentLog } from '../../../../src/lib/log.ts';

const voice = (id: string): Voice => ({ id, name: id, description: '', language: 'en-US', gender: 'neutral', tags: [] });

let server: Server;
let asked: string[];
let answer: (path: string) => unknown;
beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const body = answer(request.url ?? '');
    response.writeHead(body === undefined ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function listOf(clock: ManualClock): ToldList<Voice> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return voiceList({
    engine: 'fake',
    documented: [voice('documented')],
    clock,
    log: silentLog,
    sources: [
      {
        url: `${url}/0`,
        headers: {},
        read: (body) => {
          const { ids, next } = body as { ids: string[]; next?: string };
          return { voices: ids.map(voice), next: next && `${url}${next}` };
        },
      },
    ],
  });
}
const ids = (list: ToldList<Voice>) => list.current.map(({ id }) => id);

test("the documented voices are there at once, the service's own when it has told them", async () => {
  answer = (path) => (path === '/0' ? { ids: ['a', 'b'], next: '/1' } : { ids: ['B', 'c'] });
  const list = listOf(new ManualClock());
  expect(ids(list)).toEqual(['documented']);
  await list.load();
  // Ids differ in more than their case.
  expect(ids(list)).toEqual(['a', 'B', 'c']);
});

test('it is asked once for many, and again after an hour', async () => {
  answer = () => ({ ids: ['a'] });
  const clock = new ManualClock();
  const list = listOf(clock);
  await Promise.all([list.load(), list.load(), list.load()]);
  ids(list);
  expect(asked).toHaveLength(1);
  answer = () => ({ ids: ['b'] });
  clock.advance(3_600_001);
  expect(ids(list)).toEqual(['a']);
  await list.load();
  expect(ids(list)).toEqual(['b']);
  expect(asked).toHaveLength(2);
});

test('a service that fails, or has none, leaves the list as it was', async () => {
  answer = () => ({ ids: ['a'] });
  const clock = new ManualClock();
  const list = listOf(clock);
  await list.load();
  for (const body of [undefined, { ids: [] }, 'no list']) {
    answer = () => body;
    await list.load();
    expect(ids(list)).toEqual(['a']);
  }
});

test('a service that was down is asked again soon', async () => {
  answer = () => undefined;
  const clock = new ManualClock();
  const list = listOf(clock);
  await list.load();
  answer = () => ({ ids: ['a'] });
  clock.advance(29_999);
  ids(list);
  expect(asked).toHaveLength(1);
  clock.advance(1);
  ids(list);
  await list.load();
  expect(ids(list)).toEqual(['a']);
  expect(asked).toHaveLength(2);
});

test('pages without an end come to one', async () => {
  answer = (path) => ({ ids: [`voice${path}`], next: `/${Number(path.slice(1)) + 1}` });
  const list = listOf(new ManualClock());
  await list.load();
  expect(asked).toHaveLength(20);
  expect(ids(list)).toHaveLength(20);
});
