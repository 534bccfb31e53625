// The scripted engines keep exactly the times of their script, whatever the clock does between.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { noModels, type EngineEnvironment, type LlmPart, type Speech, type SttOptions, type Transcript } from '../../src/engines/engine.ts';
import { scriptedLlm } from '../../src/engines/scripted/llm.ts';
import { parseScript } from '../../src/engines/scripted/script.ts';
import { scriptedStt } from '../../src/engines/scripted/stt.ts';
import { scriptedTts } from '../../src/engines/scripted/tts.ts';
import { Channel } from '../../src/lib/channel.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Prompt } from '../../src/protocol/prompt.ts';

const live = new AbortController().signal;
const sttOptions = { model: 'scripted', vocabulary: [] };
const ttsOptions = { model: 'scripted', voice: 'Dennis', speed: 1 };

function environment(script?: string): EngineEnvironment & { clock: ManualClock } {
  return { dataDir: '', settings: { PARLEY_SCRIPTED: script }, log: silentLog, clock: new ManualClock(), models: noModels };
}

interface Played<T> {
  readonly values: { atMs: number; value: T }[];
  readonly ended: Promise<void>;
  readonly over: () => boolean;
}

function play<T>(clock: ManualClock, source: AsyncIterable<T>): Played<T> {
  const values: { atMs: number; value: T }[] = [];
  let over = false;
  const ended = (async () => {
    try {
      for await (const value of source) values.push({ atMs: clock.now(), value });
    } finally {
      over = true;
    }
  })();
  ended.catch(() => {});
  return { values, ended, over: () => over };
}

/** Time passes in steps, and whatever it wakes runs in between. */
async function pass(clock: ManualClock, ms: number, stepMs = 5): Promise<void> {
  await nextTurn();
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(Math.min(stepMs, ms - passed));
    await nextTurn();
  }
}

function prompt(...said: string[]): Prompt {
  return {
    instructions: 'Be kind.',
    turns: said.map((text) => ({ role: 'user', parts: [{ type: 'text', text }] })),
    tools: [
      { name: 'get_time', description: '', parameters: {} },
      { name: 'get_date', description: '', parameters: {} },
    ],
    toolChoice: 'auto',
  };
}

async function* texts(...pieces: string[]): AsyncGenerator<string> {
  yield* pieces;
}

describe('the script', () => {
  it('is read part by part, the rest by default', () => {
    expect(parseScript(undefined)).toEqual({ sttMs: 100, llmMs: 200, tokensPerSecond: 40, tokens: 30, ttsMs: 100 });
    expect(parseScript(' tts=0, rate = 12.5,tokens=7 ')).toEqual({ sttMs: 100, llmMs: 200, tokensPerSecond: 12.5, tokens: 7, ttsMs: 0 });
  });

  it.each(['speed=3', 'stt', 'stt=', 'tts=fast', 'rate=0', 'tokens=1.5', 'tts=-1', 'stt=1=2', 'toString=1'])(
    'names the part it cannot read: %s',
    (bad) => {
      expect(() => parseScript(`llm=50,${bad}`)).toThrow(`"${bad}"`);
    },
  );

  it('takes no part twice', () => {
    expect(() => parseScript('stt=1,stt=2')).toThrow('stt is given twice');
  });

  it('is read when the engine is made', () => {
    expect(() => scriptedLlm.create(environment('llm=soon'))).toThrow('PARLEY_SCRIPTED: cannot read "llm=soon": llm takes milliseconds');
  });
});

