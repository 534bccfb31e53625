// How the messages of a service become a transcript, and the times of a connection those of an utterance.
import { describe, expect, test } from 'vitest';
import { Said } from '../../../../src/engines/cloud/ears/said.ts';
import { Timeline } from '../../../../src/engines/cloud/ears/timeline.ts';
import { keyTerms } from '../../../../src/engines/cloud/ears/wire.ts';

describe('what was said', () => {
  test('is what stays, and the guess is behind it', () => {
    const said = new Said('fake');
    said.guess({ text: ' I would' });
    expect(said.partial.text).toBe('I would');
    expect(said.transcript.text).toBe('');
    said.add({ text: ' I would like' });
    said.guess({ text: ' a tab' });
    expect(said.partial.text).toBe('I would like a tab');
    said.add({ text: ' a table.' });
    expect(said.transcript.text).toBe('I would like a table.');
    expect(said.guesses).toBe(false);
  });

  test('is one sentence when it was only asked for in between', () => {
    const said = new Said('fake');
    said.add({ text: ' I would like.' });
    said.endStretch();
    said.add({ text: ' A table.' });
    expect(said.transcript.text).toBe('I would like a table.');
  });

  test('has its words in order, each of some length', () => {
    const said = new Said('fake');
    const word = (startMs: number, endMs: number) => ({ text: 'x', startMs, endMs });
    said.add({ text: ' x x x', words: [word(0, 100), word(90, 90), word(80, 300)] });
    expect(said.transcript.words).toEqual([word(0, 100), word(90, 91), word(90, 300)]);
  });

  test('is in languages without their regions, none of them twice', () => {
    const said = new Said('fake');
    said.add({ text: ' hi', languages: ['en-US'] });
    said.add({ text: ' hola', languages: ['es', 'en'] });
    expect(said.transcript.languages).toEqual(['en', 'es']);
  });

  test('is no speech when it is longer than any', () => {
    const said = new Said('fake');
    expect(() => {
      for (let count = 0; count < 100; count++) said.add({ text: 'x'.repeat(10_000) });
    }).toThrow(expect.objectContaining({ reason: 'broken' }));
    expect(() => new Said('fake').guess({ text: 'x'.repeat(300_000) })).toThrow(expect.objectContaining({ reason: 'broken' }));
  });
});

describe('the times of an utterance', () => {
  test('begin with its sound, and leave out what the connection heard besides', () => {
    const bytesPerMs = 32;
    // Another utterance of two seconds came before.
    let sent = 2000 * bytesPerMs;
    const timeline = new Timeline(() => sent);
    const hear = (ms: number) => {
      timeline.heard(ms * bytesPerMs);
      sent += ms * bytesPerMs;
    };
    hear(1000);
    expect(timeline.at(2400)).toBe(400);
    // Silence kept the connection for half a second.
    sent += 500 * bytesPerMs;
    hear(1000);
    expect(timeline.at(2900)).toBe(900);
    expect(timeline.at(3200)).toBe(1000);
    expect(timeline.at(3700)).toBe(1200);
    expect(timeline.at(100)).toBe(0);
    expect(timeline.at(9000)).toBe(2000);
    expect(timeline.sentMs).toBe(4500);
  });
});

test('key terms are none twice, none empty, and no more than a service takes', () => {
  expect(keyTerms(['a', ' a ', '', 'bb', 'ccc'], 2)).toEqual(['a', 'bb']);
  expect(keyTerms(['aaaa', 'bb', 'cccc'], 9, 6)).toEqual(['aaaa', 'bb']);
});
