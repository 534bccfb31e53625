// An utterance: stretches of speech that are recognised one by one, and the words of all of them.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { joinStretches, Utterance } from '../../src/pipeline/utterance.ts';
import { settled } from '../rig.ts';
import { FakeStt } from './fake-engines.ts';

function begun() {
  const stt = new FakeStt();
  stt.script = undefined;
  const guesses: string[] = [];
  const utterance = new Utterance(
    () => ({ engine: stt, options: { model: 'm', vocabulary: [] } }),
    (text) => guesses.push(text),
  );
  return { stt, utterance, guesses };
}

describe('stretches are joined', () => {
  test.each([
    [[], ''],
    [['', '  '], ''],
    [['Hello.'], 'Hello.'],
    [['I would like.', 'To book a table.'], 'I would like to book a table.'],
    [['I would like,', 'To book.'], 'I would like to book.'],
    [['', 'Only this.', ''], 'Only this.'],
    [['Are you there?', 'Yes.'], 'Are you there? Yes.'],
    [['Stop!', 'Please.'], 'Stop! Please.'],
    [['Well.', 'I think so.', "I'm sure."], "Well I think so I'm sure."],
    [['Call the.', 'FBI now.'], 'Call the FBI now.'],
    [['Is it.', 'In the box.'], 'Is it in the box.'],
  ])('%j as %j', (texts, whole) => {
    expect(joinStretches(texts)).toBe(whole);
  });
});

describe('an utterance', () => {
  test('gives each stretch the sound fed while it is open, and no other', async () => {
    const { stt, utterance } = begun();
    utterance.feed(Int16Array.of(1));
    utterance.begin(0);
    utterance.feed(Int16Array.of(2, 3));
    utterance.settle();
    utterance.feed(Int16Array.of(4));
    utterance.begin(0);
    utterance.feed(Int16Array.of(5));
    utterance.settle();
    await settled();
    expect(stt.calls.map(({ samples, complete }) => [[...samples], complete])).toEqual([
      [[2, 3], true],
      [[5], true],
    ]);
  });

  test('tells guesses of all its stretches together, and only when they change', async () => {
    const { stt, utterance, guesses } = begun();
    utterance.begin(0);
    stt.calls[0]?.guess('One');
    stt.calls[0]?.guess('One');
    stt.calls[0]?.say('One two.');
    await settled();
    utterance.settle();
    utterance.begin(0);
    stt.calls[1]?.guess('Three');
    await settled();
    expect(guesses).toEqual(['One', 'One two.', 'One two three']);
  });

  test('has its words when the last stretch has them, in the order they were spoken', async () => {
    const { stt, utterance } = begun();
    utterance.begin(0);
    utterance.settle();
    utterance.begin(0);
    const words = utterance.words();
    stt.calls[1]?.say('Second.');
    stt.calls[0]?.say('First.');
    expect(await words).toBe('First second.');
  });

  test('knows how likely its words are when every stretch does, and each word has its number', async () => {
    const known = async (...heard: { text: string; logprobs: (number | undefined)[] }[]) => {
      const { stt, utterance } = begun();
      for (const { text, logprobs } of heard) {
        utterance.begin(0);
        const words = logprobs.map((logprob) => ({ text: 'x', startMs: 0, endMs: 0, ...(logprob === undefined ? {} : { logprob }) }));
        stt.calls.at(-1)?.say(text, words);
      }
      await utterance.words();
      return utterance.logprobs;
    };
    expect(await known({ text: 'One two.', logprobs: [-1, -2] }, { text: '', logprobs: [] }, { text: 'Three.', logprobs: [-3] })).toEqual([
      -1, -2, -3,
    ]);
    expect(await known({ text: 'One two.', logprobs: [-1, -2] }, { text: 'Three.', logprobs: [] })).toBeUndefined();
    expect(await known({ text: 'One two.', logprobs: [-1, undefined] })).toBeUndefined();
    expect(await known({ text: '21 May', logprobs: [-1, -2, -3] })).toBeUndefined();
  });

  test('has no words when one stretch failed, and says why', async () => {
    const { stt, utterance } = begun();
    utterance.begin(0);
    utterance.settle();
    utterance.begin(0);
    stt.calls[0]?.fail(new EngineError('fake-stt', 'crashed', 'It died.'));
    stt.calls[1]?.say('Second.');
    await expect(utterance.words()).rejects.toMatchObject({ reason: 'crashed', message: 'It died.' });
  });

  test("has failed as 'broken' when a recogniser throws what no engine may throw", async () => {
    const { stt, utterance } = begun();
    utterance.begin(0);
    stt.calls[0]?.fail(new TypeError('a bug'));
    await expect(utterance.words()).rejects.toMatchObject({ name: 'EngineError', reason: 'broken', cause: new TypeError('a bug') });
  });

  test('fails, instead of growing, when the recogniser does not take its sound', async () => {
    const utterance = new Utterance(
      () => {
        const stt = new FakeStt();
        // Never asks for the sound before it is woken.
        stt.transcribe = async function* (audio) {
          await settled();
          for await (const chunk of audio) if (chunk.length === 0) yield { text: '', words: [], final: true };
        };
        return { engine: stt, options: { model: 'm', vocabulary: [] } };
      },
      () => {},
    );
    utterance.begin(0);
    for (let chunk = 0; chunk < 6001; chunk++) utterance.feed(Int16Array.of(1));
    await expect(utterance.words()).rejects.toMatchObject({ reason: 'timeout' });
  });

  test('fails when there is no recogniser to be had', async () => {
    const utterance = new Utterance(
      () => {
        throw new EngineError('none', 'unavailable', 'None is installed.');
      },
      () => {},
    );
    utterance.begin(0);
    await expect(utterance.words()).rejects.toMatchObject({ reason: 'unavailable' });
  });

  test('calls its recognisers off when it is cancelled', async () => {
    const { stt, utterance } = begun();
    utterance.begin(0);
    utterance.settle();
    utterance.begin(0);
    utterance.cancel();
    await settled();
    expect(stt.calls.map(({ signal, complete }) => [signal.aborted, complete])).toEqual([
      [true, true],
      [true, true],
    ]);
  });
});
