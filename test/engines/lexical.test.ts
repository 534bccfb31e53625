// The rule for unfinished phrases, by example.
import { noModels } from '../../src/engines/engine.ts';
import { describe, expect, it } from 'vitest';
import { lexical, turnCompleteness } from '../../src/engines/turn/lexical.ts';
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
  ])('takes %j for a finished turn', (transcript) => {
    expect(turnCompleteness(transcript)).toBeGreaterThanOrEqual(0.7);
  });

  it.each([
    'I would like to book a',
    'I want to',
    'Send it to the office and',
    'the bill from my',
    'well then I',
    'it is because',
    'could you please',
    'we really should',
    'can I get um',
    'tomorrow at five,',
    'let me see...',
  ])('hears that %j goes on', (transcript) => {
    expect(turnCompleteness(transcript)).toBeLessThan(0.3);
  });

  it.each(['I think that', 'turn it on', 'who is this for', 'my number is five five', 'what I have'])(
    'is in two minds about %j',
    (transcript) => {
      expect(turnCompleteness(transcript)).toBeGreaterThanOrEqual(0.3);
      expect(turnCompleteness(transcript)).toBeLessThan(0.7);
    },
  );

  it.each(['', '   ', '!'])('knows nothing of %j', (transcript) => {
    expect(turnCompleteness(transcript)).toBe(0.5);
  });

  it('says the same with and without casing and a full stop', () => {
    expect(turnCompleteness('I Want To.')).toBe(turnCompleteness('i want to'));
  });

  it('answers as an engine', async () => {
    const detector = lexical.create({ dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels });
    await detector.warmUp(new AbortController().signal);
    expect(await detector.score({ transcript: 'I want to', silenceMs: 300 }, new AbortController().signal)).toBeLessThan(0.3);
    expect(detector.info).toMatchObject({ id: 'lexical', kind: 'turn' });
    await detector.close();
  });
});