describe('the scripted recogniser', () => {
  const open = (env: EngineEnvironment, options: Partial<SttOptions> = {}) => {
    const stt = scriptedStt.create(env);
    return { stt, recognition: stt.open({ ...sttOptions, ...options }, () => expect.unreachable('it does not guess')) };
  };

  it('has its words its delay after they were asked for, and at once when they are asked for again', async () => {
    const env = environment('stt=70');
    const { recognition } = open(env);
    recognition.hear(new Int16Array(16_000));
    await pass(env.clock, 1000, 50);
    const heard: { atMs: number; value: Transcript }[] = [];
    const ask = async () => {
      const value = await recognition.words('final');
      heard.push({ atMs: env.clock.now(), value });
    };
    void ask();
    await pass(env.clock, 200);
    void ask();
    await nextTurn();
    expect(heard.map(({ atMs }) => atMs)).toEqual([1070, 1200]);
    expect(heard[0]?.value.text).toBe('This is a scripted transcript.');
    expect(heard[0]?.value.words[1]).toEqual({ text: 'is', startMs: 200, endMs: 400, logprob: 0 });
    expect(heard[1]?.value).toBe(heard[0]?.value);
  });

  it('says the same of an utterance that goes on after a pause, spread over all of it, and takes its time again', async () => {
    const env = environment('stt=70');
    const { recognition } = open(env);
    recognition.hear(new Int16Array(16_000));
    const early = recognition.words('speculative');
    await pass(env.clock, 100);
    recognition.hear(new Int16Array(16_000));
    const late = recognition.words('final');
    let there = false;
    void late.then(() => (there = true));
    await pass(env.clock, 60);
    expect(there).toBe(false);
    await pass(env.clock, 10);
    expect((await early).words.at(-1)?.endMs).toBe(1000);
    expect((await late).words.at(-1)?.endMs).toBe(2000);
    expect((await late).text).toBe((await early).text);
  });

  it('tells two speakers apart, and what the voice is like if it is asked', async () => {
    for (const voiceProfile of [true, undefined]) {
      const env = environment('stt=0');
      const { recognition } = open(env, voiceProfile ? { voiceProfile } : {});
      recognition.hear(new Int16Array(16_000));
      const { segments, voiceProfile: told } = await recognition.words('final');
      expect(segments?.map(({ text, speaker }) => `${speaker} ${text}`)).toEqual(['speaker_0 This is', 'speaker_1 a scripted transcript.']);
      expect(told !== undefined).toBe(voiceProfile === true);
    }
  });

  it('has nothing to say when there was no sound', async () => {
    const env = environment();
    const words = open(env).recognition.words('final');
    await pass(env.clock, 100);
    expect(await words).toEqual({ text: '', words: [] });
  });

  it.each(['recognition', 'engine'] as const)(
    'ends calls under way as unavailable when the %s is closed, and those after',
    async (closed) => {
      const env = environment();
      const { stt, recognition } = open(env);
      recognition.hear(new Int16Array(16_000));
      const words = recognition.words('final');
      await nextTurn();
      if (closed === 'engine') await stt.close();
      else recognition.close();
      await expect(words).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
      recognition.hear(new Int16Array(16_000));
      await expect(recognition.words('final')).rejects.toMatchObject({ reason: 'unavailable' });
    },
  );
});

describe('the scripted language model', () => {
  it('gives its tokens at the planned times and no drift adds up', async () => {
    const env = environment('llm=200,rate=40,tokens=400');
    const said = play<LlmPart>(env.clock, scriptedLlm.create(env).respond(prompt('Hello.'), { model: 'scripted' }, live));
    // Steps of 7 ms make nearly every token late by some of it.
    await pass(env.clock, 200 + 400 * 25, 7);
    await said.ended;
    const tokens = said.values.filter(({ value }) => value.type === 'text');
    expect(tokens).toHaveLength(400);
    const lateMs = tokens.map(({ atMs }, i) => atMs - (200 + i * 25));
    expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...lateMs)).toBeLessThan(7);
  });

  it('makes sentences of ten words and says what it used', async () => {
    const env = environment();
    const said = play<LlmPart>(env.clock, scriptedLlm.create(env).respond(prompt('Hello there.'), { model: 'scripted' }, live));
    await pass(env.clock, 2000, 25);
    const text = said.values.map(({ value }) => (value.type === 'text' ? value.text : '')).join('');
    expect(text.split(' ')).toHaveLength(30);
    expect(text.split('.').map((sentence) => sentence.trim().split(' ').length)).toEqual([10, 10, 10, 1]);
    expect(said.values.slice(-2).map(({ value }) => value)).toEqual([
      { type: 'usage', usage: { inputTokens: 4, outputTokens: 30, cachedTokens: 0 } },
      { type: 'end', reason: 'stop' },
    ]);
  });

  it('stops at the most tokens it may give', async () => {
    const env = environment();
    const said = play<LlmPart>(env.clock, scriptedLlm.create(env).respond(prompt('Hi.'), { model: 'scripted', maxOutputTokens: 3 }, live));
    await pass(env.clock, 1000, 25);
    expect(said.values.filter(({ value }) => value.type === 'text')).toHaveLength(3);
    expect(said.values.at(-1)?.value).toEqual({ type: 'end', reason: 'length' });
  });

  it('calls the first tool when the user speaks of one, and not again after the result', async () => {
    const env = environment();
    const llm = scriptedLlm.create(env);
    const asked = prompt('Hi.', 'Use the Tool please.');
    const said = play<LlmPart>(env.clock, llm.respond(asked, { model: 'scripted' }, live));
    await pass(env.clock, 200);
    expect(said.values.map(({ value }) => value)).toMatchObject([
      { type: 'call', callId: 'call_1', name: 'get_time' },
      { type: 'arguments', callId: 'call_1', delta: '{}' },
      { type: 'usage' },
      { type: 'end', reason: 'tool_calls' },
    ]);
    asked.turns.push(
      { role: 'call', callId: 'call_1', name: 'get_time', arguments: '{}' },
      { role: 'result', callId: 'call_1', output: '12:00' },
    );
    const after = play<LlmPart>(env.clock, llm.respond(asked, { model: 'scripted' }, live));
    await pass(env.clock, 200);
    expect(after.values[0]?.value.type).toBe('text');
  });

  it('ends without error when the signal fires', async () => {
    const env = environment();
    const cut = new AbortController();
    const said = play<LlmPart>(env.clock, scriptedLlm.create(env).respond(prompt('Hi.'), { model: 'scripted' }, cut.signal));
    await pass(env.clock, 250);
    expect(said.values).toHaveLength(3);
    cut.abort();
    await said.ended;
    expect(said.values).toHaveLength(3);
  });
});

