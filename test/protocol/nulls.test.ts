// Null stands for a field that is not given: every field of every event, in every dialect, is read with null in its place as without it.
import { describe, expect, test } from 'vitest';
import { type ClientEvent, parseClientEvent } from '../../src/protocol/client-events.ts';
import { beta } from '../../src/protocol/dialects/beta.ts';
import type { Dialect } from '../../src/protocol/dialects/dialect.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import { RealtimeError } from '../../src/protocol/errors.ts';
import { isRecord } from '../../src/protocol/json.ts';
import { meaningsOfNull } from '../../src/protocol/nulls.ts';
import { readProviderData } from '../../src/protocol/provider-data/provider-data.ts';
import { Rig } from '../session/rig.ts';
import { betaEvents, gaEvents, inworldEvents } from './whole-events.ts';

type Key = string | number;
type Event = Record<string, unknown>;

/** Every field of an event, those of objects in lists included; not what is in the client's own JSON. */
function* fieldsOf(value: unknown, path: Key[] = []): Generator<Key[]> {
  if (Array.isArray(value)) for (const [index, inner] of value.entries()) yield* fieldsOf(inner, [...path, index]);
  if (!isRecord(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    const field = [...path, key];
    if (field.length > 1 || key !== 'type') yield field;
    if (key !== 'parameters' && !(key === 'metadata' && path.at(-1) === 'tracing')) yield* fieldsOf(inner, field);
  }
}

/** A copy of the event with the field as `change` leaves it. */
function changed(event: Event, path: readonly Key[], change: (holder: Record<Key, unknown>, key: Key) => void): Event {
  const copy = structuredClone(event);
  let holder: Record<Key, unknown> = copy;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<Key, unknown>;
  change(holder, path.at(-1) ?? '');
  return copy;
}

const withNull = (event: Event, path: readonly Key[]) => changed(event, path, (holder, key) => (holder[key] = null));
const without = (event: Event, path: readonly Key[]) => changed(event, path, (holder, key) => delete holder[key]);

/** The event as it is read, or the fault that is told. */
function outcome(dialect: Dialect, event: unknown): unknown {
  try {
    return { event: parseClientEvent(dialect.toGa(event)) };
  } catch (error) {
    if (!(error instanceof RealtimeError)) throw error;
    return { code: error.code, param: error.param };
  }
}

const homes: Readonly<Record<string, string>> = {
  input_audio_transcription: 'audio.input.transcription',
  input_audio_noise_reduction: 'audio.input.noise_reduction',
  turn_detection: 'audio.input.turn_detection',
  turnDetection: 'audio.input.turn_detection',
  'turnDetection.idleTimeoutMs': 'audio.input.turn_detection.idle_timeout_ms',
  'input_audio_transcription.language': 'audio.input.transcription.language',
  'input_audio_transcription.prompt': 'audio.input.transcription.prompt',
  max_response_output_tokens: 'max_output_tokens',
  maxTokens: 'max_output_tokens',
};

/** Whether the table gives null a meaning there. */
function hasMeaning([around, ...inner]: readonly Key[]): boolean {
  const path = inner.join('.');
  return Object.hasOwn(meaningsOfNull, `${around}.${around === 'session' ? (homes[path] ?? path) : path}`);
}

const dialects = [
  ['GA', ga, gaEvents],
  ['Inworld', ga, inworldEvents],
  ['beta', beta, betaEvents],
] as const;

const rows = dialects.flatMap(([name, dialect, events]) =>
  Object.entries(events).flatMap(([title, event]) => [...fieldsOf(event)].map((path) => ({ name, dialect, title, event, path }))),
);
const titled = rows.map((row) => [`${row.name} ${row.title}: ${row.path.join('.')}`, row] as const);

test('the events are read as they are, and hold hundreds of fields', () => {
  for (const [, dialect, events] of dialects)
    for (const event of Object.values(events)) expect(outcome(dialect, event)).toHaveProperty('event');
  expect(rows.length).toBeGreaterThan(300);
});

/** `providerData` is echoed as it was written; what counts is how it is read. */
function understood(dialect: Dialect, event: Event): unknown {
  const read = outcome(dialect, event) as { event?: ClientEvent };
  if (read.event?.type !== 'session.update' || !read.event.session.providerData) return read;
  return {
    ...read,
    providerData: readProviderData(read.event.session.providerData),
    event: { session: { ...read.event.session, providerData: {} } },
  };
}

test.each(titled.filter(([, { path }]) => !hasMeaning(path)))('null is as good as nothing: %s', (_title, { dialect, event, path }) => {
  expect(understood(dialect, withNull(event, path))).toEqual(understood(dialect, without(event, path)));
});

test.each(titled.filter(([, { path }]) => hasMeaning(path)))('null has a meaning of its own: %s', (_title, { dialect, event, path }) => {
  const read = outcome(dialect, withNull(event, path));
  expect(read).toHaveProperty('event');
  expect(read).not.toEqual(outcome(dialect, without(event, path)));
});

test('only what an event cannot do without is refused, with null as without it', () => {
  const refused = new Set(
    rows.flatMap(({ dialect, event, path }) =>
      'code' in (outcome(dialect, withNull(event, path)) as object)
        ? [
            path
              .map((key) => (typeof key === 'number' ? '[]' : `.${key}`))
              .join('')
              .replace(/^\./, ''),
          ]
        : [],
    ),
  );
  expect([...refused].sort()).toEqual([
    'audio',
    'audio_end_ms',
    'content_index',
    'item',
    'item.approval_request_id',
    'item.approve',
    'item.arguments',
    'item.call_id',
    'item.content',
    'item.content[].image_url',
    'item.content[].text',
    'item.name',
    'item.output',
    'item.role',
    'item.type',
    'item_id',
    'response.audio.output.voice.id',
    'response.input[].arguments',
    'response.input[].call_id',
    'response.input[].content',
    'response.input[].content[].image_url',
    'response.input[].content[].text',
    'response.input[].id',
    'response.input[].name',
    'response.input[].output',
    'response.input[].role',
    'response.input[].type',
    'response.prompt.id',
    'response.tool_choice.server_label',
    'response.tool_choice.type',
    'response.tools[].name',
    'response.tools[].server_label',
    'response.tools[].server_url',
    'response.tools[].type',
    'session',
    'session.audio.output.voice.id',
    'session.mcpServers[].url',
    'session.prompt.id',
    'session.tool_choice.function',
    'session.tool_choice.function.name',
    'session.tool_choice.name',
    'session.tool_choice.type',
    'session.tools[].function',
    'session.tools[].function.name',
    'session.tools[].name',
    'session.tools[].server_label',
    'session.tools[].server_url',
    'session.tools[].type',
    'session.truncation.retention_ratio',
    'session.truncation.type',
  ]);
});

describe('P1: what LiveKit Agents and other Python clients write', () => {
  test('a response without instructions is made, and its metadata comes back', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create', event_id: 'e', response: { instructions: null, metadata: { client_event_id: 'x' } } });
    expect(rig.faults).toEqual([]);
    expect(rig.last('response.created').response.metadata).toEqual({ client_event_id: 'x' });
  });

  test('a response in which every field is null has the settings of the session', () => {
    const fields = gaEvents['response.create']?.response ?? {};
    const nulls = Object.fromEntries(Object.keys(fields).map((key) => [key, null]));
    const [plain, dumped] = [{}, { ...nulls, prompt: undefined }].map((response) => {
      const rig = new Rig({ turnDetection: null });
      rig.says('Hello.');
      rig.client({ type: 'response.create', response });
      return rig.effects.filter(({ kind }) => kind === 'run.start');
    });
    expect(dumped).toHaveLength(1);
    expect(dumped).toEqual(plain);
  });

  test.each(['connector_id', 'tunnel_id'])('a server whose %s is null is a server with an address', (field) => {
    const rig = new Rig();
    const tool = { type: 'mcp', server_label: 'docs', server_url: 'https://docs.example/mcp', [field]: null };
    rig.client({ type: 'session.update', session: { tools: [tool] } });
    expect(rig.faults).toEqual([]);
  });
});

