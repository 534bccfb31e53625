// The page of calls, without a page: the list and its words, a call read from what the server tells of it, its strip, and what is before a listener.
import { describe, expect, test } from 'vitest';
import { placeOf } from '../../console/src/realtime/place.ts';
import { ListenBuffer } from '../../console/src/audio/listen-buffer.ts';
import { type CallEntry, readFeed } from '../../console/src/realtime/call-feed.ts';
import { type Call, callOf, clockWords, doingOf, lengthMs, listed, noCalls, partiesOf, wayOf } from '../../console/src/realtime/calls.ts';
import { stripPicture } from '../../console/src/realtime/call-strip.ts';
import type { Message } from '../../console/src/realtime/conversation.ts';
import { wordsUntil } from '../../console/src/realtime/heard.ts';
import { readingsOf } from '../../console/src/realtime/timeline.ts';
import { actingOn, turnsOfCaller, unwatched, watched, type WatchedCall } from '../../console/src/realtime/watched-call.ts';

const call = (id: string, part: Partial<Call> = {}): Call => ({
  id,
  direction: 'inbound',
  from: '+15550001',
  to: '+15550002',
  carrier: 'twilio',
  state: 'talking',
  began_at: 1000,
  answered_at: 1002,
  ...part,
});

describe('the list', () => {
  test('has the newest calls first, and those that have ended apart', () => {
    const first = listed(noCalls, [call('a'), call('b', { began_at: 2000 })], []);
    expect(first.live.map(({ id }) => id)).toEqual(['b', 'a']);
    const then = listed(first, [call('b', { state: 'ended', ended_at: 2100 }), call('c', { began_at: 3000 })], ['a']);
    expect([then.live.map(({ id }) => id), then.ended.map(({ id }) => id)]).toEqual([['c'], ['b']]);
    expect([callOf(then, 'b')?.state, callOf(then, 'a')]).toEqual(['ended', undefined]);
  });

  test('says who calls whom, by which way, and what goes on', () => {
    expect(partiesOf(call('a'))).toEqual({ far: '+15550001', own: '+15550002' });
    expect(partiesOf(call('a', { direction: 'outbound' }))).toEqual({ far: '+15550002', own: '+15550001' });
    expect(partiesOf(call('a', { from: '' })).far).toBe('Number withheld');
    expect(partiesOf(call('a', { from: 'sip:1001@pbx.example.com;transport=tls' })).far).toBe('1001@pbx.example.com');
    expect(partiesOf(call('a', { carrier: 'webrtc', from: '', to: '' }))).toEqual({ far: 'Browser or app', own: undefined });
    expect(wayOf(call('a', { carrier: 'sip', trunk: 'office', route: 'desk' }))).toBe('SIP office · desk');
    expect(doingOf(call('a', { speaking: 'caller' }))).toBe('Caller speaks');
    expect(doingOf(call('a', { state: 'connecting', direction: 'outbound' }))).toBe('Being called');
    expect(doingOf(call('a', { state: 'ended', cause: 'not_answered' }))).toBe('Not answered');
    // A cause that a later server has is no reason to say nothing.
    expect(doingOf(call('a', { state: 'ended', cause: 'struck_by_lightning' }))).toBe('Ended');
  });

  test('says how long, from the answer on by the server’s clock', () => {
    expect(lengthMs(call('a'), 1_065_500)).toBe(63_500);
    expect(lengthMs(call('a', { state: 'ended', duration_seconds: 7 }), 9e9)).toBe(7000);
    expect([clockWords(63_500), clockWords(3_845_000), clockWords(0)]).toEqual(['1:03', '1:04:05', '0:00']);
  });
});