describe('the scripted voice', () => {
  it('sounds its delay after the first text that can be spoken, then four times as fast as it plays', async () => {
    const env = environment('tts=90');
    const text = new Channel<string>(4);
    const spoken = play<Speech>(env.clock, scriptedTts.create(env).speak(text, ttsOptions, live));
    text.push(' 🙂 ');
    await pass(env.clock, 50);
    text.push('One two three four five six seven eight.');
    text.close();
    await pass(env.clock, 500);
    await spoken.ended;
    expect(spoken.values.map(({ atMs }) => atMs)).toEqual([140, 160, 180, 200, 220, 240]);
    expect(spoken.values.map(({ value }) => value.pcm.samples.length / 24)).toEqual([80, 80, 80, 80, 80, 80]);
    expect(spoken.values.flatMap(({ value }) => value.words ?? [])).toEqual(
      ['One', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight.'].map((text, i) => ({ text, startMs: i * 60, endMs: i * 60 + 60 })),
    );
    for (const { value } of spoken.values) expect(value.pcm.samples.some((sample) => Math.abs(sample) > 5000)).toBe(true);
  });

  it('gives every word to the stretch it begins in, and goes on without another delay when more text comes', async () => {
    const env = environment('tts=90');
    const spoken = play<Speech>(env.clock, scriptedTts.create(env).speak(texts('One', ' two three'), { ...ttsOptions, speed: 0.5 }, live));
    await pass(env.clock, 300);
    expect(spoken.values.map(({ value }) => value.words?.map(({ text, startMs }) => `${text} ${startMs}`))).toEqual([
      ['One 0'],
      [],
      ['two 120'],
      ['three 240'],
      [],
    ]);
    expect(spoken.values.map(({ atMs }) => atMs)).toEqual([90, 110, 120, 140, 160]);
    expect(spoken.values.reduce((ms, { value }) => ms + value.pcm.samples.length / 24, 0)).toBe(360);
  });

  it('makes no sound of its own: all stretches share one memory', async () => {
    const env = environment('tts=0');
    const spoken = play<Speech>(env.clock, scriptedTts.create(env).speak(texts('a b c d', 'e f'), ttsOptions, live));
    await pass(env.clock, 300);
    expect(spoken.values.length).toBeGreaterThan(4);
    expect(new Set(spoken.values.map(({ value }) => value.pcm.samples.buffer)).size).toBe(1);
  });

  it('ends without error when the signal fires, in the middle of sound and while it waits for text', async () => {
    for (const text of ['One two three four five six seven eight.', undefined]) {
      const env = environment('tts=0');
      const cut = new AbortController();
      const channel = new Channel<string>(1);
      if (text) channel.push(text);
      const spoken = play<Speech>(env.clock, scriptedTts.create(env).speak(channel, ttsOptions, cut.signal));
      await pass(env.clock, 30);
      const before = spoken.values.length;
      expect(spoken.over()).toBe(false);
      cut.abort();
      await spoken.ended;
      expect(spoken.values).toHaveLength(before);
    }
  });

  it('has the voice a client gets by default', () => {
    expect(
      scriptedTts
        .create(environment())
        .voices()
        .map(({ id }) => id),
    ).toContain('Dennis');
  });
});
