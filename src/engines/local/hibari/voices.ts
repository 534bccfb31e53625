// The voices by the names that clients of the services we follow ask for: each is the one of the nine characters that comes nearest, at a pace of
// its own where several share one. The sound is ours, so each is described as it is here.
import type { Voice } from '../../engine.ts';
import { type Character, type CharacterName, characters } from './characters.ts';

export interface HibariVoice extends Voice {
  readonly character: Character;
  /** How fast it speaks among those of its character. */
  readonly pace: number;
}

function voice(
  name: string,
  gender: 'male' | 'female',
  [base, pace]: readonly [CharacterName, number],
  description: string,
  tags: readonly string[],
): HibariVoice {
  return { id: name, name, description, language: 'en-US', gender, tags, character: characters[base], pace };
}

/** In the order they are offered; the first is the default. Two of one character differ by a fifteenth in pace at least. */
export const hibariVoices: readonly HibariVoice[] = [
  voice('Dennis', 'male', ['large', 1], 'A large, calm man of middle age; made for conversation.', ['calm', 'friendly']),
  voice('Olivia', 'female', ['heart', 1], 'A bright, friendly young woman; the most natural of all.', ['friendly', 'bright']),
  voice('Clive', 'male', ['large', 0.93], 'A cordial, unhurried man with a low voice.', ['cordial', 'low']),
  voice('Sarah', 'female', ['bright', 1.08], 'A quick and curious young woman with a high voice.', ['quick', 'curious']),
  voice('Liam', 'male', ['tenor', 1], 'A relaxed young man with a light voice.', ['relaxed', 'young']),
  voice('Alex', 'male', ['lively', 1], 'A lively man with much melody.', ['lively']),
  voice('Ashley', 'female', ['heart', 0.93], 'A warm, natural woman who takes her time.', ['warm', 'natural']),
  voice('Craig', 'male', ['large', 0.86], 'A refined man with a low voice, slow and clear.', ['refined', 'slow']),
  voice('Deborah', 'female', ['alto', 0.93], 'A gentle, unhurried woman with a low voice.', ['gentle', 'low']),
  voice('Edward', 'male', ['lively', 1.15], 'A fast, emphatic talker.', ['fast', 'emphatic']),
  voice('Elizabeth', 'female', ['alto', 1], 'A composed, professional woman with a low voice.', ['professional', 'composed']),
  voice('Hades', 'male', ['deep', 0.87], 'A slow, commanding voice from deep below.', ['deep', 'commanding']),
  voice('Julia', 'female', ['bright', 1], 'A playful young woman with a high voice.', ['playful', 'high']),
  voice('Mark', 'male', ['lively', 1.07], 'An energetic man who talks rapidly.', ['energetic', 'rapid']),
  voice('Pixie', 'female', ['bright', 0.93], 'A bright, girlish voice, the highest of all.', ['childlike', 'high']),
  voice('Priya', 'female', ['older', 1.07], 'An even, matter-of-fact woman with little melody.', ['even', 'factual']),
  voice('Ronald', 'male', ['deep', 1.07], 'A confident man with a deep voice.', ['confident', 'deep']),
  voice('Shaun', 'male', ['tenor', 0.93], 'A friendly man with a soft, light voice.', ['friendly', 'soft']),
  voice('Theodore', 'male', ['deep', 0.93], 'A wise old man who takes his time.', ['old', 'slow', 'deep']),
  voice('Timothy', 'male', ['tenor', 1.08], 'A cheerful young man with a light voice.', ['cheerful', 'young']),
  voice('Wendy', 'female', ['mezzo', 1], 'A precise woman with a full voice.', ['full', 'precise']),
  voice('Dominus', 'male', ['deep', 1], 'A very deep, stern man.', ['deep', 'stern']),
];
