// S07 S52 S53 S54 S55: everything a beta client is told has the beta types of the `openai` package, with the compiler itself as the judge.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { beta, unknownToBeta } from '../../../src/protocol/dialects/beta.ts';
import { ga } from '../../../src/protocol/dialects/ga.ts';
import { documentedServerEvents } from '../../../src/protocol/schema-server-events.ts';
import type { ServerEvent, StampedEvent } from '../../../src/protocol/server-events.ts';
import { Rig, testConfig } from '../../session/rig.ts';
import { callSpeaker } from '../../call-speaker.ts';

const repository = resolve(import.meta.dirname, '../../..');
const types = (file: string) => JSON.stringify(join(repository, 'node_modules/openai/resources/beta/realtime', file));

/**
 * The package knows six models of OpenAI's and three recognisers, and wants a secret in the events of a transcription session that its own
 * comment says is only there in the answer of the HTTP route. It has no type for that session's first event at all.
 */
const prologue = `import type { RealtimeServerEvent } from ${types('realtime.mjs')};
import type { Session } from ${types('sessions.mjs')};
import type { TranscriptionSession } from ${types('transcription-sessions.mjs')};
type Shown = Omit<Session, 'model'> & { model?: string };
type Listening = Omit<TranscriptionSession, 'client_secret' | 'input_audio_transcription'> & { input_audio_transcription?: { model?: string; language?: string; prompt?: string } };
type SessionEvent = { type: 'session.created' | 'session.updated'; event_id: string; session: Shown } | { type: 'transcription_session.created' | 'transcription_session.updated'; event_id: string; session: Listening };
type Beta = Exclude<RealtimeServerEvent, { type: SessionEvent['type'] }> | SessionEvent;
type DeepReadonly<T> = T extends (infer E)[] ? readonly DeepReadonly<E>[] : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
declare function check<const T extends DeepReadonly<Beta>>(event: T): void;
`;

/** The package writes "may be absent" where the service sends null. */
const nullMeansAbsent = new Set([
  'input_audio_transcription',
  'input_audio_noise_reduction',
  'turn_detection',
  'tracing',
  'status_details',
  'usage',
  'conversation_id',
  'transcript',
  'code',
  'param',
]);

