// How the session of a telephone call begins: its first words, its tools, the keys that are pressed, and its recording.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { exactWords } from '../../src/telephony/exact-words.ts';
import { connected, firstWords, type OpeningParts, ownTools, sayLast, toolsOnBoard } from '../../src/telephony/opening.ts';
import type { PhoneSession } from '../../src/telephony/phone-calls.ts';
import { phoneConnector } from '../../src/telephony/phone-tools.ts';
import { CallRecorder } from '../../src/telephony/recording.ts';
import { routesOf } from '../../src/telephony/routes-file.ts';
import type { CallEvents } from '../../src/transports/calls/call.ts';
import type { CallTransport } from '../../src/transports/calls/call-transport.ts';
import type { PhoneCall, TransferOutcome } from '../../src/transports/calls/phone-call.ts';
import { FakeCall, party } from './phone-rig.ts';

const outbound = { prefixes: ['+1'] };

/** A call by a route like this, and what is said in its session. */
function opening(route: object | undefined, recorder?: (clock: ManualClock) => CallRecorder) {
  const clock = new ManualClock();
  const said: object[] = [];
  const seen = { closed: 0, played: 0, transfers: [] as string[], pressed: [] as string[] };
  const outcome: { transfer: TransferOutcome } = { transfer: { outcome: 'transferred' } };
  const transport = {
    say: (event: object) => said.push(event),
    close: () => (seen.closed += 1),
    async played() {
      seen.played += 1;
    },
  } as unknown as CallTransport;
  const routes = route === undefined ? [] : [{ name: 'desk', numbers: ['*'], ...route }];
  const session: PhoneSession = {
    id: 'rtc_1',
    owner: 'key-1',
    party,
    speaker: { format: { type: 'audio/pcmu' }, lagMs: 60 },
    route: routesOf({ routes, outbound }, 'file', { environment: {} }).routes[0],
    patches: [],
    transfer(target) {
      seen.transfers.push(target);
      return Promise.resolve(outcome.transfer);
    },
    sendDigits(digits) {
      seen.pressed.push(digits);
      return Promise.resolve();
    },
    machine: undefined,
  };
  const verdict: { allowed: boolean } = { allowed: true };
  const parts: OpeningParts = {
    clock,
    log: silentLog,
    recorder: recorder?.(clock),
    machine: { policy: 'continue' },
    transportOf: ({ id, owner }) => (id === 'rtc_1' && owner === 'key-1' ? transport : undefined),
    allow: (_owner, target) => (verdict.allowed ? { allowed: true, target } : { allowed: false, code: 'not_allowed', reason: 'No.' }),
  };
  const over = new AbortController();
  const events: { heard: string[]; sound: number; ends: number } = { heard: [], sound: 0, ends: 0 };
  const listening: CallEvents = {
    onSound: () => (events.sound += 1),
    onOpen() {},
    onMessage() {},
    onPlayed() {},
    onTaken() {},
    onDigit: (digit) => events.heard.push(digit),
    onEnd: () => (events.ends += 1),
  };
  /** Answers; gives what the line tells its events. */
  async function answer(): Promise<{ line: CallEvents; call: PhoneCall; carried: FakeCall }> {
    const carried = new FakeCall();
    let line: CallEvents = listening;
    const call = await connected(
      session,
      parts,
      listening,
      (given) => {
        line = given;
        return Promise.resolve(carried);
      },
      over.signal,
    );
    return { line, call, carried };
  }
  return { clock, said, seen, session, parts, over, events, answer, verdict, outcome, listening };
}

test.each([
  [undefined, undefined],
  [{}, undefined],
  [{ greeting: 'listen' }, undefined],
  [{ greeting: 'Hello.' }, 'Hello.'],
  [{ recording: {} }, undefined],
  [{ recording: { announce: 'This call is recorded.' } }, 'This call is recorded.'],
  [{ greeting: 'Hello.', recording: { announce: 'This call is recorded.' } }, 'This call is recorded. Hello.'],
])('the first words of the route %j are %j', (route, words) => {
  expect(firstWords(opening(route).session.route)).toBe(words);
});

test('a greeting is said word by word, and calls no tool', () => {
  expect(exactWords('Hello.')).toEqual({
    type: 'response.create',
    response: { instructions: 'Say exactly: Hello.', tools: [], tool_choice: 'none' },
  });
});

test('a caller may have somebody else called in their place where the route says so and the target is allowed, and never otherwise', async () => {
  const closed = await opening({}).answer();
  expect(closed.line.onReferred?.('sip:desk@pbx.example.com')).toBeUndefined();
  const { answer, verdict } = opening({ follow_transfers: true });
  const { line } = await answer();
  expect(line.onReferred?.('sip:desk@pbx.example.com')).toBe('sip:desk@pbx.example.com');
  verdict.allowed = false;
  expect(line.onReferred?.('sip:desk@pbx.example.com')).toBeUndefined();
});

test('a session has the tools of its route, which need nobody’s leave, and no others', () => {
  const { session } = opening({ tools: ['hang_up', 'send_digits'] });
  expect(ownTools(session)).toEqual([
    {
      type: 'mcp',
      server_label: 'call',
      connector_id: phoneConnector,
      allowed_tools: ['hang_up', 'send_digits'],
      require_approval: 'never',
    },
  ]);
  for (const route of [{}, undefined]) {
    const without = opening(route);
    expect([ownTools(without.session), toolsOnBoard(without.session, without.parts).size]).toEqual([[], 0]);
  }
});

