// Names that clients know from OpenAI and Inworld, among the voices of any other service.
import { describe, expect, test } from 'vitest';
import {
  cartesiaVoices,
  deepgramVoices,
  elevenLabsVoices,
  groqVoices,
  inworldVoices,
  openAiVoices,
} from '../../../src/engines/cloud/voices/documented-voices.ts';
import type { Voice } from '../../../src/engines/engine.ts';
import { kokoroVoices } from '../../../src/engines/local/kokoro/voices.ts';
import { characterOf } from '../../../src/engines/text/voice-characters.ts';
import { matchVoice, nearestVoice } from '../../../src/engines/text/voice-match.ts';
import { voiceAliases } from '../../../src/engines/text/voice-names.ts';
import { genderIn, genderOf, languageOfAccent, languageTag, traitsOf } from '../../../src/engines/text/voice-traits.ts';

const lists = {
  Cartesia: cartesiaVoices,
  Deepgram: deepgramVoices,
  ElevenLabs: elevenLabsVoices,
  Groq: groqVoices,
  Inworld: inworldVoices,
  Kokoro: kokoroVoices,
  OpenAI: openAiVoices,
};
const voice = (id: string, more: Partial<Voice> = {}): Voice => ({
  id,
  name: id,
  description: '',
  language: 'en-US',
  gender: 'neutral',
  tags: [],
  ...more,
});

describe.each(Object.entries(lists))('among the voices of %s', (_, voices) => {
  test('every name of OpenAI and of Inworld has one of its own gender, and always the same', () => {
    for (const { name, gender } of [...openAiVoices, ...inworldVoices]) {
      const match = matchVoice(name, voices);
      expect([name, match?.gender]).toEqual([name, gender]);
      expect(matchVoice(name.toUpperCase(), voices)).toBe(match);
    }
  });

  test('a name that nobody knows has none', () => {
    expect(matchVoice('nobody in particular', voices)).toBeUndefined();
  });

  test('each of them has an id of its own, a gender, a language, and something that is said of it', () => {
    expect(new Set(voices.map(({ id }) => id.toLowerCase())).size).toBe(voices.length);
    for (const { language, gender, description, name } of voices) {
      expect(language).toMatch(/^[a-z]{2}(?:-(?:[A-Z]{2}|\d{3}))?$/);
      expect(['male', 'female', 'neutral']).toContain(gender);
      expect(description).not.toBe('');
      expect(name).not.toBe('');
    }
  });
});

describe('a voice is meant', () => {
  const list = [
    voice('x1', { name: 'Dennis', gender: 'female' }),
    voice('x2', { name: 'Helene', gender: 'female', language: 'fr-FR' }),
    voice('x3', { name: 'Bob', gender: 'male' }),
    voice('bob', { name: 'Robert', gender: 'male' }),
  ];

  test('by its id before its name, whatever the case', () => {
    expect(matchVoice('BOB', list)?.id).toBe('bob');
    expect(matchVoice('robert', list)?.id).toBe('bob');
  });

  test('by its name with or without accents', () => {
    expect(matchVoice('Hélène', list)?.id).toBe('x2');
  });

  test('not by a name that another service has given to somebody else', () => {
    expect(matchVoice('Dennis', list)?.gender).toBe('male');
  });

  test('never out of no voices', () => {
    expect(matchVoice('marin', [])).toBeUndefined();
  });
});

describe('of voices that might stand in', () => {
  const dennis = characterOf('Dennis');

  test("a man is nobody's first choice for a woman, whatever else he has", () => {
    const list = [
      voice('he', { gender: 'male', tags: ['warm', 'natural', 'middle-aged'] }),
      voice('she', { gender: 'female', language: 'fr-FR' }),
    ];
    expect(matchVoice('Ashley', list)?.id).toBe('she');
  });

  test('one of the same accent, age and manner is taken before others', () => {
    const list = [
      voice('british', { gender: 'male', language: 'en-GB', tags: ['middle-aged', 'calm'] }),
      voice('young', { gender: 'male', tags: ['young', 'calm'] }),
      voice('cross', { gender: 'male', tags: ['middle-aged'] }),
      voice('like', { gender: 'male', tags: ['middle-aged', 'calm', 'friendly'] }),
    ];
    expect(matchVoice('Dennis', list)?.id).toBe('like');
    expect(matchVoice('Dennis', list.slice(0, 3))?.id).toBe('cross');
    expect(matchVoice('Dennis', list.slice(0, 2))?.id).toBe('young');
  });

  test('the first of equals is taken', () => {
    const twins = [voice('a', { gender: 'male' }), voice('b', { gender: 'male' })];
    expect(matchVoice('Dennis', twins)?.id).toBe('a');
    expect(dennis && nearestVoice(dennis, twins)?.id).toBe('a');
  });

  test('the language of the talk outweighs everything else, where somebody speaks it', () => {
    const list = [voice('like', { gender: 'male', tags: ['calm'] }), voice('german', { gender: 'female', language: 'de-DE' })];
    expect(matchVoice('Dennis', list, 'de')?.id).toBe('german');
    expect(matchVoice('Dennis', list, 'ja-JP')?.id).toBe('like');
  });
});

test('the names that the voices of the house answer to are of the same gender here', () => {
  for (const [name, alias] of voiceAliases) expect([name, characterOf(name)?.gender]).toEqual([name, characterOf(alias)?.gender]);
});

describe('what services say of voices is read', () => {
  test('as a few traits, each once', () => {
    expect(traitsOf('A warm, caring and time-worn baritone', 'customer_service')).toEqual(['warm', 'old', 'deep', 'support']);
    expect(traitsOf('', 'nothing of that kind')).toEqual([]);
  });

  test.each([
    ['en_us', 'en-US'],
    ['EN_US', 'en-US'],
    ['de', 'de'],
    ['es-419', 'es-419'],
  ])('the language %s', (code, tag) => {
    expect(languageTag(code)).toBe(tag);
  });

  test('an accent as the language that it is one of', () => {
    expect(languageOfAccent('British')).toBe('en-GB');
    expect(languageOfAccent('constructor')).toBeUndefined();
  });

  test('genders in their many words', () => {
    expect(['F', 'feminine', 'male', 'Masculine', '', undefined, 'gender_neutral'].map(genderOf)).toEqual([
      'female',
      'female',
      'male',
      'male',
      'neutral',
      'neutral',
      'neutral',
    ]);
    expect(genderIn('Posh, middle-aged British female voice')).toBe('female');
    expect(genderIn('A gentleman of the old school')).toBe('male');
    expect(genderIn('Human-like')).toBe('neutral');
  });
});