describe("the client's own JSON keeps its nulls", () => {
  test('in the parameters of a function and in what a tool gave', () => {
    const parameters = { type: 'object', properties: { city: { default: null, enum: ['Paris', null] } } };
    expect(outcome(ga, { type: 'session.update', session: { tools: [{ type: 'function', name: 'f', parameters }] } })).toMatchObject({
      event: { session: { tools: [{ parameters }] } },
    });
    for (const output of [{ rain: null, places: [null] }, [[{ rain: null }]], [{ rain: null }]]) {
      const item = { type: 'function_call_output', call_id: 'call_1', output };
      expect(outcome(ga, { type: 'conversation.item.create', item })).toMatchObject({
        event: { item: { output: JSON.stringify(output) } },
      });
    }
    const tool = { role: 'tool', call_id: 'call_1', content: { rain: null } };
    expect(outcome(ga, { type: 'conversation.item.create', item: tool })).toMatchObject({ event: { item: { output: '{"rain":null}' } } });
  });

  test('in providerData and in the metadata of a trace', () => {
    const session = { providerData: { memory: null, mine: { a: null } }, tracing: { group_id: null, metadata: { a: null } } };
    expect(outcome(ga, { type: 'session.update', session })).toMatchObject({
      event: { session: { providerData: session.providerData, tracing: { metadata: { a: null } } } },
    });
  });
});

test.each([
  [{ instructions: null, tools: null, tool_choice: null, audio: null, truncation: null, providerData: null }],
  [{ audio: { input: null, output: { voice: null, format: null, speed: null } } }],
  [
    {
      audio: { input: { format: { type: null, rate: null }, turn_detection: { threshold: null, silence_duration_ms: null, type: null } } },
    },
  ],
])('an update of nothing but null changes nothing: %j', (session) => {
  const rig = new Rig();
  rig.client({
    type: 'session.update',
    session: { instructions: 'Sing.', audio: { input: { turn_detection: { threshold: 0.7 } }, output: { voice: 'Clive' } } },
  });
  const before = structuredClone(rig.config);
  rig.client({ type: 'session.update', session });
  expect(rig.faults).toEqual([]);
  expect(rig.config).toEqual(before);
});

test('a null beside the other spelling of the same field does not win over it', () => {
  expect(outcome(ga, { type: 'session.update', session: { voice: 'Clive', audio: { output: { voice: null } } } })).toMatchObject({
    event: { session: { audio: { output: { voice: 'Clive' } } } },
  });
  expect(outcome(beta, { type: 'session.update', session: { voice: 'alloy', audio: null } })).toMatchObject({
    event: { session: { audio: { output: { voice: 'alloy' } } } },
  });
});