const never = new AbortController().signal;

test('the tools on board act on this call', async () => {
  const { session, parts, seen } = opening({ tools: ['transfer', 'send_digits', 'hang_up'], transfer_to: { sales: '+15559876543' } });
  const tools = toolsOnBoard(session, parts).get(phoneConnector);
  expect(tools?.list().map(({ name }) => name)).toEqual(['transfer', 'send_digits', 'hang_up']);
  expect(await tools?.call('transfer', { to: 'sales' }, never)).toHaveProperty('output');
  expect(await tools?.call('send_digits', { digits: '12#' }, never)).toHaveProperty('output');
  expect(await tools?.call('hang_up', {}, never)).toHaveProperty('output');
  // What was said before is heard before the caller is handed over, and before the end.
  expect(seen).toEqual({ transfers: ['+15559876543'], pressed: ['12#'], closed: 1, played: 2 });
});

test('whom this server may not call, no model calls', async () => {
  const { session, parts, seen, verdict } = opening({ tools: ['transfer'], transfer_to: { sales: '+15559876543' } });
  verdict.allowed = false;
  expect(await toolsOnBoard(session, parts).get(phoneConnector)?.call('transfer', { to: 'sales' }, never)).toHaveProperty('error');
  expect(seen.transfers).toEqual([]);
});

const entry = (digits: string) => [
  {
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: `The caller pressed ${digits}.` }] },
  },
  { type: 'response.create' },
];

test('keys are joined to an entry, which the session is told as what the caller says', async () => {
  const { answer, said, events, clock } = opening({ collect_digits: { end_key: '#', pause_ms: 2000 } });
  const { line } = await answer();
  for (const digit of '12#') line.onDigit(digit);
  expect(said).toEqual(entry('1 2'));
  line.onDigit('3');
  clock.advance(1999);
  expect(said).toHaveLength(2);
  clock.advance(1);
  expect(said.slice(2)).toEqual(entry('3'));
  expect(events.heard).toEqual(['1', '2', '#', '3']);
});

test('the pause runs from the last key on', async () => {
  const { answer, said, clock } = opening({ collect_digits: { pause_ms: 2000 } });
  const { line } = await answer();
  line.onDigit('1');
  clock.advance(1500);
  line.onDigit('2');
  clock.advance(1500);
  expect(said).toEqual([]);
  clock.advance(500);
  expect(said).toEqual(entry('1 2'));
});

test('what was pressed when the call ended is told to nobody, whoever ended it', async () => {
  const { answer, said, clock, over } = opening({ collect_digits: { pause_ms: 2000 } });
  const { line } = await answer();
  line.onDigit('1');
  over.abort();
  clock.advance(10_000);
  expect(said).toEqual([]);
});

test('without collecting and recording, the call and its events are as they are', async () => {
  const { answer, listening, said } = opening({});
  const { line, call, carried } = await answer();
  line.onDigit('1');
  expect([line === listening, call === carried, said]).toEqual([true, true, []]);
});

test('everything else that the line tells goes on to the session', async () => {
  const { answer, events } = opening({ collect_digits: {} });
  const { line } = await answer();
  line.onSound(new Uint8Array(160));
  line.onEnd('closed');
  expect([events.sound, events.ends]).toEqual([1, 1]);
});

test('a recorded call leaves a file with the caller on the left', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-opening-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { answer, clock } = opening({ recording: {} }, (time) => new CallRecorder({ folder, clock: time, log: silentLog }));
  const { line, call } = await answer();
  clock.advance(20);
  line.onSound(new Uint8Array(160).fill(0x00));
  clock.advance(20);
  call.close();
  const path = join(folder, 'rtc_1.wav');
  await expect
    .poll(() => existsSync(path) && readFileSync(path).readUInt32LE(40))
    .toSatisfy((bytes) => typeof bytes === 'number' && bytes > 0 && bytes < 10_000);
  const bytes = readFileSync(path).subarray(44);
  const pairs = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const side = (first: number) => pairs.filter((_sample, index) => index % 2 === first);
  expect([Math.min(...side(0)), Math.min(...side(1))]).toEqual([-32_124, 0]);
});

test('a route that records nothing leaves no file, nor does one where nothing can be recorded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-opening-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { answer } = opening({}, (time) => new CallRecorder({ folder, clock: time, log: silentLog }));
  const { line, call } = await answer();
  line.onSound(new Uint8Array(160));
  call.close();
  expect(existsSync(join(folder, 'rtc_1.wav'))).toBe(false);
  const { answer: unrecorded } = opening({ recording: {} });
  const answered = await unrecorded();
  expect(answered.call).toBe(answered.carried);
});

test('last words are said instead of whatever is said, to somebody who is no longer listened to, and waited for', async () => {
  const { said, seen, parts, session } = opening({});
  const transport = parts.transportOf(session);
  if (!transport) throw new Error('no transport');
  await sayLast(transport, 'Goodbye.');
  expect(said).toEqual([
    { type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: null } } } },
    { type: 'output_audio_buffer.clear' },
    exactWords('Goodbye.'),
  ]);
  expect(seen.played).toBe(1);
});
