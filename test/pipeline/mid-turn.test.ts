// session.update while somebody speaks: whatever it changes, and whenever it comes, no word is lost or heard twice, there is one item, and one
// speech_started with its one speech_stopped.
import { describe, expect, test } from 'vitest';
import { encodeWire } from '../../src/pipeline/wire-audio.ts';
import { sampleRateHz } from '../../src/protocol/audio-format.ts';
import { semanticVadDefaults, serverVadDefaults, type SessionConfig, type TurnDetection } from '../../src/protocol/session-config.ts';
import { legalFields, patchOf } from '../legal-values.ts';
import { pcm16k, Rig } from '../rig.ts';
import { recognise, Utterance } from './tones.ts';

type Patch = Record<string, unknown>;

/** Eight words, a breath, six words. The first begins within a window of the detector's that is not full when the earliest update comes. */
const firstMs = 390;
const spoken = new Utterance([
  { atMs: firstMs, words: 8 },
  { atMs: 1190, words: 6 },
]);
const endMs = 4500;

const moments = {
  'between the onset and its report': 400,
  'while somebody speaks': 700,
  'in a breath': 1160,
  'while somebody speaks on': 1500,
  'in the silence after it': 1800,
} as const;
type Moment = keyof typeof moments;
const inOrder = Object.keys(moments) as Moment[];

interface Told {
  /** All that was committed, by item. */
  words: string[];
  started: string[];
  stopped: string[];
  committed: string[];
  startedMs: number[];
  stoppedMs: number[];
  faults: (string | null)[];
}

/** What comes of the utterance, in the wire format of each moment, with these updates on the way. */
async function converse(
  detection: TurnDetection,
  updates: readonly [number, Patch][],
  configure?: (config: SessionConfig) => void,
): Promise<Told> {
  const rig = new Rig({ turnDetection: detection, ...(configure ? { configure } : {}) });
  rig.vad.judge = (window) => (window.some((sample) => Math.abs(sample) > 300) ? 1 : 0);
  rig.engines.denoiser.delayMs = 32;
  rig.stt.script = (call) => call.say(recognise(call.samples));
  await rig.settle();
  const listening = () => (rig.all('session.updated').at(-1) ?? rig.last('session.created')).session.audio.input;
  let atMs = 0;
  const hearUntil = async (untilMs: number) => {
    const { format } = listening();
    for (; atMs < untilMs; atMs += 20) {
      const toMs = Math.min(untilMs, atMs + 20);
      rig.sound(encodeWire(format, spoken.sound(atMs, toMs, sampleRateHz(format))));
    }
    atMs = untilMs;
    await rig.settle();
  };
  for (const [ms, session] of updates) {
    await hearUntil(ms);
    rig.client({ type: 'session.update', session });
    await rig.settle();
  }
  await hearUntil(endMs);
  if (listening().turn_detection === null) rig.client({ type: 'input_audio_buffer.commit' });
  const isOpen = () => rig.all('input_audio_buffer.committed').length === 0 && rig.all('input_audio_buffer.speech_started').length > 0;
  await rig.settle();
  // Who asked for a long silence gets it; who asked for everything to be speech asks for something else.
  if (isOpen()) await hearUntil(endMs + 8000);
  if (isOpen()) {
    rig.client({
      type: 'session.update',
      session: { ...input({ turn_detection: detection }), providerData: { stt: { vad_threshold: null } } },
    });
    await hearUntil(endMs + 9000);
  }
  const committed = rig.all('input_audio_buffer.committed').map(({ item_id }) => item_id);
  for (const item_id of committed) rig.client({ type: 'conversation.item.retrieve', item_id });
  await rig.settle();
  const told: Told = {
    words: rig.all('conversation.item.retrieved').map(({ item }) => {
      const [part] = item.type === 'message' ? item.content : [];
      return part?.type === 'input_audio' ? (part.transcript ?? '') : '';
    }),
    started: rig.all('input_audio_buffer.speech_started').map(({ item_id }) => item_id),
    stopped: rig.all('input_audio_buffer.speech_stopped').map(({ item_id }) => item_id),
    committed,
    startedMs: rig.times.started,
    stoppedMs: rig.times.stopped,
    faults: rig.all('error').map(({ error }) => error.code),
  };
  rig.transport.end();
  await rig.settle();
  await rig.ended;
  return told;
}

