// The telephones in the terminal as their user meets them: command lines in, calls over real sockets, words, files and exit codes out.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { callProgram } from '../../src/cli/phone-call.ts';
import { phoneProgram } from '../../src/cli/phone.ts';
import { type PhoneProgram, runPhone } from '../../src/cli/phone-terminal.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { fromBytes } from '../../src/media/pcm.ts';
import { readWav, writeWav } from '../../src/media/wav.ts';

const rateHz = 24_000;
let folder: string;
const running: Running[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'phone-'));
});

afterEach(async () => {
  for (const each of running.splice(0)) {
    each.interrupt.abort();
    await each.code;
  }
  rmSync(folder, { recursive: true });
});

/** A program that runs. */
interface Running {
  out: string;
  err: string;
  readonly typed: PassThrough;
  readonly interrupt: AbortController;
  code: Promise<number>;
}

/** Programs are looked for in the folder of the test, where only those are that it has put there. */
function start<Options>(program: PhoneProgram<Options>, argv: string[]): Running {
  const one: Running = { out: '', err: '', typed: new PassThrough(), interrupt: new AbortController(), code: Promise.resolve(0) };
  one.code = runPhone(program, argv, {
    env: { PATH: folder },
    folder,
    out: { write: (text) => (one.out += text) },
    err: { write: (text) => (one.err += text) },
    clock: systemClock,
    signal: one.interrupt.signal,
    typed: one.typed,
  });
  running.push(one);
  return one;
}

function shows(one: Running, what: RegExp): Promise<void> {
  return vi.waitFor(() => expect(one.out).toMatch(what), { timeout: 5000, interval: 10 });
}

/** A telephone that waits, and the address that it has told. */
async function phone(transport: 'udp' | 'tcp' | 'tls', ...argv: string[]): Promise<{ at: string; waiting: Running }> {
  const waiting = start(phoneProgram, ['--listen', `${transport}:127.0.0.1:0`, ...argv]);
  await shows(waiting, /waiting for calls at sip:/);
  return { at: /waiting for calls at (\S+)/.exec(waiting.out)?.[1] ?? '', waiting };
}

const call = (at: string, ...argv: string[]) => start(callProgram, [at, ...argv]);

function tone(name: string, hertz: number, ms: number): string {
  const samples = Int16Array.from({ length: (ms * rateHz) / 1000 }, (_, at) => Math.sin((at * hertz * 2 * Math.PI) / rateHz) * 9000);
  writeFileSync(join(folder, name), writeWav({ samples, rateHz }));
  return name;
}

/** Milliseconds of a recording, in steps of 20, in which a tone of that pitch is loud. */
function toneMs(samples: Int16Array, hertz: number): number {
  const step = (rateHz * 20) / 1000;
  let found = 0;
  for (let at = 0; at + step <= samples.length; at += step) {
    let [re, im] = [0, 0];
    for (let i = 0; i < step; i++) {
      const angle = (i * hertz * 2 * Math.PI) / rateHz;
      re += (samples[at + i] as number) * Math.cos(angle);
      im += (samples[at + i] as number) * Math.sin(angle);
    }
    if ((2 * Math.hypot(re, im)) / step > 4500) found += 20;
  }
  return found;
}

const saved = (name: string) => readWav(readFileSync(join(folder, name)));

/** Both channels of a file that `readWav` would mix. */
function channels(name: string): [left: Int16Array, right: Int16Array] {
  const bytes = readFileSync(join(folder, name));
  expect(bytes.readUInt16LE(22)).toBe(2);
  const both = new Int16Array(new Uint8Array(bytes.subarray(44)).buffer);
  return [both.filter((_, at) => at % 2 === 0), both.filter((_, at) => at % 2 === 1)];
}