/** What a server tells of a turn: asked, answered with a tool, and interrupted after the answer was whole. */
const item = (id: string, rest: object) => ({ id, object: 'realtime.item', status: 'completed', type: 'message', ...rest });
const entry = (at: number, event: object, heard?: CallEntry['heard']): CallEntry => ({
  at,
  event: event as CallEntry['event'],
  ...(heard && { heard }),
});
const entries: readonly CallEntry[] = [
  entry(1000, { type: 'output_audio_buffer.started', response_id: 'resp_0' }),
  entry(1800, { type: 'output_audio_buffer.stopped', response_id: 'resp_0' }),
  entry(2200, { type: 'input_audio_buffer.speech_started', audio_start_ms: 900, item_id: 'item_1' }, { from: 2100, to: 2200 }),
  entry(4000, { type: 'input_audio_buffer.speech_stopped', audio_end_ms: 3000, item_id: 'item_1' }, { from: 2100, to: 3400 }),
  entry(4000, { type: 'conversation.item.added', previous_item_id: null, item: item('item_1', { role: 'user', content: [] }) }),
  entry(4001, { type: 'response.created', response: { id: 'resp_1', conversation_id: 'conv_1' } }),
  entry(4100, { type: 'conversation.item.input_audio_transcription.completed', item_id: 'item_1', content_index: 0, transcript: 'Count.' }),
  entry(4200, {
    type: 'conversation.item.added',
    previous_item_id: 'item_1',
    item: item('item_2', { role: 'assistant', content: [], status: 'in_progress' }),
  }),
  entry(4210, { type: 'response.output_audio_transcript.delta', response_id: 'resp_1', item_id: 'item_2', delta: 'One' }),
  entry(4300, { type: 'response.output_audio_transcript.delta', response_id: 'resp_1', item_id: 'item_2', delta: ' two three four' }),
  entry(4300, {
    type: 'conversation.item.done',
    previous_item_id: 'item_1',
    item: item('item_2', { role: 'assistant', content: [{ type: 'output_audio', transcript: 'One two three four' }] }),
  }),
  entry(4310, {
    type: 'response.done',
    response: { id: 'resp_1', status: 'completed', status_details: null, output: [], conversation_id: 'conv_1' },
  }),
  entry(4350, { type: 'output_audio_buffer.started', response_id: 'resp_1' }),
  entry(5000, { type: 'input_audio_buffer.speech_started', audio_start_ms: 3900, item_id: 'item_3' }, { from: 4900, to: 5000 }),
  entry(5001, { type: 'conversation.item.truncated', item_id: 'item_2', content_index: 0, audio_end_ms: 1000, made_ms: 2000 }),
  entry(5001, { type: 'output_audio_buffer.cleared', response_id: 'resp_1' }),
  entry(5500, { type: 'input_audio_buffer.dtmf_event_received', event: '4', received_at: 1 }),
  entry(5600, { type: 'input_audio_buffer.dtmf_event_received', event: '2', received_at: 1 }),
  entry(5700, { type: 'realtime.call.transfer_failed', target: 'tel:+12025550101', reason: 'The line is busy.' }),
];
const whole = entries.reduce(watched, unwatched);

describe('a call that is looked at', () => {
  test('is read as what was said, heard, pressed and tried', () => {
    const { entries: read } = whole.conversation;
    expect(
      read.map((each) => (each.kind === 'message' ? `${each.role}: ${each.text}` : each.kind === 'notice' ? each.text : each.kind)),
    ).toEqual([
      'user: Count.',
      'assistant: One two three four',
      'user: ',
      'The caller pressed 4 2',
      'Not handed over to tel:+12025550101: The line is busy.',
    ]);
    // Half of the sound was heard.
    expect(read[1] as Message).toMatchObject({ state: 'interrupted', kept: 'One two' });
  });

  test('has its turns with their waits, from where the caller fell silent', () => {
    const [turn] = turnsOfCaller(whole);
    if (!turn) throw new Error('no turn');
    expect(Object.fromEntries(readingsOf(turn).map(({ name, ms }) => [name, ms]))).toMatchObject({
      turnEnd: 600,
      transcript: 700,
      firstToken: 810,
      firstAudio: 950,
    });
    expect(turn.interrupted).toBe(true);
  });

  test('is drawn as one strip: who was heard when, and what happened', () => {
    const picture = stripPicture(whole.strip, 6000, true);
    expect(picture?.spans.map(({ lane, from, to }) => [lane, from, to])).toEqual([
      ['agent', 0, 800],
      ['caller', 1100, 2400],
      ['agent', 3350, 4001],
      ['caller', 3900, 5000],
    ]);
    expect(picture?.ticks.map(({ lane, name }) => [lane, name])).toEqual([
      ['agent', 'interrupted'],
      ['caller', 'key'],
      ['caller', 'key'],
      ['tools', 'failed'],
    ]);
    const last = stripPicture(whole.strip, 301_000, false);
    expect([last?.from, last?.to]).toEqual([240_000, 300_000]);
    expect(stripPicture(unwatched.strip, 0, true)).toBeUndefined();
  });

  test('shows tools with their results, in the script and on the strip', () => {
    const called = [
      entry(1000, {
        type: 'conversation.item.added',
        previous_item_id: null,
        item: { id: 'item_1', type: 'mcp_call', server_label: 'call', name: 'transfer', arguments: '{}', output: null, error: null },
      }),
      entry(1500, { type: 'response.mcp_call.in_progress', item_id: 'item_1' }),
      entry(2500, { type: 'response.mcp_call.failed', item_id: 'item_1' }),
    ];
    const read = called.reduce(watched, unwatched);
    expect(read.conversation.entries).toMatchObject([{ kind: 'mcp_call', name: 'transfer' }]);
    const picture = stripPicture(read.strip, 3000, true);
    expect(picture?.spans).toMatchObject([{ lane: 'tools', kind: 'tool', from: 0, to: 1500, label: 'transfer' }]);
    expect(picture?.ticks).toMatchObject([{ lane: 'tools', name: 'failed' }]);
  });

  test('what the operator says is acted on at once, after the answer under way, or with the next one', () => {
    const upTo = (at: number): WatchedCall => entries.filter((each) => each.at <= at).reduce(watched, unwatched);
    expect([3000, 4050, 4400].map((at) => actingOn(upTo(at).conversation))).toEqual(['by-itself', 'after-answer', 'now']);
  });

  test('an answer to the operator is no turn of the caller’s', () => {
    const message = item('item_9', { role: 'system', content: [{ type: 'input_text', text: 'Be kind.' }] });
    const told = entry(7000, { type: 'conversation.item.added', previous_item_id: null, item: message });
    const answered = entry(7001, { type: 'response.created', response: { id: 'resp_9', conversation_id: 'conv_1' } });
    const quiet = entries.slice(0, 13).reduce(watched, unwatched);
    const after = [told, answered].reduce(watched, quiet);
    expect(turnsOfCaller(after)).toEqual(turnsOfCaller(quiet));
    expect(after.conversation.entries.at(-1)).toMatchObject({ role: 'system', text: 'Be kind.' });
  });
});