function input(fields: Patch): Patch {
  return { audio: { input: fields } };
}

const kinds = { server_vad: serverVadDefaults, semantic_vad: semanticVadDefaults } as const;

describe('the utterance goes on', () => {
  const changes: [string, Patch][] = [
    ['threshold', { turn_detection: { threshold: 0.8 } }],
    ['silence_duration_ms', { turn_detection: { silence_duration_ms: 900 } }],
    ['idle_timeout_ms', { turn_detection: { idle_timeout_ms: 6000 } }],
    ['server_vad', { turn_detection: { type: 'server_vad' } }],
    ['semantic_vad', { turn_detection: { type: 'semantic_vad' } }],
    ['eagerness', { turn_detection: { type: 'semantic_vad', eagerness: 'low' } }],
    ['mu-law', { format: { type: 'audio/pcmu' } }],
    ['24 kHz', { format: { type: 'audio/pcm', rate: 24_000 } }],
    ['near_field', { noise_reduction: { type: 'near_field' } }],
    ['another model', { transcription: { model: 'other', language: 'de' } }],
  ];
  test.each(changes.flatMap(([name, fields]) => inOrder.map((moment) => [name, moment, fields] as const)))(
    'under new rules: %s, %s',
    async (_name, moment, fields) => {
      for (const detection of [serverVadDefaults, semanticVadDefaults]) {
        const told = await converse(detection, [[moments[moment], input(fields)]]);
        expect(told).toMatchObject({ words: [spoken.text], started: ['item_1'], stopped: ['item_1'], committed: ['item_1'], faults: [] });
      }
    },
  );

  test.each(inOrder.slice(1).flatMap((off, index) => inOrder.slice(index + 2).map((on) => [off, on] as const)))(
    'F26: detection switched off %s and on again %s: it is the same turn',
    async (off, on) => {
      for (const detection of [serverVadDefaults, semanticVadDefaults]) {
        const told = await converse(detection, [
          [moments[off], input({ turn_detection: null })],
          [moments[on], input({ turn_detection: detection })],
        ]);
        expect(told).toMatchObject({ words: [spoken.text], started: ['item_1'], stopped: ['item_1'], committed: ['item_1'] });
      }
    },
  );

  test.each(inOrder)(
    'F26: detection switched off %s leaves the end to the client, whose commit makes the promised item',
    async (moment) => {
      const told = await converse(serverVadDefaults, [[moments[moment], input({ turn_detection: null })]]);
      const promised = moment === 'between the onset and its report' ? [] : ['item_1'];
      expect(told).toMatchObject({ words: [spoken.text], started: promised, stopped: [], committed: ['item_1'] });
    },
  );

  test.each(inOrder)('F26: detection switched on %s takes up the speech it finds', async (moment) => {
    const told = await converse(null, [[moments[moment], input({ turn_detection: serverVadDefaults })]]);
    expect(told).toMatchObject({ words: [spoken.text], started: ['item_1'], stopped: ['item_1'], committed: ['item_1'] });
    // With its padding in front.
    expect(told.startedMs).toEqual([84]);
  });

  test('detection switched on after a silence that would have ended it leaves it behind', async () => {
    const told = await converse(null, [[spoken.endMs + 600, input({ turn_detection: serverVadDefaults })]]);
    expect(told).toMatchObject({ words: [], started: [], committed: [] });
  });
});

