// The console's smaller parts: reconnecting, the event log, settings, the player's list, code to begin with, and sentences.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../../console/src/audio/base64.ts';
import type { PlayerReport } from '../../console/src/audio/messages.ts';
import { Playlist } from '../../console/src/audio/playlist.ts';
import { Trace } from '../../console/src/audio/trace.ts';
import { clientCode, languages } from '../../console/src/realtime/client-code.ts';
import { EventLog, findEntries, mostEntries } from '../../console/src/realtime/event-log.ts';
import { type LinkState, nextLink } from '../../console/src/realtime/link.ts';
import { microphoneSentence, sentence } from '../../console/src/realtime/sentences.ts';
import { at, effective, parseObject, patchOf, readSettings, withoutSecrets, withValue } from '../../console/src/realtime/settings.ts';
import { Resampler } from '../../src/media/resample.ts';

test('a session that is to go on over another connection is connected at once, and only from one that is open', () => {
  expect(nextLink({ phase: 'open' }, { kind: 'renew' }, 0, 0)).toEqual({ phase: 'connecting', attempt: 0 });
  expect(nextLink({ phase: 'waiting', attempt: 1, retryAt: 9 }, { kind: 'renew' }, 0, 0)).toEqual({
    phase: 'waiting',
    attempt: 1,
    retryAt: 9,
  });
});

test('a lost connection is tried again, later each time, and in the end left to the user', () => {
  let state: LinkState = { phase: 'open' };
  const waits: number[] = [];
  for (let i = 0; i < 20 && state.phase !== 'idle'; i++) {
    state = nextLink(state, { kind: 'lost', hopeless: false }, 1000, 0.5);
    if (state.phase !== 'waiting') break;
    waits.push(state.retryAt - 1000);
    state = nextLink(state, { kind: 'due' }, 1000, 0.5);
  }
  expect(waits.slice(0, 5)).toEqual([500, 1000, 2000, 4000, 8000]);
  expect(Math.max(...waits)).toBe(15_000);
  expect(state).toEqual({ phase: 'idle' });
});

test('a connection that was refused for good, or ended by the user, is not tried again', () => {
  expect(nextLink({ phase: 'connecting', attempt: 0 }, { kind: 'lost', hopeless: true }, 0, 0)).toEqual({ phase: 'idle' });
  expect(nextLink({ phase: 'waiting', attempt: 1, retryAt: 9 }, { kind: 'hung.up' }, 0, 0)).toEqual({ phase: 'idle' });
  expect(nextLink({ phase: 'idle' }, { kind: 'lost', hopeless: false }, 0, 0)).toEqual({ phase: 'idle' });
  expect(nextLink({ phase: 'idle' }, { kind: 'opened' }, 0, 0)).toEqual({ phase: 'idle' });
});

test('the event log keeps the newest, counts sound that follows sound, and leaves the sound itself out', () => {
  const log = new EventLog(() => {});
  const append = { type: 'input_audio_buffer.append', audio: 'A'.repeat(1280) };
  log.add('sent', append, 1);
  log.add('received', { type: 'session.created' }, 2);
  log.add('sent', append, 3);
  expect(log.entries.map(({ type, times }) => `${type} ${times}`)).toEqual(['input_audio_buffer.append 2', 'session.created 1']);
  expect(JSON.stringify(log.entries)).not.toContain('AAAA');
  log.add('sent', { type: 'response.cancel' }, 4);
  log.add('sent', append, 5);
  expect(log.entries).toHaveLength(4);
  for (let i = 0; i < mostEntries + 10; i++) log.add('received', { type: `event.${i}` }, i);
  expect(log.entries).toHaveLength(mostEntries);
  expect(log.entries.at(-1)?.type).toBe(`event.${mostEntries + 9}`);
});

test('events are found by all words of the search, in type and content, and by kind', () => {
  const log = new EventLog(() => {});
  log.add('sent', { type: 'response.create' }, 1);
  log.add('received', { type: 'error', ...{ error: { message: 'No such Voice' } } }, 2);
  log.add('received', { type: 'response.done', ...{ response: { status: 'completed' } } }, 3);
  const types = (search: string, kind: 'all' | 'sent' | 'received' | 'errors') =>
    findEntries(log.entries, search, kind).map(({ type }) => type);
  expect(types('voice such', 'all')).toEqual(['error']);
  expect(types('response', 'all')).toEqual(['response.create', 'response.done']);
  expect(types('response', 'sent')).toEqual(['response.create']);
  expect(types('', 'errors')).toEqual(['error']);
});

test('settings change at their path only, go away whole, and lie over what the server has', () => {
  const set = withValue(withValue({}, ['audio', 'output', 'voice'], 'Clive'), ['audio', 'input', 'turn_detection'], null);
  expect(set).toEqual({ audio: { output: { voice: 'Clive' }, input: { turn_detection: null } } });
  expect(withValue(set, ['audio', 'output', 'voice'], undefined)).toEqual({ audio: { input: { turn_detection: null } } });
  expect(at(set, 'audio', 'input', 'turn_detection')).toBeNull();
  expect(effective({ model: 'm', audio: { output: { voice: 'Dennis', speed: 1 } } }, set)).toEqual({
    model: 'm',
    audio: { output: { voice: 'Clive', speed: 1 }, input: { turn_detection: null } },
  });
  expect(patchOf(['audio', 'output', 'speed'], 1.2)).toEqual({ type: 'realtime', audio: { output: { speed: 1.2 } } });
});

