// The microphone mode, with programs in the place of arecord and aplay that need no sound card.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Script, startScriptedServer, type ScriptedServer } from './scripted-server.ts';
import { talk } from '../../src/cli/talk.ts';
import { systemClock } from '../../src/lib/clock.ts';

let folder: string;
let server: ScriptedServer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talk-'));
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function program(name: string, source: string): void {
  writeFileSync(join(folder, name), `#!${process.execPath}\n${source}`, { mode: 0o755 });
}

/** Records loud and quiet stretches (milliseconds) at the pace of speech, then silence. */
function recorderOf(...stretchesMs: number[]): void {
  program(
    'arecord',
    `const stretches = ${JSON.stringify(stretchesMs)}; const start = performance.now(); let sent = 0;
     const loudAt = (ms) => { let at = 0; for (const [i, s] of stretches.entries()) { at += s; if (ms < at) return i % 2 === 0; } return false; };
     setInterval(() => { while (sent < performance.now() - start) { const chunk = Buffer.alloc(480);
       if (loudAt(sent)) for (let i = 0; i < 480; i += 2) chunk.writeInt16LE(i % 4 ? 9000 : -9000, i);
       process.stdout.write(chunk); sent += 10; } }, 10);`,
  );
}

function start(script: Script, stop: AbortSignal, ...argv: string[]) {
  let out = '';
  const write = (text: string) => (out += text);
  const run = startScriptedServer(script).then((started) => {
    server = started;
    const surroundings = { env: { PATH: folder }, folder, out: { write }, err: { write }, clock: systemClock, signal: stop };
    return talk(['--url', started.url, '--mic', ...argv], surroundings);
  });
  return { run, out: () => out };
}

test('talking over the answer cuts the loudspeaker off and tells the server what was heard of it', async () => {
  recorderOf(200, 800, 200);
  program('aplay', `require('fs').appendFileSync(${JSON.stringify(join(folder, 'players'))}, 'x'); process.stdin.resume();`);
  const respond: Script['respond'] = (call, n) => {
    call.say(n, `answer ${n}`, n === 0 ? 60_000 : 20);
    if (n > 0) call.done(n);
  };
  const on: Script['on'] = (call, event) => {
    if (event['type'] === 'conversation.item.truncate') call.done(0, { status: 'cancelled', status_details: { reason: 'turn_detected' } });
    return false;
  };
  const stop = new AbortController();
  const { run, out } = start({ respond, on }, stop.signal, '--out', 'heard.wav');
  await expect.poll(out, { timeout: 10_000 }).toMatch(/answer 1\n.*end of speech → transcript \d+ ms/);
  await expect.poll(() => readFileSync(join(folder, 'players'), 'utf8'), { timeout: 10_000 }).toBe('xx');
  stop.abort();

  expect(await run).toBe(0);
  const call = server.calls[0];
  expect(call?.story).toEqual(['session.update', 'input_audio_buffer.append', 'conversation.item.truncate', 'input_audio_buffer.append']);
  const heardMs = Number(call?.received.find((event) => event['type'] === 'conversation.item.truncate')?.['audio_end_ms']);
  // When exactly is the machine's business: of a minute's answer the first moments were heard, and the same is told to both.
  expect(heardMs).toBeGreaterThan(0);
  expect(heardMs).toBeLessThan(10_000);
  expect(out()).toContain(`interrupted after ${(heardMs / 1000).toFixed(1)} s`);
  // Counted from the end of the speech itself: this server's 200 ms of silence are in it.
  for (const [, ms] of out().matchAll(/end of speech → transcript (\d+) ms/g)) expect(Number(ms)).toBeGreaterThan(150);
  await expect.poll(() => call?.closeCode).toBe(1000);
});

test('a microphone that fails ends the program with its own words', async () => {
  program('arecord', `console.error('audio open error: No such device'); process.exit(1);`);
  const { run, out } = start({}, new AbortController().signal);
  expect(await run).toBe(3);
  expect(out()).toContain('audio open error: No such device');
  expect(out()).toContain('can be read, not heard');
});

test('without a recording program nobody is called', async () => {
  const { run, out } = start({}, new AbortController().signal);
  expect(await run).toBe(2);
  expect(out()).toContain('--mic needs arecord');
  expect(server.calls).toHaveLength(0);
});
