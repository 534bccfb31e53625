// One reply by itself: what the model says becomes text and sound, in order, in the wanted format, until it ends or is called off.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { concat } from '../../src/media/pcm.ts';
import { Images } from '../../src/pipeline/images.ts';
import { reply } from '../../src/pipeline/reply.ts';
import { WireDecoder } from '../../src/pipeline/wire-audio.ts';
import { type AudioFormat, bytesPerSample, pcmRates, sampleRateHz } from '../../src/protocol/audio-format.ts';
import { noise, RecordingTransport, settled, tone } from '../rig.ts';
import { FakeEngines } from './fake-engines.ts';
import type { RunOrder } from '../../src/session/effects.ts';
import type { FactOf, RunFact } from '../../src/session/facts.ts';

const prompt = { instructions: '', turns: [], tools: [], toolChoice: 'auto' as const };
const usage = { inputTokens: 7, outputTokens: 3, cachedTokens: 0 };

function start(changes: Partial<RunOrder> = {}, engines = new FakeEngines()) {
  const order: RunOrder = {
    run: 'run_1',
    model: 'a-model',
    modality: 'audio',
    voice: 'Dennis',
    ttsModel: 'a-voice-model',
    speed: 1.25,
    manner: { segmenter: 'auto', steering: undefined, language: undefined, deliveryMode: undefined, fallback: undefined },
    format: { type: 'audio/pcm', rate: 24_000 },
    temperature: 0.5,
    maxOutputTokens: undefined,
    parallelToolCalls: true,
    reasoningEffort: undefined,
    sampling: {},
    behalf: {},
    fallback: undefined,
    hedgeMs: undefined,
    itemsLeftOut: 0,
    ...changes,
  };
  const facts: RunFact[] = [];
  const faults: unknown[] = [];
  const failures: string[] = [];
  const transport = new RecordingTransport();
  const controller = new AbortController();
  const clock = new ManualClock();
  const ports = {
    engines,
    clock,
    origin: { key: 'key_1', session: 'sess_test' },
    allowance: { speech: () => undefined, spoken() {} },
    feed: (fact: RunFact) => void facts.push(fact),
    room: () => transport.room(),
    images: new Images(() => Promise.reject(new Error('no images here')), clock, controller.signal),
    onFailure: (error: unknown) => void (error instanceof EngineError ? failures.push(error.message) : faults.push(error)),
  };
  const state = { over: false };
  const done = reply(order, prompt, ports, controller.signal).then(() => {
    state.over = true;
  });
  const of = <K extends RunFact['kind']>(kind: K) => facts.filter((fact): fact is FactOf<K> => fact.kind === kind);
  return { engines, llm: engines.fakeLlm, tts: engines.fakeTts, facts, faults, failures, of, transport, clock, controller, state, done };
}

type Started = ReturnType<typeof start>;

/** The facts, a word or two each, but for those that nobody sees. */
function story({ facts }: Started): string[] {
  return facts.flatMap((fact) => {
    switch (fact.kind) {
      case 'run.usage':
      case 'run.alive':
      case 'run.attempt':
        return [];
      case 'run.text':
      case 'run.arguments':
        return `${fact.kind.slice('run.'.length)} ${fact.delta}`;
      case 'run.audio':
        return `audio ${Math.round(fact.ms)}`;
      case 'run.call':
        return `call ${fact.name}`;
      case 'run.ended':
        return `ended ${fact.reason}`;
    }
  });
}

