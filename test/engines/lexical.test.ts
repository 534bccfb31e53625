// The judge by words alone: what each flag makes of a turn, and what it makes of one without.
import { describe, expect, it } from 'vitest';
import { noModels } from '../../src/engines/engine.ts';
import { judgeWords, lexical } from '../../src/engines/turn/lexical.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

describe('the lexical turn detector', () => {
  it.each([
    'What time does the train leave',
    "I'd like to book a table for two",
    'Can you tell me a joke?',
    'yes',
    'No.',
    'yes please',
    'Thank you.',
    'how are you',
    'stop',
    'My name is John.',
    'me too',
    'turn it on',
    'who is this for',
  ])('takes %j for a finished turn', (transcript) => {
    expect(judgeWords(transcript)).toMatchObject({ basis: 'words' });
    expect(judgeWords(transcript).complete).toBeGreaterThanOrEqual(0.7);
    expect(judgeWords(transcript).unfinished).toBeUndefined();
  });

  it.each([
    ['I would like to book a', 'function_word'],
    ['I want to', 'function_word'],
    ['Send it to the office and', 'function_word'],
    ['the bill from my', 'function_word'],
    ['well then I', 'function_word'],
    ['it is because', 'function_word'],
    ['could you please', 'function_word'],
    ['we really should', 'function_word'],
    ['can I get um', 'filler'],
    ['tomorrow at five,', 'filler'],
    ['let me see...', 'filler'],
  ])('hears that %j goes on', (transcript, unfinished) => {
    expect(judgeWords(transcript)).toMatchObject({ unfinished, basis: 'words' });
    expect(judgeWords(transcript).complete).toBeLessThan(0.3);
  });

  it.each([
    ['my number is five five', 'digits'],
    ['if the weather is good', 'open_clause'],
  ])('is in two minds about %j', (transcript, unfinished) => {
    const { complete } = judgeWords(transcript);
    expect(judgeWords(transcript).unfinished).toBe(unfinished);
    expect(complete).toBeGreaterThanOrEqual(0.3);
    expect(complete).toBeLessThan(0.7);
  });

  it.each(['', '   ', '!'])('knows nothing of %j', (transcript) => {
    expect(judgeWords(transcript)).toMatchObject({ complete: 0.5 });
    expect(judgeWords(transcript).unfinished).toBeUndefined();
  });

  it('says the same with and without casing and a full stop', () => {
    expect(judgeWords('I Want To.')).toEqual(judgeWords('i want to'));
  });

  it('reads English only: a German who asks what was that is not in the middle of something', () => {
    expect(judgeWords('das war so', 'de').unfinished).toBeUndefined();
    expect(judgeWords('the answer is the', 'en').unfinished).toBe('function_word');
  });

  it('answers as an engine, to words that come later too', async () => {
    const detector = lexical.create({ dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels });
    const { signal } = new AbortController();
    await detector.warmUp(signal);
    const pause = { silenceMs: 300, audio: new Int16Array(0) };
    expect(await detector.score({ ...pause, transcript: 'I want to' }, signal)).toMatchObject({
      unfinished: 'function_word',
      inferenceMs: 0,
    });
    expect((await detector.score({ ...pause, transcript: Promise.resolve('I am done') }, signal)).complete).toBeGreaterThan(0.7);
    expect(detector.info).toMatchObject({ id: 'lexical', kind: 'turn' });
    await detector.close();
  });
});