describe('sound keeps its place in time', () => {
  const formats = [
    { type: 'audio/pcmu' },
    { type: 'audio/pcm', rate: 48_000 },
    { type: 'audio/pcm', rate: 8000 },
    { type: 'audio/pcma' },
    { type: 'audio/pcm', rate: 16_000 },
  ];

  test('F18: when the format changes five times within an utterance', async () => {
    const told = await converse(
      serverVadDefaults,
      formats.map((format, index) => [500 + index * 260, input({ format })]),
    );
    expect(told).toMatchObject({ words: [spoken.text], started: ['item_1'], stopped: ['item_1'] });
    expect(Math.abs((told.stoppedMs[0] ?? 0) - (spoken.endMs + 500))).toBeLessThanOrEqual(5);
  });

  test('F20: when noise reduction comes, changes and goes within an utterance, though its sound comes late', async () => {
    for (const updates of [
      ['near_field', null],
      ['near_field', 'far_field', null],
      ['far_field', null, 'near_field', null, 'far_field'],
    ]) {
      const told = await converse(
        serverVadDefaults,
        updates.map((type, index) => [480 + index * 230, input({ noise_reduction: type && { type } })]),
      );
      expect(told).toMatchObject({ words: [spoken.text], started: ['item_1'], stopped: ['item_1'] });
      expect(Math.abs((told.stoppedMs[0] ?? 0) - (spoken.endMs + 500))).toBeLessThanOrEqual(5);
    }
  });

  test('F20: the same, with the format changing in between', async () => {
    const told = await converse(serverVadDefaults, [
      [480, input({ noise_reduction: { type: 'near_field' } })],
      [690, input({ format: { type: 'audio/pcmu' } })],
      [1230, input({ noise_reduction: null, format: { type: 'audio/pcm', rate: 24_000 } })],
    ]);
    expect(told).toMatchObject({ words: [spoken.text], started: ['item_1'], stopped: ['item_1'] });
  });
});

test('C09 F20: a commit takes all that was sent before it, and the next one what came after, though noise reduction holds sound back', async () => {
  const rig = new Rig({ turnDetection: null });
  rig.engines.denoiser.delayMs = 32;
  rig.stt.script = (call) => call.say(recognise(call.samples));
  rig.client({ type: 'session.update', session: input({ noise_reduction: { type: 'near_field' } }) });
  for (const [fromMs, toMs] of [
    [0, firstMs + 140],
    [firstMs + 140, 1250],
    [1250, spoken.endMs],
  ] as const) {
    rig.sound(encodeWire(pcm16k, spoken.sound(fromMs, toMs, 16_000)));
    rig.client({ type: 'input_audio_buffer.commit' });
    await rig.settle();
  }
  expect(rig.transcripts.map((line) => line.replace(/^item_\d /, '')).join(' ')).toBe(spoken.text);
  rig.transport.end();
  await rig.ended;
});

test('updates that come while the detector has sound to look at lose none of it', async () => {
  const rig = new Rig();
  rig.vad.held = true;
  rig.stt.script = (call) => call.say(recognise(call.samples));
  const hear = (fromMs: number, toMs: number) => rig.sound(encodeWire(pcm16k, spoken.sound(fromMs, toMs, 16_000)));
  hear(0, 450);
  for (const [index, turn_detection] of [
    { type: 'semantic_vad' },
    null,
    { type: 'server_vad' },
    { threshold: 0.7, silence_duration_ms: 600 },
  ].entries()) {
    rig.client({ type: 'session.update', session: input({ turn_detection }) });
    hear(450 + index * 20, 470 + index * 20);
  }
  await rig.settle();
  expect(rig.turns).toEqual([]);
  rig.vad.held = false;
  rig.vad.stream.answer(100);
  hear(530, spoken.endMs + 900);
  await rig.settle();
  expect(rig.turns.map((line) => line.replace(/ \d+/, ''))).toEqual(['started item_1', 'stopped item_1', 'committed item_1']);
  expect(rig.transcripts).toEqual([`item_1 ${spoken.text}`]);
  rig.transport.end();
  await rig.ended;
});