test('what opens an MCP server is neither kept nor shown, and what cannot be read is nothing', () => {
  const tool = { type: 'mcp', server_label: 'w', server_url: 'https://example.com/mcp' };
  expect(withoutSecrets({ tools: [{ ...tool, authorization: 'secret', headers: { a: 'secret' } }] })).toEqual({ tools: [tool] });
  expect(readSettings('no JSON')).toEqual({});
  expect(readSettings('[1]')).toEqual({});
  expect(() => parseObject('{oops', 'Provider data')).toThrow('Provider data is not JSON');
  expect(() => parseObject('[1]', 'Provider data')).toThrow('one JSON object');
  expect(parseObject(' ', 'Provider data')).toEqual({});
});

test('the player says when an item begins and ends, and at a cut how much of it was played', () => {
  const reports: PlayerReport[] = [];
  const list = new Playlist((report) => reports.push(report));
  list.add('a', new Int16Array(2400));
  list.add('b', new Int16Array(4800));
  list.end('a');
  expect(list.take(2400)).toHaveLength(2400);
  expect(list.take(9999)).toHaveLength(4800);
  expect(reports).toEqual([
    { kind: 'began', item: 'a' },
    { kind: 'ended', item: 'a' },
    { kind: 'began', item: 'b' },
  ]);
  reports.length = 0;
  list.add('c', new Int16Array(2400));
  list.flush();
  expect(reports).toEqual([
    { kind: 'flushed', item: 'b', playedMs: 200 },
    { kind: 'flushed', item: 'c', playedMs: 0 },
  ]);
  expect(list.take(100)).toBeUndefined();
});

test('sound that ends with its item is ended once, whichever of the two is known first', () => {
  const reports: string[] = [];
  const list = new Playlist(({ kind }) => reports.push(kind));
  list.add('a', new Int16Array(100));
  list.take(100);
  expect(reports).toEqual(['began']);
  list.end('a');
  list.end('a');
  expect(reports).toEqual(['began', 'ended']);
});

test('the trace of loudness rolls on with the time, also where nothing is heard', () => {
  const trace = new Trace(1);
  trace.push(0.5, 1000);
  expect(trace.peak(0)).toBe(0.5);
  trace.advance(1100);
  expect([trace.peak(0), trace.peak(5)]).toEqual([0, 0.5]);
  trace.advance(5000);
  expect(trace.peaks.every((peak) => peak === 0)).toBe(true);
});

test('sound goes to base64 and back unchanged', () => {
  const samples = Int16Array.from({ length: 20_000 }, (_, index) => ((index * 7919) % 65_536) - 32_768);
  expect(fromBase64(toBase64(samples))).toEqual(samples);
});

test('the resampler gives the same without WebAssembly, which a page may not compile', () => {
  const tone = Int16Array.from({ length: 4800 }, (_, index) => Math.round(8000 * Math.sin(index / 9)));
  const plain = new Resampler(48_000, 24_000, true).process(tone);
  const vectors = new Resampler(48_000, 24_000).process(tone);
  expect(plain.length).toBe(vectors.length);
  expect(Math.max(...plain.map((sample, index) => Math.abs(sample - (vectors[index] ?? 0))))).toBeLessThanOrEqual(1);
});

const settings = {
  model: "it's/a model",
  instructions: 'Say "hi"; don\'t shout.\n`${x}` \\ """',
  tools: [{ type: 'mcp', server_label: 'w', server_url: 'https://example.com/mcp', authorization: 'top-secret' }],
};

test.each(languages)('the code for %s holds the settings, and nothing that opens another server', (language) => {
  const code = clientCode(language, settings, 'http://127.0.0.1:8080', 'gpt-realtime');
  expect(code).toContain('127.0.0.1:8080/v1');
  expect(code).toContain('https://example.com/mcp');
  expect(code).not.toContain('top-secret');
  expect(code).not.toContain('undefined');
});

test('the JavaScript is JavaScript and the shell is shell, whatever is in the settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-code-'));
  try {
    for (const language of ['node', 'browser'] as const) {
      const file = join(folder, `${language}.mjs`);
      writeFileSync(file, clientCode(language, settings, 'https://voice.example', 'gpt-realtime'));
      execFileSync(process.execPath, ['--check', file], { stdio: 'pipe' });
    }
    const curl = clientCode('curl', settings, 'https://voice.example', 'gpt-realtime').replace(/^curl/m, 'printf "%s\\n"');
    const printed = execFileSync('sh', ['-c', curl], { encoding: 'utf8' });
    const body: unknown = JSON.parse(printed.slice(printed.indexOf('{')));
    expect(body).toMatchObject({ session: { type: 'realtime', instructions: settings.instructions } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('errors are told as sentences, and those that mean nothing to a user not at all', () => {
  expect(sentence({ code: 'response_cancel_not_active', message: 'Cancellation failed' })).toBeUndefined();
  expect(sentence({ code: 'model_not_found', message: 'x' })).toMatch(/no such model/);
  expect(sentence({ code: 'invalid_value', param: 'session.audio.output.speed', message: 'Invalid value' })).toBe(
    'The server refused the speed: invalid value',
  );
  expect(sentence({ code: null, message: 'Something else.' })).toBe('Something else.');
  expect(microphoneSentence('NotAllowedError')).toMatch(/does not let this page use the microphone/);
  expect(microphoneSentence('TypeError')).toMatch(/https/);
});