test('words are kept by their share of the sound, whole ones only', () => {
  expect([0, 0.4, 0.5, 1, 7].map((share) => wordsUntil('One two three four', share))).toEqual([
    '',
    'One two',
    'One two',
    'One two three four',
    'One two three four',
  ]);
  expect(wordsUntil('', 1)).toBe('');
});

test('what is no message of the feed is none', () => {
  for (const text of ['', '5', '{}', '{"type":"other"}', '[']) expect(readFeed(text)).toBeUndefined();
  expect(readFeed('{"type":"call.sound_skipped","call_id":"rtc_1","ms":5}')).toMatchObject({ ms: 5 });
});

test('the address says which page it is, and which call', () => {
  expect(placeOf('')).toEqual({ page: 'talk' });
  expect(placeOf('#calls')).toEqual({ page: 'calls', call: undefined });
  expect(placeOf('#calls/rtc_Ab1')).toEqual({ page: 'calls', call: 'rtc_Ab1' });
  for (const odd of ['#calls/', '#calls/a b', '#other']) expect(placeOf(odd)).toEqual({ page: 'talk' });
});

describe('what is before a listener', () => {
  const pairs = (ms: number, value: number) => new Int16Array(ms * 16).fill(value);
  const taken = (buffer: ListenBuffer) => {
    let count = 0;
    for (let piece = buffer.take(40); piece; piece = buffer.take(40)) count += piece.length / 16;
    return count;
  };

  test('is played once there is enough of it, all of it, and again after it has run dry', () => {
    const buffer = new ListenBuffer(8000);
    buffer.add(pairs(40, 1));
    expect(buffer.take(40)).toBeUndefined();
    buffer.add(pairs(40, 2));
    expect(buffer.waitingMs).toBe(80);
    expect(taken(buffer)).toBe(80);
    buffer.add(pairs(40, 3));
    expect(buffer.take(40)).toBeUndefined();
    buffer.add(pairs(40, 4));
    expect(taken(buffer)).toBe(80);
  });

  test('is never more than a quarter of a second: the oldest is left out', () => {
    const buffer = new ListenBuffer(8000);
    for (let at = 0; at < 100; at++) {
      buffer.add(pairs(40, at));
      expect(buffer.waitingMs).toBeLessThanOrEqual(260);
    }
    const [first = 0] = buffer.take(1) ?? [];
    expect(first).toBeGreaterThan(90);
  });
});
