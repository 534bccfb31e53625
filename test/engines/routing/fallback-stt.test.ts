import { describe, expect, it } from 'vitest';
import { type Attempt, EngineError, type EngineFailure } from '../../../src/engines/engine.ts';
import { Cooldown } from '../../../src/engines/routing/cooldown.ts';
import { fallbackStt } from '../../../src/engines/routing/fallback-stt.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { settled } from '../../rig.ts';
import { NamedStt, told } from './rig.ts';

const wish = { model: 'asked', vocabulary: [] };

function start(count = 2) {
  const clock = new ManualClock();
  const engines = Array.from({ length: count }, (_, index) => new NamedStt(`e${index + 1}`));
  for (const engine of engines) engine.script = undefined;
  const attempts: string[] = [];
  const onAttempt = (attempt: Attempt) => void attempts.push(told(attempt));
  const stt = fallbackStt(
    engines.map((engine) => ({ engine, model: `model-${engine.info.id}`, id: `${engine.info.id}/x` })),
    { clock, cooldown: new Cooldown(clock), patienceMs: 3000, onAttempt },
  );
  const guesses: string[] = [];
  const open = () => stt.open(wish, ({ text }) => void guesses.push(text));
  const [first, second, third] = engines as [NamedStt, NamedStt, NamedStt];
  return { clock, stt, first, second, third, attempts, guesses, open };
}

const failure = (reason: EngineFailure) => new EngineError('e1', reason, 'It failed.');
const sound = (...samples: number[]) => Int16Array.from(samples);

describe('several recognisers', () => {
  it('the next hears an utterance from its first sound on where one fails at its end', async () => {
    const { first, second, attempts, open } = start();
    const recognition = open();
    recognition.hear(sound(1, 2));
    recognition.hear(sound(3));
    const words = recognition.words('final');
    first.calls[0]?.fail(failure('broken'));
    await settled();
    expect(first.calls[0]?.closed).toBe(true);
    expect([...(second.calls[0]?.samples ?? [])]).toEqual([1, 2, 3]);
    expect(second.calls[0]?.options.model).toBe('model-e2');
    second.calls[0]?.say('Heard by the second.');
    expect(await words).toEqual({ text: 'Heard by the second.', words: [] });
    expect(attempts).toEqual(['e1/x broken', 'e2/x answered']);
  });

  it('the same utterance goes on with the one that took over, which is told what comes after', async () => {
    const { first, second, open } = start();
    const recognition = open();
    recognition.hear(sound(1));
    const early = recognition.words('speculative');
    first.calls[0]?.fail(failure('crashed'));
    await settled();
    second.calls[0]?.say('One');
    expect((await early).text).toBe('One');
    recognition.hear(sound(2));
    expect([...(second.calls[0]?.samples ?? [])]).toEqual([1, 2]);
    const all = recognition.words('final');
    await settled();
    second.calls[0]?.say('One two');
    expect((await all).text).toBe('One two');
  });

  it('one that says nothing within its deadline is not waited for, and the last is', async () => {
    const { clock, first, second, attempts, open } = start();
    const recognition = open();
    recognition.hear(new Int16Array(16_000));
    const words = recognition.words('final');
    await settled();
    clock.advance(3049);
    await settled();
    expect(second.calls).toHaveLength(0);
    clock.advance(1);
    await settled();
    expect([first.calls[0]?.closed, second.calls.length]).toEqual([true, 1]);
    clock.advance(600_000);
    await settled();
    second.calls[0]?.say('At last.');
    expect((await words).text).toBe('At last.');
    expect(attempts).toEqual(['e1/x timeout', 'e2/x answered']);
  });

  it('the next utterance begins with the second while the first is left alone, and with the first again once it works', async () => {
    const { clock, first, second, open } = start();
    const speak = async (by: NamedStt, fails = false) => {
      const recognition = open();
      recognition.hear(sound(1));
      const words = recognition.words('final');
      if (fails) by.calls.at(-1)?.fail(failure('broken'));
      else by.calls.at(-1)?.say('Words.');
      await settled();
      if (fails) second.calls.at(-1)?.say('Words.');
      await words;
      recognition.close();
    };
    await speak(first, true);
    await speak(second);
    expect([first.calls.length, second.calls.length]).toEqual([1, 2]);
    clock.advance(30_000);
    await speak(first);
    await speak(first);
    expect([first.calls.length, second.calls.length]).toEqual([3, 2]);
  });

  it('a guess that was not worth its work is no failure', async () => {
    const { first, second, attempts, open } = start();
    const recognition = open();
    recognition.hear(sound(1));
    const guess = recognition.words('speculative');
    first.calls[0]?.fail(failure('rate_limited'));
    await expect(guess).rejects.toThrow('It failed.');
    expect([second.calls.length, attempts]).toEqual([0, []]);
  });

  it('the failure of the last is that of all, and each is tried once', async () => {
    const { first, second, third, attempts, open } = start(3);
    const recognition = open();
    recognition.hear(sound(1));
    const words = recognition.words('final');
    for (const engine of [first, second, third]) {
      engine.calls[0]?.fail(new EngineError(engine.info.id, 'unauthorized', `${engine.info.id} says no.`));
      await settled();
    }
    await expect(words).rejects.toThrow('e3 says no.');
    expect(attempts).toEqual(['e1/x unauthorized', 'e2/x unauthorized', 'e3/x unauthorized']);
  });

  it('guesses come from whoever hears, and an utterance that was closed asks nobody', async () => {
    const { first, second, guesses, open } = start();
    const recognition = open();
    recognition.hear(sound(1));
    first.calls[0]?.guess('one');
    const words = recognition.words('final');
    words.catch(() => {});
    first.calls[0]?.fail(failure('broken'));
    await settled();
    first.calls[0]?.guess('of a dead one');
    second.calls[0]?.guess('one');
    second.calls[0]?.guess('one two');
    expect(guesses).toEqual(['one', 'one two']);
    recognition.close();
    await expect(words).rejects.toMatchObject({ reason: 'unavailable' });
    const other = open();
    const never = other.words('final');
    other.close();
    await expect(never).rejects.toMatchObject({ reason: 'unavailable' });
    expect(second.calls).toHaveLength(2);
  });

  it('an utterance of more than two minutes is not said again', async () => {
    const { first, second, open } = start();
    const recognition = open();
    for (let minute = 0; minute < 3; minute++) recognition.hear(new Int16Array(60 * 16_000));
    const words = recognition.words('final');
    first.calls[0]?.fail(failure('broken'));
    await expect(words).rejects.toThrow('It failed.');
    expect(second.calls).toHaveLength(0);
  });
});