describe('the manner of speaking', () => {
  const plain = { segmenter: 'auto', steering: undefined, language: undefined, deliveryMode: undefined, fallback: undefined } as const;

  test('F39 providerData.tts: language and delivery mode are hints for the voice, which is told nothing when nothing is said', async () => {
    const run = start({ manner: { ...plain, language: 'de-DE', deliveryMode: 'creative', steering: 'emit_once' } });
    run.llm.last.text('Hallo.');
    await settled();
    // How to steer is of interest to those who can.
    expect(run.tts.last.options).toEqual({
      model: 'a-voice-model',
      voice: 'Dennis',
      speed: 1.25,
      origin: { key: 'key_1', session: 'sess_test' },
      language: 'de-DE',
      deliveryMode: 'creative',
      onAttempt: expect.any(Function) as unknown,
    });
    const silent = start();
    silent.llm.last.text('Hallo.');
    await settled();
    expect(silent.tts.last.options).toEqual({
      model: 'a-voice-model',
      voice: 'Dennis',
      speed: 1.25,
      origin: { key: 'key_1', session: 'sess_test' },
      onAttempt: expect.any(Function) as unknown,
    });
    run.controller.abort();
    silent.controller.abort();
  });

  test('steering is an option of a voice that can be steered', async () => {
    const engines = new FakeEngines();
    Object.assign(engines.fakeTts, { steers: true });
    const run = start({ manner: { ...plain, steering: 'repeat_each_chunk' } }, engines);
    run.llm.last.text('[happy] Hello. ', 'Bye.');
    run.llm.last.end();
    await settled();
    expect(run.tts.last.options.steering).toBe('repeat_each_chunk');
    expect(run.tts.last.texts).toEqual(['[happy] Hello. ', 'Bye.']);
    run.controller.abort();
  });

  test('full_turn gives the voice all of it at once, when the model has ended', async () => {
    const run = start({ manner: { ...plain, segmenter: 'full_turn' } });
    run.llm.last.text('Hello there. ', 'Bye.');
    await settled();
    expect(run.tts.last.texts).toEqual([]);
    run.llm.last.end();
    await settled();
    expect(run.tts.last.texts).toEqual(['Hello there. Bye.']);
    expect(story(run)).toEqual(['text Hello there. ', 'text Bye.']);
    run.controller.abort();
  });

  test('per_segment_context speaks sentence by sentence, each in a speech of its own, on one timeline', async () => {
    const run = start({ manner: { ...plain, segmenter: 'per_segment_context' } });
    run.llm.last.text('Hello, you. ', 'Bye.');
    run.llm.last.end();
    await settled();
    const [first] = run.tts.calls;
    expect(first?.texts).toEqual(['Hello, you. ']);
    first?.speak(tone(500), 16_000, [{ text: 'Hello,', startMs: 0, endMs: 200 }]);
    first?.finish();
    await settled();
    expect(run.tts.calls).toHaveLength(2);
    expect(run.tts.last.texts).toEqual(['Bye.']);
    run.tts.last.speak(tone(300), 16_000, [{ text: 'Bye.', startMs: 50, endMs: 250 }]);
    run.tts.last.finish();
    await settled();
    expect(run.of('run.audio').flatMap(({ words }) => words ?? [])).toEqual([
      { text: 'Hello,', startMs: 0, endMs: 200 },
      { text: 'Bye.', startMs: 550, endMs: 750 },
    ]);
    expect(story(run).at(-1)).toBe('ended stop');
  });

  test('a direction to a voice that cannot follow it is not spoken, but stays in the transcript', async () => {
    const run = start();
    run.llm.last.text('[happy] Hello.');
    run.llm.last.end();
    await settled();
    expect(run.tts.last.texts).toEqual(['Hello.']);
    expect(story(run)).toEqual(['text [happy] Hello.']);
    run.controller.abort();
  });
});

