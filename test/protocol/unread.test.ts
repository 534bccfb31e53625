// Fields that nobody reads are found, so that the log can say so; what is only spelled another way is none of them.
import { expect, test } from 'vitest';
import { parseClientEvent } from '../../src/protocol/client-events.ts';
import { beta } from '../../src/protocol/dialects/beta.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import { unreadFields } from '../../src/protocol/unread.ts';
import { unservedOf } from '../../src/protocol/unserved.ts';
import { countingIds } from '../../src/lib/ids.ts';
import { EventText } from '../../src/transports/event-text.ts';
import { testConfig } from '../session/birth.ts';
import { betaEvents, gaEvents, inworldEvents } from './whole-events.ts';

function unread(event: unknown, dialect = ga): string[] {
  const said = dialect.toGa(event);
  return unreadFields(said, parseClientEvent(said));
}

test.each([
  ...Object.entries(gaEvents).map(([title, event]) => [`GA ${title}`, ga, event] as const),
  ...Object.entries(inworldEvents).map(([title, event]) => [`Inworld ${title}`, ga, event] as const),
  ...Object.entries(betaEvents).map(([title, event]) => [`beta ${title}`, beta, event] as const),
])('everything that the published types know is read: %s', (_, dialect, event) => {
  expect(unread(event, dialect)).toEqual([]);
});

test('F47: a connection hands them on with the event', () => {
  const text = new EventText(countingIds(), ga);
  const update = { type: 'session.update', session: { colour: 'red', instructions: 'Sing.' } };
  expect(text.read(JSON.stringify(update))).toMatchObject({ kind: 'event', unread: ['session.colour'] });
  expect(text.read('{"type":"input_audio_buffer.commit"}')).toEqual({ kind: 'event', event: { type: 'input_audio_buffer.commit' } });
});

test.each([
  [{ type: 'input_audio_buffer.commit', mood: 'gay' }, ['mood']],
  [
    { type: 'session.update', session: { colour: 'red', audio: { input: { gain: 2, format: null } } } },
    ['session.colour', 'session.audio.input.gain'],
  ],
  [{ type: 'session.update', session: { tools: [{ type: 'function', name: 'f', strict: true }] } }, ['session.tools[].strict']],
  [{ type: 'response.create', response: { voice: 'marin', temperature: null, pace: 1 } }, ['response.pace']],
  [{ type: 'session.update', session: { providerData: { anything: 1 }, colour: null } }, []],
])('F47: %j has left out %j', (event, fields) => {
  expect(unread(event)).toEqual(fields);
});

test('an event full of nonsense is named in part', () => {
  const nonsense = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`${at}${'x'.repeat(500)}`, at]));
  const fields = unread({ type: 'input_audio_buffer.commit', ...nonsense });
  expect(fields).toHaveLength(20);
  expect(Math.max(...fields.map((field) => field.length))).toBe(200);
});

test('what is accepted and has no effect is known', () => {
  const config = testConfig(null);
  expect(unservedOf(config)).toEqual([]);
  config.tracing = 'auto';
  config.audio.input.transcription = { model: 'whisper-1', delay: 'low' };
  config.tools = [{ type: 'mcp', server_label: 'docs', server_url: 'https://docs.example/mcp', defer_loading: true }];
  config.providerData = {
    caching: { enabled: true },
    tts: { userTurnMode: 'none', conversational: true },
    responsiveness: { maxBufferDeltas: 3 },
  };
  expect(unservedOf(config)).toEqual([
    'session.tracing',
    'session.audio.input.transcription.delay',
    'session.providerData.caching',
    'session.providerData.tts.conversational',
    'session.providerData.tts.user_turn_mode',
    'session.providerData.responsiveness.max_buffer_deltas',
    'tools[].defer_loading',
  ]);
});