test('F29: an idle turn that comes in the middle of an onset leaves its words whole', async () => {
  const rig = new Rig({
    turnDetection: { ...serverVadDefaults, idle_timeout_ms: 5000 },
    configure: (config) => void (config.output_modalities = ['text']),
  });
  rig.stt.script = (call) => call.say(recognise(call.samples));
  await rig.says('Hello.');
  rig.llm.last.text('Hello!');
  rig.llm.last.end();
  await rig.settle();
  const hear = (fromMs: number, toMs: number) => rig.hear(encodeWire(pcm16k, spoken.sound(fromMs, toMs, 16_000)));
  await hear(0, 340);
  rig.vad.held = true;
  await hear(340, firstMs + 50);
  await rig.wait(5000);
  expect(rig.all('input_audio_buffer.timeout_triggered')).toHaveLength(1);
  rig.vad.held = false;
  rig.vad.stream.answer(100);
  await hear(firstMs + 50, spoken.endMs + 900);
  const [idle, item] = rig.all('input_audio_buffer.committed').map(({ item_id }) => item_id);
  expect(idle).toBe(rig.last('input_audio_buffer.timeout_triggered').item_id);
  expect(rig.transcripts).toEqual([`${item} ${spoken.text}`]);
  // The item's own sound is whole as well.
  expect(rig.times.started[0]).toBeLessThan(firstMs);
  rig.transport.end();
  await rig.ended;
});

describe('every field of a session', () => {
  /** Asks for less silence than there is in the breath, which ends the turn there, as it was asked to. */
  const mayEndTheTurn = new Set(['audio.input.turn_detection.silence_duration_ms', 'providerData.stt.max_turn_silence']);
  const fields = legalFields();

  test('is found', () => {
    const paths = fields.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'instructions',
        'audio.input.turn_detection',
        'audio.input.turn_detection.eagerness',
        'providerData.stt.prompt',
      ]),
    );
    expect(fields.filter(({ values }) => values.length === 0)).toEqual([]);
  });

  test.each(fields.map(({ path, values }) => [path, values] as const))('C01: %s', async (path, values) => {
    let accepted = 0;
    let cases = 0;
    for (const value of values) {
      for (const [index, moment] of inOrder.entries()) {
        cases += 1;
        // What the ear and the turn go by is changed at every moment, all else at one moment or two.
        if (!path.startsWith('audio.input') && cases % 3 !== 0) continue;
        // The value comes and stays, or it comes and goes again, within the utterance, by turns.
        const detection = kinds[cases % 2 === 0 ? 'server_vad' : 'semantic_vad'];
        const back = cases % 4 === 0 ? undefined : inOrder[index + 1];
        const updates: [number, Patch][] = [[moments[moment], patchOf(path, value)]];
        if (back) updates.push([moments[back], originally(path, detection)]);
        const told = await converse(detection, updates);
        if (told.faults.length === 0) accepted += 1;
        const { started, stopped, committed } = told;
        const items = mayEndTheTurn.has(path) ? committed : ['item_1'];
        const watched = path !== 'audio.input.turn_detection' || back !== undefined;
        expect({ value, moment, back, words: told.words.join(' '), committed, stopped, started: watched ? started : items }).toEqual({
          value,
          moment,
          back,
          words: spoken.text,
          committed: items,
          stopped: watched ? items : [],
          started: items,
        });
      }
    }
    expect(accepted, 'updates that were not refused').toBeGreaterThan(0);
  });
});

/** What puts the field back to what it was when the session began. */
function originally(path: string, detection: TurnDetection): Patch {
  if (path.startsWith('audio.input.turn_detection')) return input({ turn_detection: detection });
  const config = new Map<string, unknown>([
    ['model', 'openai/gpt-4o-mini'],
    ['instructions', 'Be brief.'],
    ['output_modalities', ['audio']],
    ['max_output_tokens', 'inf'],
    ['parallel_tool_calls', true],
    ['tools', []],
    ['tool_choice', 'auto'],
    ['truncation', 'auto'],
    ['type', 'realtime'],
    ['audio.input.format', { type: 'audio/pcm', rate: 16_000 }],
    ['audio.output.format', { type: 'audio/pcm', rate: 24_000 }],
    ['audio.output.voice', 'Dennis'],
    ['audio.output.model', 'inworld-tts-1.5-mini'],
    ['audio.output.speed', 1],
    ['audio.input.transcription', { model: 'parley/test' }],
  ]);
  return patchOf(path, config.has(path) ? config.get(path) : null);
}
