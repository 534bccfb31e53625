// sipvicious looks for telephone systems, for their extensions and for passwords, as whoever scans the internet does: what it finds, and that it is of no use.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { missing } from '../transports/sip/programs.ts';
import { apiKey } from './support/server.ts';
import { freePort, startTelephoneServer, type TelephoneServer } from './support/telephone-server.ts';

const absent = missing('svmap', 'sipvicious');
const home = mkdtempSync(join(tmpdir(), 'sipvicious-'));
const servers: TelephoneServer[] = [];
const password = 'the-right-one';
/** The right one comes late. */
const words = [...Array.from({ length: 60 }, (_, number) => `guess-${number}`), password];
writeFileSync(join(home, 'words.txt'), `${words.join('\n')}\n`);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(home, { recursive: true, force: true });
});

/** What a program says until its end, or until it is told to end. */
async function said(program: string, args: readonly string[], end?: AbortSignal): Promise<string> {
  const port = await freePort();
  return new Promise((resolve, reject) => {
    // It keeps what it has found in its home.
    const env = { ...process.env, HOME: mkdtempSync(join(home, 'run-')) };
    const child = spawn(program, ['-P', String(port), ...args], { cwd: home, env, timeout: 50_000 });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString('latin1')));
    end?.addEventListener('abort', () => child.kill());
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

async function listening(sip: object): Promise<{ server: TelephoneServer; at: string[] }> {
  const server = await startTelephoneServer([{ name: 'desk', numbers: ['*'] }], { engines: 'scripted' }, { sip });
  servers.push(server);
  return { server, at: ['-p', String(server.at('udp').split(':').at(-1)), '127.0.0.1'] };
}

/** What became of messages of strangers. */
async function counted({ running }: TelephoneServer): Promise<Record<string, number>> {
  const text = await (await fetch(`${running.http}/metrics`, { headers: { authorization: `Bearer ${apiKey}` } })).text();
  const found = text.matchAll(/^parley_sip_strangers_total\{outcome="(\w+)"\} (\d+)/gm);
  return Object.fromEntries([...found].map(([, outcome, count]) => [outcome, Number(count)]));
}

/** What is found of a server with this `sip` in its file: that it is there, and its extensions. */
async function scanned(sip: object) {
  const { server, at } = await listening(sip);
  // One after the other: what a network of strangers sends in ten seconds is read up to a bound.
  const found = await Promise.all([said('svmap', at), said('svmap', ['-m', 'INVITE', ...at])]);
  const methods = ['REGISTER', 'INVITE', 'OPTIONS'];
  const extensions = await Promise.all(methods.map((method) => said('svwar', ['-m', method, '-e', '100-120', ...at])));
  return { hooks: server.hooks, found: found.join(''), extensions, counts: await counted(server) };
}

/** What guessing a password comes to. */
async function cracked(sip: object) {
  const { server, at } = await listening(sip);
  const end = new AbortController();
  const cracking = said('svcrack', ['-u', 'phone', '-d', 'words.txt', ...at], end.signal);
  // Left to itself it tries what is not read any more again and again.
  const isShut = async () => {
    const { unread = 0, wrong_password = 0 } = await counted(server);
    expect(unread).toBeGreaterThan(wrong_password);
  };
  await vi.waitFor(isShut, { timeout: 40_000, interval: 200 });
  end.abort();
  const text = await cracking;
  return { hooks: server.hooks, text, counts: await counted(server) };
}

const foreign = ['192.0.2.0/24'];
type Scanned = Awaited<ReturnType<typeof scanned>>;
let byAddress: Scanned;
let hardened: Scanned;
let refusing: Scanned;
let asking: Scanned;
let guessing: Awaited<ReturnType<typeof cracked>>;

beforeAll(async () => {
  if (absent) return;
  const phone = { name: 'phone', username: 'phone', password, hashes: ['md5'] };
  [byAddress, hardened, refusing, asking, guessing] = await Promise.all([
    scanned({ trunks: [{ name: 'company', addresses: foreign }] }),
    scanned({ trunks: [{ ...phone, addresses: foreign }] }),
    scanned({ strangers: 'refuse', trunks: [{ name: 'company', addresses: foreign }] }),
    scanned({ trunks: [phone] }),
    cracked({ trunks: [phone] }),
  ]);
});

test('finds nothing where callers are known by their addresses, with a password besides or without', ({ skip }) => {
  skip(absent !== undefined, absent);
  for (const { found, extensions, counts, hooks } of [byAddress, hardened]) {
    expect(found.match(/found nothing/g)).toHaveLength(2);
    for (const text of extensions) expect(text).toMatch(/found nothing/);
    expect(counts).toMatchObject({ refused: 0, challenged: 0, wrong_password: 0 });
    expect(hooks).toEqual([]);
  }
});

test('finds that something is there where strangers are refused or asked for a password, and no extension', ({ skip }) => {
  skip(absent !== undefined, absent);
  for (const { found, extensions, hooks } of [refusing, asking]) {
    // Neither what it is nor its version.
    expect(found).toMatch(/\| 127\.0\.0\.1:\d+ +\| unknown +\|/);
    expect(found).not.toMatch(/parley/i);
    for (const text of extensions) expect(text).not.toMatch(/\| 1\d\d /);
    expect(hooks).toEqual([]);
  }
  expect(refusing.counts).toMatchObject({ challenged: 0, wrong_password: 0, silenced: 0 });
});

test('may guess a password ten times, and is not read after that', ({ skip }) => {
  skip(absent !== undefined, absent);
  const { text, counts, hooks } = guessing;
  expect(text).not.toContain(password);
  expect(counts['wrong_password']).toBeGreaterThanOrEqual(10);
  expect(counts['wrong_password']).toBeLessThan(15);
  expect(counts['unread']).toBeGreaterThan(counts['wrong_password'] ?? 0);
  expect(hooks).toEqual([]);
});
