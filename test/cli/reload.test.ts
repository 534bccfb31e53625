// SIGHUP at a server in a process of its own: keys and telephony file are read again, a file that cannot be used changes nothing, and without its terminal it goes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
let child: ChildProcess | undefined;
/** What it has written, on both of its outputs. */
let written = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-reload-'));
  written = '';
});

afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function until(pattern: RegExp): Promise<RegExpExecArray> {
  let found: RegExpExecArray | null = null;
  await expect.poll(() => (found = pattern.exec(written)), { timeout: 20_000, interval: 20 }).not.toBeNull();
  return found as unknown as RegExpExecArray;
}

const configure = (text: string) => writeFileSync(join(folder, 'parley.json'), text);
const keys = (...PARLEY_API_KEY: string[]) => configure(JSON.stringify({ PARLEY_API_KEY, PORT: 0 }));
const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];

function start(): ChildProcess {
  child = spawn(process.execPath, [resolve('src/cli/scripted.ts')], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PARLEY_MODELS: 'off' },
  });
  for (const output of [child.stdout, child.stderr])
    output?.setEncoding('utf8').on('data', (piece: string) => {
      written += piece;
    });
  return child;
}

test('SIGHUP while the server starts does not end it, and is done once it has started', async () => {
  keys(first);
  const starting = start();
  await until(/getting its engines ready/);
  keys(second);
  starting.kill('SIGHUP');
  await until(/were read again/);
  const [, address] = await until(/is ready at (\S+)/);
  expect((await fetch(`${address}/v1/models`, { headers: { authorization: `Bearer ${second}` } })).status).toBe(200);
});

test('after SIGHUP another key opens the door, and after a bad file it still does', async () => {
  keys(first);
  const running = start();
  const [, address] = await until(/is ready at (\S+)/);
  const status = async (key: string) => (await fetch(`${address}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
  expect([await status(first), await status(second)]).toEqual([200, 401]);
  keys(second);
  running.kill('SIGHUP');
  await until(/were read again/);
  expect([await status(first), await status(second)]).toEqual([401, 200]);
  configure('{');
  running.kill('SIGHUP');
  await until(/cannot be read again/);
  expect(await status(second)).toBe(200);
  running.kill('SIGTERM');
  expect((await once(running, 'exit'))[0]).toBe(0);
});

test('after SIGHUP the telephony file is another, and a broken one is named by its field and changes nothing', async () => {
  const telephony = (numbers: string[]) =>
    writeFileSync(join(folder, 'telephony.json'), JSON.stringify({ routes: [{ name: 'desk', numbers }] }));
  telephony(['+15550002']);
  configure(JSON.stringify({ PARLEY_API_KEY: [first], PORT: 0, PARLEY_TELEPHONY: 'telephony.json' }));
  const running = start();
  const [, address] = await until(/is ready at (\S+)/);
  const status = async (key: string) => (await fetch(`${address}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
  telephony(['nobody']);
  configure(JSON.stringify({ PARLEY_API_KEY: [second], PORT: 0, PARLEY_TELEPHONY: 'telephony.json' }));
  running.kill('SIGHUP');
  await until(/routes\[0\]\.numbers\[0\] must be a number.*cannot be read again/);
  // What was changed with it is not taken over either.
  expect([await status(first), await status(second)]).toEqual([200, 401]);
  telephony(['+15550003', '+15550004']);
  running.kill('SIGHUP');
  await until(/"routes":1,"msg":"keys, certificate and telephony file were read again"/);
  expect([await status(first), await status(second)]).toEqual([401, 200]);
});

/** Runs what its arguments say in a terminal, closes that once the server is there, and ends with the same code. */
const inTerminal = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b''
while b'is ready at' not in seen:
    seen += os.read(terminal, 4096)
time.sleep(0.5)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test.each(['info', 'silent'])('a server whose window is closed goes in order, with the log at %s', async (level) => {
  keys(first);
  child = spawn('python3', ['-c', inTerminal, process.execPath, resolve('src/cli/scripted.ts')], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PARLEY_MODELS: 'off', PARLEY_LOG: level },
  });
  expect((await once(child, 'exit'))[0]).toBe(0);
});
