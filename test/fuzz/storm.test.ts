// Thirty thousand events of clients that are broken, careless or hostile, over real sockets, and one client beside them that is none of it.
// A failure names its seed: FUZZ_SEED=<seed> repeats it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chance } from '../session/chance.ts';
import { type Caller, callers } from './frame.ts';
import { Generator } from './generator.ts';
import { GoodSession } from './good-session.ts';
import { ServerProcess } from './server-process.ts';
import { allMonsters } from './rubbish.ts';
import { Stormer } from './stormer.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 1e9));
const events = Number(process.env['FUZZ_EVENTS'] ?? 30_000);
/** Before these, code is still being compiled and caches filled, which is no growth. */
const warmUpEvents = 8000;
const lanes = 6;
const manners = { close: 6, vanish: 3, 'not UTF-8': 1, 'too large': 0.2 };
const mostGrowthBytes = 50 * 1024 * 1024;

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server.stop();
});

/** As many events as given, in sessions one after the other on several lanes; gives the number of the next session. */
async function storm(count: number, firstSession: number): Promise<number> {
  let left = count;
  let sessions = firstSession;
  const lane = async () => {
    while (left > 0) {
      const number = sessions++;
      const chance = new Chance(seed + number * 7919);
      const length = Math.min(left, chance.int(100, 1200));
      left -= length;
      await converse(number, length, chance);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return sessions;
}

async function open(number: number): Promise<{ stormer: Stormer; caller: Caller }> {
  const caller = callers[number % callers.length] as Caller;
  return { caller, stormer: await Stormer.open(server.ws, caller, `seed ${seed}, session ${number}`) };
}

async function converse(number: number, length: number, chance: Chance): Promise<void> {
  const { stormer, caller } = await open(number);
  const generator = new Generator(chance, caller);
  stormer.onMade = (made) => Object.assign(generator.valid.made, made);
  for (let left = length; left > 0; ) {
    // Now and then more at once than the server lets wait.
    const burst = Math.min(left, chance.often(0.05) ? 1200 : chance.int(1, 80));
    left -= burst;
    await stormer.send(Array.from({ length: burst }, () => generator.next()));
  }
  await stormer.proveAlive();
  await stormer.end(chance.weighted(manners));
}

/** The largest of everything on all lanes at once, so that what memory they need is not taken for growth later. */
async function swell(): Promise<void> {
  const lane = async (_: unknown, number: number) => {
    const { stormer, caller } = await open(number);
    await stormer.send(allMonsters(caller));
    await stormer.proveAlive();
    await stormer.end('too large');
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Memory once nobody is there but the good session, and those who have left have been cleared away. */
async function quietAccount() {
  await expect.poll(() => server.sessions(), { timeout: 20_000 }).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  return server.account();
}

/** Puts to a client's failure what the server has to say about it. */
async function explained<T>(work: Promise<T>): Promise<T> {
  return work.catch(async (error: unknown) => {
    const end = await server.end();
    throw new Error([String(error), ...server.logged, end ?? ''].join('\n'), { cause: error });
  });
}

test(`${events} mutated events neither crash, silence nor swell the server, nor disturb the session beside them (seed ${seed})`, {
  timeout: Math.max(240_000, events * 10),
}, async () => {
  const good = await GoodSession.open(server.ws);
  await explained(swell());
  const sessions = await explained(storm(Math.min(warmUpEvents, events), lanes));
  const before = await quietAccount();
  const next = await explained(storm(events - warmUpEvents, sessions));
  const after = await quietAccount();
  let grownBytes = after.residentBytes - before.residentBytes;
  if (grownBytes >= mostGrowthBytes) {
    // The allocator may keep what one peak has taken, as often as chance has it. A leak grows by as much with every storm.
    await explained(storm(events - warmUpEvents, next));
    grownBytes = (await quietAccount()).residentBytes - after.residentBytes;
  }
  await explained(good.end());
  expect(server.logged).toEqual([]);
  expect(await server.end()).toBeUndefined();
  expect(good.turns.written).toBeGreaterThan(5);
  expect(good.turns.spoken).toBeGreaterThan(5);
  expect(after.polluted).toEqual([]);
  expect(after.usedBytes - before.usedBytes).toBeLessThan(mostGrowthBytes);
  expect(grownBytes).toBeLessThan(mostGrowthBytes);
});