describe('two telephones', () => {
  test('hear each other: what one says is what the other saves; keys arrive; who called hangs up at the end', async () => {
    const { at, waiting } = await phone('udp', '--once', '--say', tone('hello.wav', 500, 300), '--save', 'there.wav');
    const caller = call(at, '--say', tone('question.wav', 800, 400), '--digits', '1#', '--wait', '0', '--save', 'here.wav', '--both');
    expect(await caller.code).toBe(0);
    expect(await waiting.code).toBe(0);
    expect(caller.out).toMatch(/^calling sip:.*\nringing\nanswered\nsaying question.wav \(0.4 s\)\npressing 1#\nended: hung up after /);
    expect(waiting.out).toMatch(/pressed 1\n.*pressed #\nended: the far side hung up/);
    const [heard, said] = channels('here.wav');
    // One frame at each edge may be half a tone; and on a machine with other work a packet comes too late now and then.
    expect(toneMs(heard, 500)).toBeGreaterThanOrEqual(200);
    expect(toneMs(heard, 500)).toBeLessThanOrEqual(340);
    expect(toneMs(heard, 800)).toBe(0);
    expect(toneMs(said, 800)).toBeGreaterThanOrEqual(360);
    expect(toneMs(said, 500)).toBe(0);
    const there = saved('there.wav');
    expect(there.rateHz).toBe(rateHz);
    expect(toneMs(there.samples, 800)).toBeGreaterThanOrEqual(280);
    expect(toneMs(there.samples, 800)).toBeLessThanOrEqual(440);
    expect(toneMs(there.samples, 500)).toBe(0);
    // The question waited until the greeting, 300 ms of a pause and 300 ms of tone, had been over for a second.
    const firstMs = said.findIndex((sample) => sample !== 0) / (rateHz / 1000);
    expect(firstMs).toBeGreaterThan(1500);
    expect(firstMs).toBeLessThan(4000);
  });

  test('encrypt what they say over TLS; a certificate nobody vouches for is taken with --insecure alone', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
    writeFileSync(join(folder, 'key.pem'), key);
    writeFileSync(join(folder, 'cert.pem'), cert);
    const says = ['--say', tone('a.wav', 800, 200), '--digits', '1', '--wait', '0'];
    const { at, waiting } = await phone('tls', '--cert', 'cert.pem', '--key', 'key.pem', '--once', ...says);
    const distrusting = call(at);
    expect(await distrusting.code).toBe(1);
    expect(distrusting.err).toMatch(/^No way leads there.* \(503 /);
    expect(waiting.out).not.toContain('ringing');
    const caller = call(at, '--insecure', '--srtp', '--save', 'here.wav');
    await shows(caller, /the far side pressed 1/);
    caller.interrupt.abort();
    expect(await caller.code).toBe(0);
    await waiting.code;
    expect(waiting.out).toContain('answered, the sound encrypted\n');
    expect(toneMs(saved('here.wav').samples, 800)).toBeGreaterThanOrEqual(100);
  });

  test('find each other over TCP and in Opus; typed keys are pressed, others are named; the one that answered hangs up', async () => {
    const { at, waiting } = await phone('tcp', '--codec', 'opus', '--once');
    expect(at).toContain(';transport=tcp');
    const caller = call(at, '--codec', 'opus');
    await shows(caller, /answered/);
    caller.typed.write('5x\n5 #\n');
    await shows(waiting, /pressed 5\n.*pressed #\n/);
    expect(caller.out).toContain("keys: '5x' is not made of the keys 0-9, *, #, A-D and w.\npressing 5#\n");
    waiting.interrupt.abort();
    expect(await waiting.code).toBe(0);
    expect(await caller.code).toBe(0);
    expect(caller.out).toMatch(/ended: the far side hung up after \d/);
    expect(waiting.out).toMatch(/ended: you hung up after \d/);
  });
});

/** In the place of arecord: a tone without end, at the pace of speech; after 800 ms of it there is a file `recorded`. In the place of aplay: what it is given goes into a file. */
function devices(hertz: number): void {
  const recorder = `const start = performance.now(); let sent = 0;
    setInterval(() => { for (; sent < performance.now() - start; sent += 10) { const chunk = Buffer.alloc(480);
      for (let i = 0; i < 240; i++) chunk.writeInt16LE(Math.round(Math.sin((sent * 24 + i) * ${hertz} * 2 * Math.PI / 24000) * 9000), i * 2);
      process.stdout.write(chunk); if (sent === 800) require('fs').writeFileSync(${JSON.stringify(join(folder, 'recorded'))}, ''); } }, 10);`;
  const player = `process.stdin.pipe(require('fs').createWriteStream(${JSON.stringify(join(folder, 'played'))}));`;
  for (const [name, source] of Object.entries({ arecord: recorder, aplay: player }))
    writeFileSync(join(folder, name), `#!${process.execPath}\n${source}`, { mode: 0o755 });
}

describe('a microphone', () => {
  test('is heard over there, and what is said there comes out of the loudspeaker, until Ctrl-C', async () => {
    devices(800);
    const { at, waiting } = await phone('udp', '--once', '--say', tone('hello.wav', 500, 400), '--save', 'there.wav');
    const caller = call(at, '--mic');
    const played = () => (existsSync(join(folder, 'played')) ? fromBytes(readFileSync(join(folder, 'played'))).slice() : new Int16Array(0));
    await vi.waitFor(() => expect(toneMs(played(), 500)).toBeGreaterThanOrEqual(200), { timeout: 5000, interval: 20 });
    await vi.waitFor(() => expect(existsSync(join(folder, 'recorded'))).toBe(true), { timeout: 5000, interval: 20 });
    caller.interrupt.abort();
    expect(await caller.code).toBe(0);
    await waiting.code;
    expect(toneMs(saved('there.wav').samples, 800)).toBeGreaterThanOrEqual(100);
  });
});

describe('a call', () => {
  test('that Ctrl-C ends tells the far side by a BYE, and is no failure', async () => {
    const { at, waiting } = await phone('udp', '--once');
    const caller = call(at, '--seconds', '60', '--save', 'here.wav');
    await shows(waiting, /answered/);
    await shows(caller, /answered/);
    caller.interrupt.abort();
    expect(await caller.code).toBe(0);
    expect(caller.out).toContain('ended: you hung up');
    // Without a BYE it would still be there: a lost connection is noticed later, and told in other words.
    expect(await waiting.code).toBe(0);
    expect(waiting.out).toContain('ended: the far side hung up');
  });

  test('that nobody answers is taken back in time', async () => {
    const { at, waiting } = await phone('udp', '--ring', '300', '--once');
    const caller = call(at, '--ring', '2');
    expect(await caller.code).toBe(1);
    expect(caller.out).toContain('ringing');
    expect(caller.err).toBe('Nobody answered within 2 s.\n');
    expect(await waiting.code).toBe(0);
    expect(waiting.out).toContain('the caller gave up');
  });

  test('that Ctrl-C takes back while it rings ends with the code of an interruption', async () => {
    const { at, waiting } = await phone('udp', '--ring', '300', '--once');
    const caller = call(at);
    await shows(caller, /ringing/);
    caller.interrupt.abort();
    expect(await caller.code).toBe(130);
    expect(caller.out).toContain('ended: taken back before it was answered');
    await waiting.code;
    expect(waiting.out).toContain('the caller gave up');
  });

  test('is refused with 486 by a phone that is talking, and with the status that one was told', async () => {
    const { at, waiting } = await phone('udp');
    const first = call(at);
    await shows(first, /answered/);
    const second = call(at, '--save', 'here.wav');
    expect(await second.code).toBe(1);
    expect(second.err).toBe('The far side is busy (486 Busy Here).\n');
    expect(waiting.out).toMatch(/refused a call from sip:phone@127.0.0.1 \(486\)/);
    expect(first.out).not.toContain('ended');
    const refusing = await phone('udp', '--refuse', '603');
    const third = call(refusing.at);
    expect(await third.code).toBe(1);
    expect(third.err).toMatch(/^The far side declined the call \(603 /);
  });

  test('to a place where the sound cannot be agreed upon says so', async () => {
    const { at } = await phone('udp', '--codec', 'pcma');
    const caller = call(at, '--codec', 'pcmu');
    expect(await caller.code).toBe(1);
    expect(caller.err).toMatch(/no way of sound in common.* \(488 /);
  });
});

describe('a command line', () => {
  test.each<[string[], RegExp]>([
    [[], /^Whom to call\?/],
    [['+15550002'], /'\+15550002' \(what is called\) is no SIP address/],
    [['sip:a@h', 'sip:b@h'], /'sip:b@h' is one too many/],
    [['sip:a@h', '--say', 'none.wav'], /^none\.wav cannot be used: there is no such file/],
    [['sip:a@h', '--digits', '12x'], /^--digits: '12x' is not made of the keys/],
    [['sip:a@h', '--save', 'no/where.wav'], /^--save: there is no folder .*no/],
    [['sip:a@h', '--both'], /^--both needs --save/],
    [['sip:a@h', '--transport', 'sctp'], /^--transport must be one of udp, tcp, tls/],
    [['sip:a@h;transport=tcp', '--transport', 'udp'], /^--transport udp contradicts ;transport=tcp/],
    [['sips:a@h', '--transport', 'udp'], /^--transport udp contradicts sips:/],
    [['sip:a@h', '--user', 'me'], /^--user needs --password/],
    [['sip:a@h', '--password', 'x'], /^--password needs --user/],
    [['sip:a@h', '--from', 'me'], /'me' \(--from\) is no SIP address/],
    [['sip:a@h', '--codec', 'g729'], /^--codec must be one of pcmu, pcma, opus/],
    [['sip:a@h', '--seconds', '0'], /^--seconds must be a number from 1/],
    [['sip:a@h', '--mic'], /^--mic needs arecord/],
    [['sip:a@h', '--codecs', 'opus'], /Did you mean --codec\?/],
  ])('of a call, %j, is refused in a sentence that names what is wrong', async (argv, sentence) => {
    const wrong = start(callProgram, argv);
    expect(await wrong.code).toBe(2);
    expect(wrong.err).toMatch(sentence);
    expect(wrong.out).toBe('');
  });

  test.each<[string[], RegExp]>([
    [['sip:a@h'], /'sip:a@h' is for npm run call/],
    [['--listen', '5070'], /^--listen must be a transport, an address and a port.*not '5070'/],
    [['--listen', 'tls:127.0.0.1:0'], /^--listen tls: needs --cert and --key/],
    [['--cert', 'c.pem'], /^--cert needs --key/],
    [['--cert', 'c.pem', '--key', 'k.pem'], /^--cert: c\.pem cannot be used: there is no such file/],
    [['--refuse', '200'], /^--refuse must be a number from 400/],
  ])('of a phone, %j, is refused in a sentence that names what is wrong', async (argv, sentence) => {
    const wrong = start(phoneProgram, argv);
    expect(await wrong.code).toBe(2);
    expect(wrong.err).toMatch(sentence);
  });

  test('whose place to wait at is taken ends with code 1', async () => {
    const { at } = await phone('udp');
    const other = start(phoneProgram, ['--listen', `udp:127.0.0.1:${at.split(':').at(-1)}`]);
    expect(await other.code).toBe(1);
    expect(other.err).toMatch(/^The phone cannot listen: .*EADDRINUSE/);
  });

  test('that asks for help shows every option and calls nobody', async () => {
    const asked = [start(callProgram, ['--help']), start(phoneProgram, ['--help'])];
    expect(await Promise.all(asked.map(({ code }) => code))).toEqual([0, 0]);
    for (const { out } of asked) expect(out).toMatch(/--say FILE\.wav .*\n.*--digits KEYS/);
  });
});