/** What the compiler has to say against these events, one line each. */
async function faults(events: readonly object[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-beta-'));
  try {
    const lines = events.map((event) =>
      JSON.stringify(event, (key, value: unknown) => (value === null && nullMeansAbsent.has(key) ? undefined : value)),
    );
    const compilerOptions = { target: 'es2024', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true, types: [] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['events.ts'] }));
    await writeFile(join(folder, 'events.ts'), `${prologue}${lines.map((line) => `check(${line});\n`).join('')}`);
    const output = await new Promise<string>((done) => {
      execFile(join(repository, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], { maxBuffer: 1 << 26 }, (_error, stdout) =>
        done(stdout),
      );
    });
    const before = prologue.split('\n').length;
    return [...output.matchAll(/events\.ts\((\d+),\d+\): error (.*)/g)].map(
      ([, line, message]) => `${message} in ${lines[Number(line) - before] ?? 'the prologue'}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sessions of the beta, by what they cause. */
function recorded(): ServerEvent[] {
  const say = (rig: Rig, message: object) => rig.client(beta.toGa(message));
  const spoken = new Rig();
  say(spoken, {
    type: 'session.update',
    session: { modalities: ['text', 'audio'], voice: 'Olivia', temperature: 0.9, input_audio_transcription: { model: 'whisper-1' } },
  });
  spoken.utter(800);
  spoken.transcript('item_1', 'Hello there.');
  spoken.answer('resp_1', 'Good morning to you.', 1600);
  spoken.beginSpeech();
  say(spoken, { type: 'conversation.item.truncate', item_id: 'item_2', content_index: 0, audio_end_ms: 300 });
  say(spoken, { type: 'conversation.item.retrieve', item_id: 'item_2' });
  say(spoken, { type: 'conversation.item.delete', item_id: 'item_2' });
  say(spoken, { type: 'input_audio_buffer.clear' });
  say(spoken, { type: 'session.update', session: { speed: 99 } });

  const written = new Rig({ turnDetection: null });
  say(written, {
    type: 'session.update',
    session: { modalities: ['text'], tool_choice: 'weather', tools: [{ type: 'function', name: 'weather' }] },
  });
  say(written, {
    type: 'session.update',
    session: { turn_detection: null, input_audio_transcription: null, max_response_output_tokens: 40 },
  });
  written.says('How is the weather?');
  say(written, { type: 'response.create', response: { modalities: ['text'], max_response_output_tokens: 20 } });
  written.text('resp_1', 'Let me see.');
  written.call('resp_1', 'call_1', 'weather', '{}');
  written.end('resp_1');
  written.output('call_1', 'sunny');
  say(written, { type: 'response.create', response: { conversation: 'none', metadata: { a: 'b' } } });
  written.text('resp_2', 'Sun');
  say(written, { type: 'response.cancel', response_id: 'resp_2' });

  const called = new Rig({ speaker: callSpeaker });
  called.says('Count.');
  say(called, { type: 'response.create' });
  called.answer('resp_1', 'One two.', 500);
  called.hear(1000);
  say(called, { type: 'response.create' });
  called.answer('resp_2', 'Three four.', 500);
  say(called, { type: 'output_audio_buffer.clear' });
  return [...spoken.sent, ...written.sent, ...called.sent];
}

const place = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 };
/** What these sessions do not cause, or what is not the session's to send. */
const others: ServerEvent[] = [
  { type: 'response.output_audio.delta', ...place, delta: 'AAAA' },
  { type: 'conversation.item.input_audio_transcription.delta', item_id: 'item_1', content_index: 0, delta: 'Hel' },
  {
    type: 'conversation.item.input_audio_transcription.failed',
    item_id: 'item_1',
    content_index: 0,
    error: { type: 'server_error', code: 'x', message: 'y', param: null },
  },
  {
    type: 'session.created',
    session: {
      type: 'transcription',
      id: 'sess_1',
      object: 'realtime.transcription_session',
      expires_at: 1,
      include: null,
      audio: {
        input: testConfig({ type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: true }).audio.input,
      },
    },
  },
];

/** Inworld's own events, which reach whoever asked for them, and which the package has no types for. */
const inworldOnly = /^response\.backchannel\./;

const stamped = (events: readonly ServerEvent[]) => events.map((event, index): StampedEvent => ({ ...event, event_id: `event_${index}` }));

test('S07 S52 S53 S54 S55: every event a beta client is told fits the beta types of the openai package', async () => {
  const events = stamped([
    ...recorded(),
    ...others,
    ...others.map((event) => ({ ...event, type: event.type === 'session.created' ? 'session.updated' : event.type }) as ServerEvent),
  ]);
  const caused = new Set<string>(events.map(({ type }) => type));
  // Parley's own is told to those only who come back in its words.
  const own = new Set(['session.resumed']);
  const uncaused = documentedServerEvents.filter(
    (type) => !caused.has(type) && !unknownToBeta.has(type) && !inworldOnly.test(type) && !own.has(type),
  );
  expect(uncaused).toEqual([]);
  const told = events.flatMap(beta.fromGa);
  expect(told.filter((event) => !('event_id' in event))).toEqual([]);
  expect(await faults(told)).toEqual([]);
});

test('the compiler would notice GA shapes', async () => {
  const events = stamped([...recorded(), ...others]);
  const kinds = new Map(events.map((event) => [event.type, event]));
  const found = await faults([...kinds.values()].flatMap(ga.fromGa));
  const noticed = new Set(found.map((fault) => /"type":"([a-z_.]+)"/.exec(fault.slice(fault.indexOf(' in {')))?.[1]));
  expect([...noticed]).toEqual(
    expect.arrayContaining([
      'conversation.item.added',
      'conversation.item.done',
      'response.output_audio.delta',
      'response.output_text.done',
    ]),
  );
});
