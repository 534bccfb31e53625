// What is recorded for the decoders of other languages, and how they are judged.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';
import type { Decoder, Fault } from './decoder.ts';
import { shortened } from './facts.ts';
import { excuse } from './known-faults.ts';
import { judge, told, type Verdict } from './judge.ts';
import { type Recorded, Sieve } from './recorded.ts';

const kept = vi.hoisted(() => [] as Recorded[]);
vi.mock(import('./recorded.ts'), async (original) => ({ ...(await original()), keep: (recorded: Recorded) => void kept.push(recorded) }));

const done = (response: object): Recorded => ({
  dialect: 'ga',
  api: 'openai',
  event: { type: 'response.done', response } as { type: string },
});

describe('an event is recorded when a type could tell it from those before', () => {
  test.each<[string, Recorded, boolean]>([
    ['another id', done({ id: 'resp_2', status: 'completed', usage: null, output: [{ type: 'message', role: 'user' }] }), false],
    ['null in place of a string', done({ id: null, status: 'completed', usage: null, output: [] }), true],
    ['another of few words', done({ id: 'resp_1', status: 'failed', usage: null, output: [] }), true],
    ['a name that is missing', done({ id: 'resp_1', status: 'completed', output: [] }), true],
    [
      'an item of another kind',
      done({ id: 'resp_1', status: 'completed', usage: null, output: [{ type: 'message', role: 'system' }] }),
      true,
    ],
    ['a fraction', done({ id: 'resp_1', status: 'completed', usage: 1.5, output: [] }), true],
    ['the same in beta', { ...done({ id: 'resp_1', status: 'completed', usage: null, output: [] }), dialect: 'beta' }, true],
  ])('%s', (_, recorded, isNew) => {
    const sieve = new Sieve();
    expect(sieve.isNew(done({ id: 'resp_1', status: 'completed', usage: null, output: [] }))).toBe(true);
    expect(sieve.isNew(done({ id: 'resp_1', status: 'completed', usage: null, output: [{ type: 'message', role: 'user' }] }))).toBe(true);
    expect(sieve.isNew(recorded)).toBe(isNew);
  });

  test('and what is left of its long texts is still text', () => {
    const kept = shortened({ delta: 'AAAA'.repeat(200), text: `${'a'.repeat(39)}\u{1F600}${'b'.repeat(400)}` }) as Record<string, string>;
    expect(kept['delta']).toBe('AAAA'.repeat(10));
    expect(kept['text']?.isWellFormed()).toBe(true);
  });

  test('a process keeps no more than so many', () => {
    const sieve = new Sieve();
    const taken = Array.from({ length: 6000 }, (_, index) => sieve.isNew(done({ [`name${index}`]: 1 })));
    expect(taken.filter(Boolean)).toHaveLength(5000);
  });
});

describe('a server', () => {
  let running: RunningServer;
  beforeAll(async () => {
    running = await startServer({ engines: 'scripted' });
  });
  afterAll(() => running.close());

  test.each([
    ['/v1/realtime', {}, { dialect: 'ga', api: 'openai' }],
    ['/v1/realtime', { 'OpenAI-Beta': 'realtime=v1' }, { dialect: 'beta', api: 'openai' }],
    ['/api/v1/realtime/session', {}, { dialect: 'ga', api: 'inworld' }],
  ])('has all it sends recorded: %s %o', async (path, headers, spoken) => {
    kept.length = 0;
    const told: unknown[] = [];
    const socket = new WebSocket(`${running.ws}${path}`, { headers: { Authorization: `Bearer ${apiKey}`, ...headers } });
    socket.on('open', () => socket.send('{"type":"response.create"}'));
    await new Promise<void>((resolve) =>
      socket.on('message', (data: Buffer) => {
        const event = JSON.parse(data.toString()) as { type: string };
        // Sound is recorded once.
        if (!event.type.endsWith('audio.delta')) told.push(event);
        if (event.type === 'response.done') resolve();
      }),
    );
    socket.terminate();
    expect(told.length).toBeGreaterThan(5);
    expect(kept.filter(({ event }) => !event.type.endsWith('audio.delta'))).toEqual(told.map((event) => ({ ...spoken, event })));
    expect(kept.filter(({ event }) => event.type.endsWith('audio.delta'))).toEqual([expect.objectContaining(spoken)]);
  });
});

describe('a decoder', () => {
  const events = [done({ id: 'resp_1' }), done({ id: 'resp_2' })];
  const folder = mkdtempSync(join(tmpdir(), 'parley-judge-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Says of the lines of its file what it is told to. */
  const saying = (faults: (line: string, number: number) => string | undefined, why?: string): Decoder => ({
    language: 'Go',
    sdk: 'none 1.0',
    dialects: ['ga'],
    prepare: () => Promise.resolve(why),
    decode: (_, file) => {
      const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
      return Promise.resolve(
        lines.flatMap((line, index): Fault[] => {
          const reason = faults(line, index + 1);
          return reason === undefined ? [] : [{ line: index + 1, reason }];
        }),
      );
    },
  });
  const bad = (line: string) => (line.includes('"response":5') ? 'no response' : undefined);
  const faultsOf = async (decoder: Decoder, given = events) => ((await judge(decoder, given, folder)) as Verdict).faults;

  test('that decodes all events and refuses what is none is content', async () => {
    const verdict = (await judge(saying(bad), events, folder)) as Verdict;
    expect(verdict).toEqual({ decoded: 2, wanted: 2, excused: new Map(), faults: [] });
    expect(told(saying(bad), verdict)).toEqual(['Go (none 1.0): 2 of 2 events decode']);
  });

  test('that cannot decode an event is a failure that names it and says why', async () => {
    const [fault, ...others] = await faultsOf(saying((line, number) => (number === 2 ? 'usage is missing' : bad(line))));
    expect(others).toEqual([]);
    expect(fault).toContain('response.done (ga, openai): usage is missing');
    expect(fault).toContain('resp_2');
  });

  test('that decodes what is no event is a failure', async () => {
    expect(await faultsOf(saying(() => undefined))).toEqual([expect.stringContaining('which is no event')]);
  });

  test('that has nothing to decode is a failure', async () => {
    expect(await faultsOf(saying(bad), [])).toEqual(['there is no event of ga to decode']);
  });

  test('whose program fails is a failure', async () => {
    const decoder = { ...saying(bad), decode: () => Promise.reject(new Error('it died')) };
    expect(await faultsOf(decoder)).toEqual(['Error: it died']);
  });

  test('that cannot be had is left out, and it is said why', async () => {
    expect(await judge(saying(bad, 'there is no go'), events, folder)).toBe('there is no go');
  });

  test('is excused by the table alone, for its own language, event and reason', () => {
    const started: Recorded = { dialect: 'ga', api: 'openai', event: { type: 'output_audio_buffer.started' } };
    const reason = 'unknown server event type: output_audio_buffer.started';
    expect(excuse('Go', started, reason)).toBe('the SDK does not know the events of calls');
    expect(excuse('Rust', started, reason)).toBeUndefined();
    expect(excuse('Go', started, 'response_id is missing')).toBeUndefined();
    expect(excuse('Go', done({}), reason)).toBeUndefined();
    expect(excuse('Java', done({}), 'Unknown Rate: 48000')).toBe('the client asked for a rate that OpenAI has not');
    expect(excuse('Java', done({}), 'Unknown Voice: 48000')).toBeUndefined();
  });
});
