// The judge that hears: what becomes of its word, and of its silence; and, where its weights are, what it says.
import { afterEach, describe, expect, test } from 'vitest';
import { type EngineEnvironment, EngineError, type Models, noModels, type PausedTurn } from '../../src/engines/engine.ts';
import { SMART_TURN_MODEL, SmartTurn, smartTurn } from '../../src/engines/local/smart-turn/smart-turn.ts';
import { ManualClock, systemClock } from '../../src/lib/clock.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { describeWithModels, testModels } from '../models.ts';
import { risingTone } from './rising-tone.ts';

const act = { answer: 1, die: 2, hang: 3 };
const actor = new URL('./smart-turn-actor-worker.ts', import.meta.url);
const { signal } = new AbortController();
const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
});

function environment(parts: Partial<EngineEnvironment> = {}): EngineEnvironment {
  return { dataDir: '', settings: {}, log: silentLog, clock: new ManualClock(), models: { ...noModels, folder: async () => '' }, ...parts };
}

function open(parts: Partial<EngineEnvironment> = {}, script = actor): SmartTurn {
  const engine = new SmartTurn(environment(parts), script);
  opened.push(engine);
  return engine;
}

async function warm(parts: Partial<EngineEnvironment> = {}): Promise<SmartTurn> {
  const engine = open(parts);
  await engine.warmUp(signal);
  return engine;
}

function turn(what: number, percent = 0, transcript: PausedTurn['transcript'] = 'call me a taxi'): PausedTurn {
  return { transcript, silenceMs: 200, audio: Int16Array.of(what, percent) };
}

const byWords = { complete: 0.85, basis: 'words', inferenceMs: 0 };

describe('a judge who hears', () => {
  test('says what the sound tells, and what the words do', async () => {
    const engine = await warm();
    expect(await engine.score(turn(act.answer, 93), signal)).toEqual({ complete: 0.93, basis: 'sound', inferenceMs: 70 });
    expect(await engine.score(turn(act.answer, 93, 'call me a'), signal)).toEqual({
      complete: 0.93,
      basis: 'sound',
      unfinished: 'function_word',
      inferenceMs: 70,
    });
    expect(engine.health()).toMatchObject({ state: 'ready', losses: 0 });
  });

  test('listens before the words are there', async () => {
    const engine = await warm();
    const words = Promise.withResolvers<string>();
    const judged = engine.score(turn(act.answer, 20, words.promise), signal);
    // An answer to a later one shows that the first has been heard.
    await engine.score(turn(act.answer, 30), signal);
    words.resolve('and then um');
    expect(await judged).toMatchObject({ complete: 0.2, unfinished: 'filler' });
  });

  test('flags words of English only', async () => {
    const engine = await warm();
    expect(await engine.score({ ...turn(act.answer, 20, 'das war so'), language: 'de' }, signal)).not.toHaveProperty('unfinished');
  });
});

describe('when nothing is heard, the words are judged alone:', () => {
  test('before it is warm, and when its weights are not there', async () => {
    const engine = open({ models: noModels });
    expect(await engine.score(turn(act.answer, 10), signal)).toEqual(byWords);
    expect(engine.health()).toEqual({ state: 'starting' });
    await expect(engine.warmUp(signal)).rejects.toMatchObject({ reason: 'unavailable' });
    expect(await engine.score(turn(act.answer, 10, 'call me a'), signal)).toMatchObject({ basis: 'words', unfinished: 'function_word' });
    expect(engine.health()).toMatchObject({ state: 'failed', problem: expect.stringContaining('smart-turn-v3.2') });
  });

  test('until weights that come late are there', async () => {
    let there = false;
    const models: Models = {
      ...noModels,
      folder: async (model) => {
        if (!there) throw new EngineError(model, 'unavailable', 'Not yet.');
        return '';
      },
    };
    const engine = open({ models });
    await expect(engine.warmUp(signal)).rejects.toThrow('Not yet.');
    there = true;
    await engine.warmUp(signal);
    expect(await engine.score(turn(act.answer, 10), signal)).toMatchObject({ basis: 'sound', complete: 0.1 });
  });

  test('when it takes longer than the words alone would have been waited for', async () => {
    const clock = new ManualClock();
    const engine = await warm({ clock });
    let judged: unknown;
    const asked = engine.score(turn(act.hang), signal).then((judgement) => (judged = judgement));
    clock.advance(349);
    await new Promise((done) => setImmediate(done));
    expect(judged).toBeUndefined();
    clock.advance(1);
    await asked;
    expect(judged).toEqual(byWords);
  });

  test('when more than 150 ms of work are before it, at once; the log says so once in a minute', async () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields: unknown, text?: string) => void lines.push(String(text)) };
    const engine = await warm({ clock, log });
    const leaving = new AbortController();
    const held = [1, 2].map(() => engine.score(turn(act.hang), leaving.signal));
    expect(await engine.score(turn(act.answer, 10), signal)).toEqual(byWords);
    expect(await engine.score(turn(act.answer, 10), signal)).toEqual(byWords);
    expect(lines).toEqual(['the judge of turns is overloaded: turns judged by their words alone']);
    leaving.abort();
    await Promise.all(held);
  });

  test('when its worker dies; the next turn is heard by another', async () => {
    const engine = await warm();
    expect(await engine.score(turn(act.die), signal)).toEqual(byWords);
    expect(await engine.score(turn(act.answer, 40), signal)).toMatchObject({ complete: 0.4, basis: 'sound' });
    expect(engine.health()).toMatchObject({ state: 'ready', losses: 1 });
  });

  test('when it is closed', async () => {
    const engine = await warm();
    const held = engine.score(turn(act.hang), signal);
    await engine.close();
    expect(await held).toEqual(byWords);
    expect(await engine.score(turn(act.answer, 10), signal)).toEqual(byWords);
    expect(engine.health()).toEqual({ state: 'closed' });
    await expect(engine.warmUp(signal)).rejects.toMatchObject({ reason: 'unavailable' });
  });
});

describeWithModels([SMART_TURN_MODEL], 'with its weights', () => {
  test('the network says what it says with the front end it was trained with', async () => {
    const engine = new SmartTurn(environment({ models: testModels }));
    opened.push(engine);
    await engine.warmUp(signal);
    for (const [samples, complete] of [
      [400, 0.9836],
      [16_000, 0.4315],
      [40_000, 0.0411],
      [150_000, 0.9759],
    ] as const) {
      const judged = await engine.score({ transcript: 'hello', silenceMs: 200, audio: risingTone(samples) }, signal);
      expect(judged.basis).toBe('sound');
      expect(Math.abs(judged.complete - complete)).toBeLessThan(0.01);
    }
  });

  test('weights that are not there are refused, and the words judged', async () => {
    const engine = smartTurn.create(environment({ clock: systemClock, models: { ...noModels, folder: async () => import.meta.dirname } }));
    opened.push(engine);
    await expect(engine.warmUp(signal)).rejects.toMatchObject({ reason: 'unavailable' });
    expect(engine.health?.().state).toBe('failed');
    expect(await engine.score(turn(act.answer), signal)).toEqual(byWords);
  });
});
