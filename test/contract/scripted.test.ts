// The scripted engines keep exactly the times of their script, whatever the clock does between.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { noModels, type EngineEnvironment, type LlmPart, type Speech, type Transcript } from '../../src/engines/engine.ts';
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
  it('gives one final transcript its delay after the end of the audio', async () => {
    const env = environment('stt=70');
    const audio = new Channel<Int16Array>(10);
    const heard = play<Transcript>(env.clock, scriptedStt.create(env).transcribe(audio, sttOptions, live));
    audio.push(new Int16Array(16_000));
    await pass(env.clock, 1000, 50);
    expect(heard.values).toEqual([]);
    audio.close();
    await pass(env.clock, 200);
    await heard.ended;
    expect(heard.values).toHaveLength(1);
    expect(heard.values[0]?.atMs).toBe(1070);
    expect(heard.values[0]?.value).toMatchObject({ text: 'This is a scripted transcript.', final: true });
    expect(heard.values[0]?.value.words[1]).toEqual({ text: 'is', startMs: 200, endMs: 400, logprob: 0 });
  });

  it('gives an empty final when there was no audio', async () => {
    const env = environment();
    const audio = new Channel<Int16Array>(1);
    audio.close();
    const heard = play<Transcript>(env.clock, scriptedStt.create(env).transcribe(audio, sttOptions, live));
    await pass(env.clock, 100);
    expect(heard.values.map(({ value }) => value)).toEqual([{ text: '', words: [], final: true }]);
  });

  it('ends without error when the signal fires, even while the audio is quiet', async () => {
    const env = environment();
    const cut = new AbortController();
    const audio = new Channel<Int16Array>(1);
    const heard = play<Transcript>(env.clock, scriptedStt.create(env).transcribe(audio, sttOptions, cut.signal));
    await nextTurn();
    cut.abort();
    await heard.ended;
    expect(heard.values).toEqual([]);
  });

  it('fails with the error of its audio', async () => {
    const env = environment();
    const audio = new Channel<Int16Array>(1);
    audio.fail(new Error('line dropped'));
    await expect(play(env.clock, scriptedStt.create(env).transcribe(audio, sttOptions, live)).ended).rejects.toThrow('line dropped');
  });

  it('ends calls under way as unavailable when it is closed', async () => {
    const env = environment();
    const stt = scriptedStt.create(env);
    const heard = play(env.clock, stt.transcribe(new Channel<Int16Array>(1), sttOptions, live));
    await nextTurn();
    await stt.close();
    await expect(heard.ended).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
  });
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
