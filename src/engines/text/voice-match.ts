// The voice of one service that comes nearest to one of another: for the names that clients send, and for a voice that another has to stand in for.
import type { Voice } from '../engine.ts';
import { characterOf, plainName, type VoiceCharacter } from './voice-characters.ts';
import { ages } from './voice-traits.ts';

/**
 * The voice that a client means by a name: the one of that id or name, or else, for a name of OpenAI's or Inworld's, the one that is most like it.
 * Undefined when nobody knows the name. The same for the same list.
 * @param language BCP 47: what is going to be spoken, where it is known; it outweighs the language of the voice that is meant.
 */
export function matchVoice(name: string, voices: readonly Voice[], language?: string): Voice | undefined {
  const wanted = plainName(name);
  const exact = voices.find(({ id }) => plainName(id) === wanted);
  if (exact) return exact;
  const character = characterOf(name);
  // Another service may have given the name to somebody else.
  const namesake = voices.find((voice) => plainName(voice.name) === wanted && !(character && isOtherGender(voice, character)));
  return namesake ?? (character && nearestVoice(character, voices, language));
}

/** The one that is most like another in gender, then in language, then in accent, age and manner; of equals the first. Undefined of none. */
export function nearestVoice(like: VoiceCharacter, voices: readonly Voice[], language?: string): Voice | undefined {
  let best: { readonly voice: Voice; readonly score: number } | undefined;
  for (const voice of voices) {
    const score = likeness(like, voice, language);
    if (!best || score > best.score) best = { voice, score };
  }
  return best?.voice;
}

function likeness(like: VoiceCharacter, voice: Voice, language: string | undefined): number {
  let score = 0;
  // A language that the voice cannot speak is worse than anything else.
  if (language !== undefined && speaks(voice, language)) score += 4000;
  if (isOtherGender(voice, like)) score -= 2000;
  else if (voice.gender === like.gender) score += 1000;
  if (speaks(voice, like.language)) score += 400;
  if (voice.language === like.language) score += 40;
  const age = ageOf(like);
  if (age !== undefined && age === ageOf(voice)) score += 20;
  for (const tag of voice.tags) if (like.tags.includes(tag)) score += 5;
  return score;
}

function isOtherGender(voice: VoiceCharacter, like: VoiceCharacter): boolean {
  return voice.gender !== like.gender && voice.gender !== 'neutral' && like.gender !== 'neutral';
}

function speaks(voice: VoiceCharacter, language: string): boolean {
  return base(voice.language) === base(language);
}

function base(language: string): string {
  return (language.split('-')[0] ?? '').toLowerCase();
}

function ageOf({ tags }: VoiceCharacter): string | undefined {
  return ages.find((age) => tags.includes(age));
}