describe('a spoken answer', () => {
  test('is text as it comes, its sound, and the end when both are over', async () => {
    const run = start();
    run.llm.last.text('Hello ', 'there. ', 'Bye.');
    run.llm.last.end();
    await settled();
    expect(story(run)).toEqual(['text Hello ', 'text there. ', 'text Bye.']);
    expect(run.tts.last.texts).toEqual(['Hello there. ', 'Bye.']);
    expect(run.tts.last.complete).toBe(true);
    run.tts.last.speak(noise(100, 24_000), 24_000);
    run.tts.last.speak(noise(60, 24_000), 24_000);
    await settled();
    expect(run.state.over).toBe(false);
    run.tts.last.finish();
    await run.done;
    expect(story(run).slice(3)).toEqual(['audio 100', 'audio 60', 'ended stop']);
    expect(run.of('run.ended')[0]).toMatchObject({ usage });
  });

  test('begins to sound while the model goes on', async () => {
    const run = start();
    run.llm.last.text('Well, ', 'let me ');
    await settled();
    run.tts.last.speak(noise(20, 24_000), 24_000);
    await settled();
    run.llm.last.text('see.');
    await settled();
    expect(story(run)).toEqual(['text Well, ', 'text let me ', 'audio 20', 'text see.']);
    expect(run.tts.last.texts).toEqual(['Well, ']);
    run.llm.last.end();
    run.tts.last.finish();
    await run.done;
    expect(run.tts.last.texts).toEqual(['Well, ', 'let me see.']);
  });

  test('F02 F05 F06 F07 F08 F31 F32 F33: asks model and voice for what was ordered', async () => {
    const sampling = { seed: 7 };
    const behalf = { user: 'ann' };
    const run = start({ maxOutputTokens: 50, reasoningEffort: 'low', parallelToolCalls: false, sampling, behalf, hedgeMs: 400 });
    run.llm.last.text('Hi.');
    await settled();
    expect(run.llm.last.options).toEqual({
      model: 'a-model',
      temperature: 0.5,
      maxOutputTokens: 50,
      reasoningEffort: 'low',
      parallelToolCalls: false,
      sampling,
      behalf,
      hedgeMs: 400,
      origin: { key: 'key_1', session: 'sess_test' },
      conversation: 'sess_test',
      onAttempt: expect.any(Function) as unknown,
    });
    expect(run.tts.last.options).toEqual({
      model: 'a-voice-model',
      voice: 'Dennis',
      speed: 1.25,
      origin: { key: 'key_1', session: 'sess_test' },
      onAttempt: expect.any(Function) as unknown,
    });
    run.controller.abort();
    await run.done;
  });

  test("passes the words' times on with the sound they belong to", async () => {
    const run = start();
    run.llm.last.text('Hello there.');
    run.llm.last.end();
    await settled();
    const hello = [{ text: 'Hello', startMs: 0, endMs: 40 }];
    const there = [{ text: 'there', startMs: 40, endMs: 80 }];
    run.tts.last.speak(noise(40, 24_000), 24_000, hello);
    run.tts.last.speak(noise(40, 24_000), 24_000, there);
    run.tts.last.finish();
    await run.done;
    expect(run.of('run.audio').map(({ words }) => words)).toEqual([hello, there]);
  });

  test('goes to the voice in clauses, or in the pieces it comes in when the voice wants those', async () => {
    for (const [takes, texts] of [
      ['clauses', ['One two. ', 'Three']],
      ['pieces', ['On', 'e two. Th', 'ree']],
    ] as const) {
      const engines = new FakeEngines();
      engines.fakeTts.takes = takes;
      const run = start({}, engines);
      run.llm.last.text('On', 'e two. Th', '', 'ree');
      run.llm.last.end();
      await settled();
      run.tts.last.finish();
      await run.done;
      expect(run.tts.last.texts).toEqual(texts);
    }
  });

  test('that has nothing in it is over without a voice', async () => {
    const run = start();
    run.llm.last.give({ type: 'reasoning', text: 'Hm.' });
    run.llm.last.text('');
    run.llm.last.end();
    await run.done;
    expect(story(run)).toEqual(['ended stop']);
    expect(run.tts.calls).toHaveLength(0);
  });

  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['content_filter', 'content_filter'],
    ['tool_calls', 'stop'],
  ] as const)('that the model ends with %s ends with %s', async (reason, ended) => {
    const run = start({ modality: 'text' });
    run.llm.last.end(reason);
    await run.done;
    expect(story(run)).toEqual([`ended ${ended}`]);
  });
});

