// Servers that hear or speak on this machine come and go: who serves what meanwhile.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SpeechWatch, type SpeechSighting } from '../../../src/engines/cloud/speech-watch.ts';
import type { Tts } from '../../../src/engines/engine.ts';
import { matchVoice } from '../../../src/engines/text/voice-match.ts';
import { SpeechIds } from '../../../src/engines/routing/speech-ids.ts';
import { VoiceIds } from '../../../src/engines/routing/voice-ids.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { type Log, silentLog } from '../../../src/lib/log.ts';
import { settled } from '../../rig.ts';
import { NamedTts, service, voice } from '../routing/rig.ts';

const own = new NamedTts('own', [voice('Dennis')]);
const cloud = new NamedTts('cartesia', [voice('Katie', 'female')]);
let clock: ManualClock;
/** What answers on this machine, with its models. */
let there: Map<string, string[]>;
let opened: NamedTts[];
let closed: string[];
let lines: string[];
let watch: SpeechWatch<NamedTts, Tts>;
let speech: SpeechIds<Tts>;
let voices: VoiceIds;

class Closing extends NamedTts {
  override readonly close = async () => void closed.push(this.info.id);
}

const log: Log = {
  ...silentLog,
  info: (fields, message) => void lines.push(`${message} ${JSON.stringify(fields)}`),
  warn: (fields, message) => void lines.push(`${message} ${JSON.stringify(fields)}`),
};

function sighting(prefix: string, models: string[]): SpeechSighting<NamedTts> {
  const open = async () => {
    const engine = new Closing(prefix, [voice('af_heart', 'female')]);
    opened.push(engine);
    return engine;
  };
  return { prefix, name: prefix, source: 'found', baseUrl: 'http://127.0.0.1:8880/v1', models, open };
}

function begin(configured: readonly NamedTts[] = []): void {
  watch = new SpeechWatch<NamedTts, Tts>({
    clock,
    log,
    configured,
    search: { prefixes: ['kokoro', 'speaches'], look: async () => [...there].map(([prefix, models]) => sighting(prefix, models)) },
    serve: (engine) => {
      const models = there.get(engine.info.id) ?? ['usual'];
      const presence = there.has(engine.info.id) ? 'found' : 'configured';
      return service<Tts>(engine.info.id, engine, { models: () => models, defaultModel: models[0] ?? '', presence });
    },
  });
  speech = new SpeechIds<Tts>({
    house: [{ id: 'own', engine: own }],
    get services() {
      return watch.services;
    },
    aliases: new Map(),
    isProtocolOwn: () => false,
  });
  voices = new VoiceIds(speech, matchVoice);
}

/** So many looks later. */
async function pass(looks = 1): Promise<void> {
  for (let look = 0; look < looks; look++) {
    clock.advance(15_000);
    await settled();
  }
}

const offered = () => speech.offered.flatMap(({ prefix, models }) => models.map((model) => `${prefix}/${model}`));
const speaker = (model: string, name = 'Dennis') => {
  const route = voices.route(model, name);
  return route && `${route.id} ${route.voice}`;
};

beforeEach(() => {
  [clock, there, opened, closed, lines] = [new ManualClock(), new Map(), [], [], []];
});
afterEach(() => watch.close());

test('one that is started later is offered and serves from then on, and it is logged once', async () => {
  begin();
  await watch.look();
  expect(offered()).toEqual(['parley/own']);
  there.set('kokoro', ['kokoro']);
  await pass();
  expect(offered()).toEqual(['parley/own', 'kokoro/kokoro']);
  expect(speaker('kokoro/kokoro', 'af_heart')).toBe('kokoro/kokoro af_heart');
  await pass(3);
  expect(lines).toEqual(['found kokoro on this machine {"provider":"kokoro","baseUrl":"http://127.0.0.1:8880/v1"}']);
  expect(opened).toHaveLength(1);
});

test('one that misses two looks is still there, and one that misses three is offered no more; whoever names it has the same engine when it is back', async () => {
  there.set('kokoro', ['kokoro']);
  begin();
  await watch.look();
  const before = speech.route('kokoro/kokoro')?.engine;
  there.clear();
  await pass(2);
  expect(offered()).toContain('kokoro/kokoro');
  await pass();
  expect(offered()).toEqual(['parley/own']);
  expect(voices.offered.map(({ id }) => id)).toEqual(['Dennis']);
  expect(lines.at(-1)).toBe('kokoro does not answer any more {"provider":"kokoro"}');
  // Its failure lets the next speak, as for any engine that is down.
  expect(speech.route('kokoro/kokoro')?.engine).toBe(before);
  expect(closed).toEqual([]);
  there.set('kokoro', ['kokoro']);
  await pass();
  expect(speech.route('kokoro/kokoro')?.engine).toBe(before);
  expect(offered()).toContain('kokoro/kokoro');
  expect(lines.at(-1)).toMatch(/^found kokoro on this machine/);
  expect(opened).toHaveLength(1);
});

test('what it offers is what it lists now, and its usual model stays while it has that', async () => {
  there.set('speaches', ['piper', 'kokoro']);
  begin();
  await watch.look();
  there.set('speaches', ['chatterbox', 'piper']);
  await pass();
  expect(speaker('speaches', 'af_heart')).toBe('speaches/piper af_heart');
  expect(offered()).toEqual(['parley/own', 'speaches/piper', 'speaches/chatterbox']);
  there.set('speaches', ['chatterbox']);
  await pass();
  expect(speaker('speaches', 'af_heart')).toBe('speaches/chatterbox af_heart');
});

test('no id means something else because a server was started: with nothing configured this machine serves whatever is named', async () => {
  begin();
  await watch.look();
  const [first, unknown] = [speaker(''), speaker('some/model')];
  there.set('kokoro', ['kokoro']);
  await pass();
  expect([speaker(''), speaker('some/model')]).toEqual([first, unknown]);
  expect(unknown).toBe('parley/own Dennis');
});

test('with a service that settings open, which comes first, an id that nobody serves is none', async () => {
  there.set('kokoro', ['kokoro']);
  begin([cloud]);
  await watch.look();
  expect(offered()).toEqual(['parley/own', 'cartesia/usual', 'kokoro/kokoro']);
  expect(speaker('some/model')).toBeUndefined();
});

test('it is known who may still come', () => {
  begin();
  expect([watch.awaits('kokoro'), watch.awaits('speaches'), watch.awaits('cartesia')]).toEqual([true, true, false]);
});

test('nobody is looked for once it is closed, and every engine is closed, those of servers that have gone too', async () => {
  there.set('kokoro', ['kokoro']);
  begin();
  await watch.look();
  there.clear();
  await pass(3);
  await watch.close();
  expect(closed).toEqual(['kokoro']);
  there.set('speaches', ['piper']);
  await pass();
  expect(opened).toHaveLength(1);
});
