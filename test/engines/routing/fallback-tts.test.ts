import { describe, expect, it } from 'vitest';
import { type Attempt, EngineError, type Speech, type Word } from '../../../src/engines/engine.ts';
import { Cooldown } from '../../../src/engines/routing/cooldown.ts';
import { fallbackTts } from '../../../src/engines/routing/fallback-tts.ts';
import { spokenClauses } from '../../../src/engines/routing/spoken-clauses.ts';
import { Channel } from '../../../src/lib/channel.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { settled } from '../../rig.ts';
import { NamedTts, told } from './rig.ts';

function start({ steers = false } = {}) {
  const clock = new ManualClock();
  const first = Object.assign(new NamedTts('e1'), steers ? { steers: true as const } : {});
  const second = new NamedTts('e2');
  const attempts: string[] = [];
  const own: Attempt[] = [];
  const tts = fallbackTts(
    [first, second].map((engine) => ({
      engine,
      model: `model-${engine.info.id}`,
      id: `${engine.info.id}/x`,
      voice: `voice-${engine.info.id}`,
    })),
    { clock, cooldown: new Cooldown(clock), patienceMs: 3000, onAttempt: (attempt) => void attempts.push(told(attempt)) },
  );
  const speak = () => {
    const text = new Channel<string>(100);
    const controller = new AbortController();
    const heard: Speech[] = [];
    const wish = { model: 'asked', voice: 'asked', speed: 1, onAttempt: (attempt: Attempt) => void own.push(attempt) };
    const done = (async () => {
      for await (const speech of tts.speak(text, wish, controller.signal)) heard.push(speech);
    })();
    done.catch(() => {});
    return { text, controller, heard, done };
  };
  return { clock, first, second, attempts, own, tts, speak };
}

const broken = new EngineError('e1', 'broken', 'It broke off.');
const second = (seconds: number) => new Int16Array(16_000 * seconds);
const word = (text: string, startMs: number, endMs: number): Word => ({ text, startMs, endMs });

describe('several voices', () => {
  it('the next goes on with the first clause that was not spoken, in its own voice, and its words come later', async () => {
    const { first, second: other, attempts, own, speak } = start();
    const { text, heard, done } = speak();
    for (const clause of ['One two. ', 'Three four. ', 'Five six.']) text.push(clause);
    await settled();
    first.last.speak(second(1), 16_000, [word('One', 0, 400), word('two.', 400, 900)]);
    first.last.speak(second(0.5), 16_000, [word('Three', 1000, 1800)]);
    await settled();
    first.last.fail(broken);
    await settled();
    text.close();
    await settled();
    expect(other.last.texts).toEqual(['Three four. ', 'Five six.']);
    expect(other.last.options).toMatchObject({ model: 'model-e2', voice: 'voice-e2', speed: 1 });
    other.last.speak(second(1), 16_000, [word('Three', 0, 300)]);
    other.last.finish();
    await done;
    expect(heard.at(-1)?.words).toEqual([word('Three', 1500, 1800)]);
    expect(attempts).toEqual(['e1/x broken', 'e2/x answered']);
    expect(own.map(told)).toEqual(['e1/x broken', 'e2/x answered']);
  });

  it('one that says nothing for three seconds after it has a clause is not waited for, however long the model takes for the clause', async () => {
    const { clock, first, second: other, speak } = start();
    const { text, done } = speak();
    await settled();
    clock.advance(60_000);
    await settled();
    expect(other.calls).toHaveLength(0);
    text.push('Hello.');
    text.close();
    await settled();
    clock.advance(2999);
    await settled();
    expect(other.calls).toHaveLength(0);
    clock.advance(1);
    await settled();
    expect(first.last.signal.aborted).toBe(true);
    expect(other.last.texts).toEqual(['Hello.']);
    other.last.finish();
    await done;
  });

  it('one that stops in the middle is not waited for once it has all of the text; while the model goes on, it is', async () => {
    const { clock, first, second: other, speak } = start();
    const { text, done } = speak();
    text.push('One two three. ');
    await settled();
    first.last.speak(second(2), 16_000);
    await settled();
    clock.advance(60_000);
    await settled();
    expect(other.calls).toHaveLength(0);
    text.push('Four.');
    text.close();
    await settled();
    clock.advance(3000);
    await settled();
    expect(other.last.texts).toEqual(['Four.']);
    other.last.finish();
    await done;
  });

  it('an interruption ends it without an error, and nobody else is asked', async () => {
    const { first, second: other, attempts, speak } = start();
    const { text, controller, done } = speak();
    text.push('Hello.');
    await settled();
    controller.abort();
    await done;
    expect([first.last.signal.aborted, other.calls.length, attempts]).toEqual([true, 0, []]);
  });

  it('the failure of the last is that of all', async () => {
    const { first, second: other, speak } = start();
    const { text, done } = speak();
    text.push('Hello.');
    text.close();
    await settled();
    first.last.fail(broken);
    await settled();
    other.last.fail(new EngineError('e2', 'unavailable', 'Nor this one.'));
    await expect(done).rejects.toThrow('Nor this one.');
  });

  it('the next answer begins with the second while the first is left alone', async () => {
    const { clock, first, second: other, speak } = start();
    const one = speak();
    one.text.push('Hello.');
    await settled();
    first.last.fail(broken);
    await settled();
    other.last.finish();
    await one.done;
    speak();
    await settled();
    expect([first.calls.length, other.calls.length]).toEqual([1, 2]);
    clock.advance(30_000);
    speak();
    await settled();
    expect(first.calls.length).toBe(2);
  });

  it('directions in brackets are for those who follow them; a link stays', async () => {
    const { first, second: other, tts, speak } = start({ steers: true });
    expect(tts.steers).toBe(true);
    const { text } = speak();
    text.push('[happy] See [there](http://x), [laugh] yes.');
    await settled();
    expect(first.last.texts).toEqual(['[happy] See [there](http://x), [laugh] yes.']);
    first.last.fail(broken);
    await settled();
    expect(other.last.texts).toEqual(['See [there](http://x), yes.']);
  });
});

describe('what was spoken', () => {
  const clauses = ['One two. ', 'Three four, ', 'five.'];

  it.each([
    [[], 0, 0],
    [[word('One', 0, 300)], 1000, 0],
    [[word('One', 0, 300), word('two.', 300, 900)], 1000, 1],
    [[word('One', 0, 300), word('two.', 300, 900)], 800, 0],
    [[word('One', 0, 300), word('two', 300, 900), word('Three', 1000, 1400), word('four', 1400, 1800)], 2000, 2],
    [[word('One', 0, 1), word('two', 1, 2), word('Three', 2, 3), word('four', 3, 4), word('five', 4, 5)], 5, 3],
  ])('by words that were told: %j after %i ms are %i clauses', (words, spokenMs, expected) => {
    expect(spokenClauses(clauses, { spokenMs, words, speed: 1 })).toBe(expected);
  });

  it('by time, where no words are told: rather a clause too few', () => {
    const at = (spokenMs: number, speed: number) => spokenClauses(clauses, { spokenMs, words: [], speed });
    expect([0, 900, 1100, 2400, 3100].map((spokenMs) => at(spokenMs, 1))).toEqual([0, 0, 1, 2, 3]);
    expect([at(2000, 0.5), at(2100, 0.5), at(1100, 1.5)]).toEqual([1, 1, 1]);
  });
});