test('F04: a written answer needs no voice', async () => {
  const run = start({ modality: 'text' });
  run.llm.last.text('Hello. ', 'There.');
  run.llm.last.end();
  await run.done;
  expect(story(run)).toEqual(['text Hello. ', 'text There.', 'ended stop']);
  expect(run.tts.calls).toHaveLength(0);
});

describe('the sound', () => {
  const formats: AudioFormat[] = [
    ...pcmRates.map((rate) => ({ type: 'audio/pcm' as const, rate })),
    { type: 'audio/pcmu' },
    { type: 'audio/pcma' },
  ];
  for (const format of formats) {
    const name = format.type === 'audio/pcm' ? `PCM at ${format.rate} Hz` : format.type;
    test(`F30: is ${name} of the right length and pitch, whatever the voice makes`, async () => {
      for (const rateHz of [8000, 16_000, 22_050, 24_000]) {
        const run = start({ format });
        run.llm.last.text('Hello.');
        run.llm.last.end();
        await settled();
        const whole = tone(505, rateHz, 8000, 400);
        for (let at = 0; at < whole.length; at += 999) run.tts.last.speak(whole.subarray(at, at + 999), rateHz);
        run.tts.last.finish();
        await run.done;
        const audio = run.of('run.audio');
        const samples = audio.reduce((sum, { bytes }) => sum + bytes.length, 0) / bytesPerSample(format);
        expect(Math.abs(samples - (whole.length * sampleRateHz(format)) / rateHz), `from ${rateHz} Hz`).toBeLessThanOrEqual(1);
        expect(audio.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo((samples * 1000) / sampleRateHz(format), 6);
        const decoder = new WireDecoder(format);
        const back = concat(audio.map(({ bytes }) => decoder.decode(bytes).slice()));
        // 400 Hz for 505 ms crosses zero upwards 202 times.
        let crossings = 0;
        for (let index = 1; index < back.length; index++) if ((back[index - 1] ?? 0) < 0 && (back[index] ?? 0) >= 0) crossings += 1;
        expect(Math.abs(crossings - 202)).toBeLessThanOrEqual(2);
      }
    });
  }

  test('loses nothing when the voice changes its rate in the midst of a speech', async () => {
    const run = start();
    run.llm.last.text('Hello.');
    run.llm.last.end();
    await settled();
    run.tts.last.speak(tone(300, 16_000), 16_000);
    run.tts.last.speak(tone(300, 48_000), 48_000);
    run.tts.last.finish();
    await run.done;
    const total = run.of('run.audio').reduce((sum, { ms }) => sum + ms, 0);
    expect(Math.abs(total - 600)).toBeLessThanOrEqual(2 / 24);
  });

  test('is not asked for while there is no room for it', async () => {
    const run = start();
    run.transport.fill();
    run.llm.last.text('Hello.');
    run.llm.last.end();
    await settled();
    for (let piece = 0; piece < 4; piece++) run.tts.last.speak(noise(20, 24_000), 24_000);
    run.tts.last.finish();
    await settled();
    expect(run.tts.last.taken).toBe(1);
    run.transport.drain();
    run.transport.fill();
    await settled();
    expect(run.tts.last.taken).toBe(2);
    expect(story(run)).toEqual(['text Hello.', 'audio 20', 'audio 20']);
    run.transport.drain();
    await run.done;
    expect(story(run).at(-1)).toBe('ended stop');
  });
});

describe('a function call', () => {
  test('comes after what was said before it has been spoken', async () => {
    const run = start();
    run.llm.last.text('One moment.');
    run.llm.last.give({ type: 'call', callId: 'c1', name: 'look' });
    run.llm.last.give({ type: 'arguments', callId: 'c1', delta: '{}' });
    run.llm.last.end('tool_calls');
    await settled();
    expect(story(run)).toEqual(['text One moment.']);
    expect(run.tts.last.texts).toEqual(['One moment.']);
    run.tts.last.speak(noise(50, 24_000), 24_000);
    run.tts.last.finish();
    await run.done;
    expect(story(run)).toEqual(['text One moment.', 'audio 50', 'call look', 'arguments {}', 'ended stop']);
  });

  test('is followed by a speech of its own when the model talks on', async () => {
    const run = start();
    run.llm.last.text('Wait.');
    run.llm.last.give({ type: 'call', callId: 'c1', name: 'look' });
    run.llm.last.text('Done.');
    run.llm.last.end('tool_calls');
    await settled();
    run.tts.last.finish();
    await settled();
    expect(run.tts.calls.map(({ texts }) => texts)).toEqual([['Wait.'], ['Done.']]);
    run.tts.last.finish();
    await run.done;
  });
});

describe('a failure', () => {
  test('of the model in mid-text ends the reply with its code, and with the usage so far', async () => {
    const run = start({ modality: 'text' });
    run.llm.last.text('I was ');
    run.llm.last.give({ type: 'usage', usage });
    run.llm.last.fail(new EngineError('fake-llm', 'rate_limited', 'Too many.'));
    await run.done;
    expect(story(run)).toEqual(['text I was ', 'ended failed']);
    expect(run.of('run.ended')[0]).toMatchObject({ usage, failure: { code: 'rate_limited' } });
    expect(run.faults).toEqual([]);
  });

  test('that a provider words for its operator is told to the user in a plain sentence, and to the log as it is', async () => {
    const run = start({ modality: 'text' });
    const words = 'Groq: Rate limit reached in organization org_01hx at 10.2.3.4 (status 429)';
    run.llm.last.fail(new EngineError('groq', 'rate_limited', words));
    await run.done;
    expect(run.of('run.ended')[0]).toMatchObject({
      failure: { code: 'rate_limited', message: 'The language model has too much to do at the moment.' },
    });
    expect(run.failures).toEqual([words]);
  });

  test('of what the client itself has named is told by that name', async () => {
    const run = start({ modality: 'text' });
    const what = "There is no voice 'Zoe'.";
    run.llm.last.fail(new EngineError('router', 'unavailable', what, { forClient: what }));
    await run.done;
    expect(run.of('run.ended')[0]).toMatchObject({ failure: { code: 'unavailable', message: what } });
  });

  test('of the model lets the voice have no more text', async () => {
    const run = start();
    run.llm.last.text('Hello. I was ');
    run.llm.last.fail(new EngineError('fake-llm', 'broken', 'Gone.'));
    await run.done;
    await settled();
    expect(run.tts.last.texts).toEqual(['Hello. ']);
    expect(run.tts.last.complete).toBe(true);
  });

  test('of the voice ends the reply with its code, without waiting for the model to finish', async () => {
    const run = start();
    run.llm.last.text('Hello. ');
    await settled();
    run.tts.last.fail(new EngineError('fake-tts', 'crashed', 'It died.'));
    await settled();
    run.llm.last.text('And so on. ');
    await run.done;
    expect(run.of('run.ended')[0]).toMatchObject({
      reason: 'failed',
      failure: { code: 'crashed', message: 'The voice stopped in the middle of its work.' },
    });
  });

  test('of the voice after the model has ended ends the reply too', async () => {
    const run = start();
    run.llm.last.text('Hello.');
    run.llm.last.end();
    await settled();
    run.tts.last.speak(noise(20, 24_000), 24_000);
    run.tts.last.fail(new EngineError('fake-tts', 'timeout', 'Too slow.'));
    await run.done;
    expect(story(run)).toEqual(['text Hello.', 'audio 20', 'ended failed']);
    expect(run.of('run.ended')[0]).toMatchObject({ failure: { code: 'timeout' }, usage });
  });

  test('that no engine declares is told without its words, and handed up to be logged', async () => {
    const model = start();
    model.llm.last.fail(new TypeError('secret detail'));
    await model.done;
    expect(model.of('run.ended')[0]).toMatchObject({
      reason: 'failed',
      failure: { code: 'internal', message: 'The server had an error.' },
    });
    expect(model.faults).toEqual([new TypeError('secret detail')]);
    const voice = start();
    voice.llm.last.text('Hello.');
    voice.llm.last.end();
    await settled();
    voice.tts.last.fail(new TypeError('secret detail'));
    await voice.done;
    expect(voice.of('run.ended')[0]).toMatchObject({ reason: 'failed', failure: { code: 'broken', message: 'The voice did not work.' } });
    expect(voice.faults).toEqual([new TypeError('secret detail')]);
  });

  test('to find a model or a voice at all ends the reply', async () => {
    const none = () => {
      throw new EngineError('none', 'unavailable', 'There is none.');
    };
    const engines = new FakeEngines();
    engines.llm = none;
    const mute = start({}, engines);
    await mute.done;
    expect(mute.of('run.ended')[0]).toMatchObject({ failure: { code: 'unavailable' } });
    const others = new FakeEngines();
    others.tts = none;
    const voiceless = start({}, others);
    voiceless.llm.last.text('Hello.');
    await voiceless.done;
    expect(voiceless.of('run.ended')[0]).toMatchObject({ failure: { code: 'unavailable' } });
  });
});

describe('calling it off', () => {
  test('fires the signals of model and voice, and nothing more is told, not even the end', async () => {
    const run = start();
    run.llm.last.text('Hello. And ');
    await settled();
    run.tts.last.speak(noise(20, 24_000), 24_000);
    await settled();
    const before = story(run);
    run.controller.abort();
    await run.done;
    expect(run.llm.last.signal.aborted).toBe(true);
    expect(run.tts.last.signal.aborted).toBe(true);
    expect(story(run)).toEqual(before);
  });

  test('while there is no room takes no more of the voice', async () => {
    const run = start();
    run.transport.fill();
    run.llm.last.text('Hello. ');
    await settled();
    run.tts.last.speak(noise(20, 24_000), 24_000);
    run.tts.last.speak(noise(20, 24_000), 24_000);
    await settled();
    run.controller.abort();
    run.transport.drain();
    await run.done;
    expect(run.tts.last.taken).toBe(1);
    expect(story(run)).toEqual(['text Hello. ', 'audio 20']);
  });
});

describe('what the model tells of itself', () => {
  const more = (outputTokens: number) => ({ inputTokens: 7, outputTokens, cachedTokens: 0 });

  test('its usage is told as soon as it is known, while the voice still speaks', async () => {
    const run = start();
    run.llm.last.text('Hello there.');
    run.llm.last.give({ type: 'usage', usage: more(1) });
    await settled();
    expect(run.of('run.usage')).toEqual([{ kind: 'run.usage', run: 'run_1', usage: more(1) }]);
    run.llm.last.give({ type: 'usage', usage: more(3) });
    run.llm.last.give({ type: 'end', reason: 'stop' });
    run.llm.last.finish();
    await settled();
    expect(run.state.over).toBe(false);
    expect(run.of('run.usage').map((fact) => fact.usage)).toEqual([more(1), more(3)]);
    run.tts.last.finish();
    await run.done;
    expect(run.of('run.ended')).toMatchObject([{ usage: more(3) }]);
  });

  test('that it thinks is told once a second at most, and not what', async () => {
    const run = start();
    const think = async () => {
      run.llm.last.give({ type: 'reasoning', text: 'hmm' });
      await settled();
      return run.of('run.alive').length;
    };
    expect(await think()).toBe(1);
    expect(await think()).toBe(1);
    run.clock.advance(999);
    expect(await think()).toBe(1);
    run.clock.advance(1);
    expect(await think()).toBe(2);
    run.clock.advance(60_000);
    expect(await think()).toBe(3);
    expect(run.facts.every((fact) => JSON.stringify(fact) === '{"kind":"run.alive","run":"run_1"}')).toBe(true);
    run.llm.last.text('Yes.');
    run.llm.last.end();
    await settled();
    run.tts.last.finish();
    await run.done;
    expect(story(run)).toEqual(['text Yes.', 'ended stop']);
  });
});
