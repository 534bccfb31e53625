// An utterance: one recogniser hears all its stretches of speech, and another one what is said after a change.
import { describe, expect, test } from 'vitest';
import { EngineError, type SttOptions } from '../../src/engines/engine.ts';
import { Utterance } from '../../src/pipeline/utterance.ts';
import { settled } from '../rig.ts';
import { FakeStt } from './fake-engines.ts';

/** Every sample is its own position. */
const sound = (from: number, to: number) => Int16Array.from({ length: to - from }, (_, index) => from + index);

function begun() {
  const stt = new FakeStt();
  stt.script = undefined;
  const told: SttOptions = { model: 'm', vocabulary: [] };
  const chosen = { engine: stt, options: told, onHeard() {} };
  const guesses: string[] = [];
  const utterance = new Utterance(
    () => ({ ...chosen, options: { ...chosen.options } }),
    sound,
    (text) => guesses.push(text),
  );
  /** Speech from one position to the other, and a pause. */
  const speak = (from: number, to: number) => {
    utterance.begin(from);
    utterance.hear(to);
    utterance.settle();
  };
  return { stt, utterance, guesses, chosen, speak };
}

describe('an utterance', () => {
  test('gives its recogniser the sound heard while it listens, and no other, and asks for the words at each pause', () => {
    const { stt, utterance, speak } = begun();
    utterance.hear(2);
    speak(2, 4);
    utterance.hear(5);
    speak(5, 6);
    expect(stt.calls.map(({ samples, asked }) => [[...samples], asked])).toEqual([
      [
        [2, 3, 5],
        ['speculative', 'speculative'],
      ],
    ]);
  });

  test('gives no sound twice, though a lead-in reaches back into what was heard before the pause', () => {
    const { stt, speak } = begun();
    speak(0, 4);
    speak(2, 6);
    expect([...(stt.calls[0]?.samples ?? [])]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('tells guesses, and the words of a pause, and only when they change', async () => {
    const { stt, utterance, guesses } = begun();
    utterance.begin(0);
    utterance.hear(1);
    stt.calls[0]?.guess('One');
    stt.calls[0]?.guess('One');
    utterance.settle();
    stt.calls[0]?.say('One two.');
    await settled();
    utterance.begin(1);
    utterance.hear(2);
    stt.calls[0]?.guess('One two three');
    await settled();
    expect(guesses).toEqual(['One', 'One two.', 'One two three']);
  });

  test('does not take the late words of a pause for newer than a guess at what followed it', async () => {
    const { stt, utterance, guesses, speak } = begun();
    speak(0, 1);
    const early = stt.calls[0]?.words('speculative');
    utterance.begin(1);
    utterance.hear(2);
    stt.calls[0]?.guess('One two');
    stt.calls[0]?.say('One.');
    await early;
    await settled();
    expect(guesses).toEqual(['One two']);
  });

  test('asks for the words that somebody waits for at once, and has what the pause has brought', async () => {
    const { stt, utterance, speak } = begun();
    speak(0, 2);
    const words = utterance.words('final');
    stt.calls[0]?.say('All of it.');
    expect(await words).toMatchObject({ text: 'All of it.' });
    expect(utterance.listening).toBe(false);
    const other = begun();
    other.utterance.begin(0);
    other.utterance.hear(1);
    void other.utterance.words('final');
    expect(other.stt.calls[0]?.asked).toEqual(['final']);
  });

  test('knows how likely its words are when every recogniser does, and each word has its number', async () => {
    const known = async (...heard: { text: string; logprobs: (number | undefined)[] }[]) => {
      const { stt, utterance, chosen, speak } = begun();
      for (const [index, { text, logprobs }] of heard.entries()) {
        chosen.options = { model: `m${index}`, vocabulary: [] };
        speak(index, index + 1);
        const words = logprobs.map((logprob) => ({ text: 'x', startMs: 0, endMs: 0, ...(logprob === undefined ? {} : { logprob }) }));
        stt.calls.at(-1)?.say(text, words);
      }
      return (await utterance.words('final')).logprobs;
    };
    expect(await known({ text: 'One two.', logprobs: [-1, -2] }, { text: '', logprobs: [] }, { text: 'Three.', logprobs: [-3] })).toEqual([
      -1, -2, -3,
    ]);
    expect(await known({ text: 'One two.', logprobs: [-1, -2] }, { text: 'Three.', logprobs: [] })).toBeUndefined();
    expect(await known({ text: 'One two.', logprobs: [-1, undefined] })).toBeUndefined();
    expect(await known({ text: '21 May', logprobs: [-1, -2, -3] })).toBeUndefined();
  });

  test("has failed as 'broken' when a recogniser throws what no engine may throw", async () => {
    const { stt, utterance, speak } = begun();
    speak(0, 1);
    stt.calls[0]?.fail(new TypeError('a bug'));
    await expect(utterance.words('final')).rejects.toMatchObject({ name: 'EngineError', reason: 'broken', cause: new TypeError('a bug') });
  });

  test('fails when there is no recogniser to be had', async () => {
    const none = () => {
      throw new EngineError('none', 'unavailable', 'None is installed.');
    };
    const utterance = new Utterance(none, sound, () => {});
    utterance.begin(0);
    utterance.hear(1);
    utterance.settle();
    await expect(utterance.words('final')).rejects.toMatchObject({ reason: 'unavailable' });
  });

  test('closes its recognisers when it is cancelled', () => {
    const { stt, utterance, guesses, chosen, speak } = begun();
    speak(0, 1);
    chosen.options = { model: 'other', vocabulary: [] };
    utterance.begin(1);
    utterance.cancel();
    expect(stt.calls.map(({ closed }) => closed)).toEqual([true, true]);
    expect(guesses).toEqual([]);
  });
});

describe('a change of what the recogniser is told', () => {
  test('makes another one hear what is said next, with its whole lead-in, and the words are joined', async () => {
    const { stt, utterance, guesses, chosen, speak } = begun();
    speak(0, 4);
    stt.calls[0]?.say('I would like.');
    await settled();
    chosen.options = { model: 'm', language: 'de', vocabulary: [] };
    utterance.begin(2);
    utterance.hear(6);
    stt.calls[1]?.guess('To go');
    expect(guesses).toEqual(['I would like.', 'I would like to go']);
    const words = utterance.words('final');
    stt.calls[1]?.say('To go home.');
    const { text, recognised } = await words;
    expect(text).toBe('I would like to go home.');
    expect(recognised.map(({ stretches }) => stretches)).toEqual([[{ from: 0, to: 4 }], [{ from: 2, to: 6 }]]);
    expect(stt.calls.map(({ samples, options }) => [[...samples], options.language])).toEqual([
      [[0, 1, 2, 3], undefined],
      [[2, 3, 4, 5], 'de'],
    ]);
  });

  test('is none when it says the same as before', () => {
    const { stt, chosen, speak } = begun();
    speak(0, 1);
    chosen.options = { model: 'm', vocabulary: [] };
    speak(2, 3);
    expect(stt.calls).toHaveLength(1);
  });

  test('leaves the words in the order they were spoken, whichever come first', async () => {
    const { stt, utterance, chosen, speak } = begun();
    speak(0, 1);
    chosen.engine = new FakeStt();
    chosen.engine.script = (call) => call.say('Second.');
    speak(2, 3);
    const words = utterance.words('final');
    await settled();
    stt.calls[0]?.say('First.');
    expect((await words).text).toBe('First second.');
  });

  test('does not make up for what failed before it', async () => {
    const { stt, utterance, chosen, speak } = begun();
    speak(0, 1);
    chosen.options = { model: 'other', vocabulary: [] };
    speak(2, 3);
    stt.calls[0]?.fail(new EngineError('fake-stt', 'crashed', 'It died.'));
    stt.calls[1]?.say('Second.');
    await expect(utterance.words('final')).rejects.toMatchObject({ reason: 'crashed', message: 'It died.' });
  });
});

describe('speech that turns out to belong to nothing', () => {
  test('is forgotten with its recogniser', async () => {
    const { stt, utterance, speak } = begun();
    speak(0, 4);
    utterance.forgetBefore(4);
    expect(stt.calls[0]?.closed).toBe(true);
    expect(utterance.empty).toBe(true);
    await expect(utterance.words('final')).resolves.toMatchObject({ text: '' });
  });

  test('is not heard by the recogniser of what follows, which begins anew with its whole lead-in and hears on', async () => {
    const { stt, utterance, guesses, speak } = begun();
    speak(0, 4);
    stt.calls[0]?.say('Never mind.');
    await settled();
    utterance.begin(3);
    utterance.hear(6);
    utterance.forgetBefore(4);
    expect(utterance.text).toBe('');
    utterance.hear(8);
    stt.calls[0]?.guess('Never mind this');
    stt.calls[1]?.guess('This');
    expect(guesses).toEqual(['Never mind.', 'This']);
    expect(stt.calls.map(({ samples, closed }) => [[...samples], closed])).toEqual([
      [[0, 1, 2, 3, 4, 5], true],
      [[3, 4, 5, 6, 7], false],
    ]);
    const words = utterance.words('final');
    stt.calls[1]?.say('This one.');
    expect((await words).recognised).toMatchObject([{ stretches: [{ from: 3, to: 8 }] }]);
  });

  test('takes none of the speech with it that reaches beyond it, or that still goes on', () => {
    const { stt, utterance, speak } = begun();
    speak(0, 4);
    utterance.begin(6);
    utterance.forgetBefore(3);
    expect(stt.calls).toHaveLength(1);
    utterance.forgetBefore(100);
    expect(utterance.empty).toBe(false);
    expect(utterance.listening).toBe(true);
  });
});
