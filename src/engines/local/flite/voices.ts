// The voices of the embedded synthesiser: what flite's own speakers become with another pitch, melody, pace and size of the speaker.
// The names are those that clients of the services we follow ask for; the sound is ours, so each is described as it is here.
import type { Voice } from '../../engine.ts';
import { voiceAliases } from '../../text/voice-names.ts';
import type { Manner } from './flite-job.ts';

export interface FliteVoice extends Voice {
  readonly manner: Manner;
}

type Base = Manner['base'];

/** Brings the base voices to the same loudness, about -21 dB below full scale. */
const gains: Readonly<Record<Base, number>> = { slt: 0.55, rms: 1.05, awb: 0.85, kal16: 1.9 };
/** awb is a Scot, the others are American. */
const languages: Readonly<Record<Base, string>> = { slt: 'en-US', rms: 'en-US', awb: 'en-GB', kal16: 'en-US' };

function voice(
  name: string,
  gender: 'male' | 'female',
  description: string,
  tags: readonly string[],
  [base, pitchHz, spreadHz, stretch, size]: readonly [Base, number, number, number, number],
): FliteVoice {
  const manner = { base, pitchHz, spreadHz, stretch, size, gain: gains[base] };
  return { id: name, name, description, language: languages[base], gender, tags, manner };
}

/** In the order they are offered; the first is the default. */
export const fliteVoices: readonly FliteVoice[] = [
  voice('Dennis', 'male', 'A calm, clear man of middle age; made for conversation.', ['calm', 'friendly'], ['rms', 100, 15, 0.86, 1]),
  voice('Olivia', 'female', 'A bright, friendly young woman.', ['friendly', 'bright'], ['slt', 187, 30, 1, 1]),
  voice('Clive', 'male', 'A cordial man with a Scottish accent.', ['cordial', 'scottish'], ['awb', 108, 18, 1.06, 1]),
  voice('Sarah', 'female', 'A quick and curious young woman.', ['quick', 'curious'], ['slt', 208, 38, 0.88, 1.025]),
  voice('Liam', 'male', 'A relaxed young man with a light voice.', ['relaxed', 'young'], ['rms', 107.5, 15, 0.8, 1.075]),
  voice('Alex', 'male', 'A lively man with a Scottish accent.', ['lively', 'scottish'], ['awb', 138, 30, 0.9, 1.05]),
  voice('Ashley', 'female', 'A warm, natural woman.', ['warm', 'natural'], ['slt', 173, 26, 1.02, 1]),
  voice('Craig', 'male', 'An older, refined man with a Scottish accent.', ['refined', 'older', 'scottish'], ['awb', 96, 14, 1.18, 0.95]),
  voice('Deborah', 'female', 'A gentle, unhurried woman with a low voice.', ['gentle', 'low'], ['slt', 158, 20, 1.12, 0.975]),
  voice('Edward', 'male', 'A fast, emphatic talker.', ['fast', 'emphatic'], ['rms', 105, 15, 0.72, 1.05]),
  voice('Elizabeth', 'female', 'A composed, professional woman.', ['professional', 'composed'], ['slt', 180, 22, 1.1, 0.975]),
  voice('Hades', 'male', 'A slow, commanding voice from deep below.', ['deep', 'commanding'], ['awb', 76, 10, 1.16, 0.85]),
  voice('Julia', 'female', 'A playful woman with a high voice.', ['playful', 'high'], ['slt', 238, 46, 0.95, 1.075]),
  voice('Mark', 'male', 'A rapid, energetic man with a Scottish accent.', ['energetic', 'rapid', 'scottish'], ['awb', 124, 26, 0.8, 1.025]),
  voice('Pixie', 'female', 'A very high, childlike voice.', ['childlike', 'high'], ['slt', 290, 56, 0.9, 1.175]),
  voice('Priya', 'female', 'An even, matter-of-fact woman.', ['even', 'factual'], ['slt', 200, 12, 1.09, 1]),
  voice('Ronald', 'male', 'A confident man with a deep voice.', ['confident', 'deep'], ['rms', 92.5, 15, 0.95, 0.925]),
  voice('Shaun', 'male', 'A friendly man with a soft, clear voice.', ['friendly', 'soft'], ['slt', 124, 22, 0.94, 0.875]),
  voice('Theodore', 'male', 'A wise old man who takes his time.', ['old', 'slow', 'deep'], ['rms', 87.5, 15, 1.06, 0.875]),
  voice('Timothy', 'male', 'A cheerful young man.', ['cheerful', 'young'], ['slt', 142, 30, 0.96, 0.9]),
  voice('Wendy', 'female', 'A posh, precise woman.', ['posh', 'precise'], ['slt', 218, 40, 1.14, 1]),
  voice('Dominus', 'male', 'A robot: flat, deep and menacing.', ['robotic', 'deep'], ['kal16', 74, 3, 1.1, 0.9]),
];

const byName = new Map<string, FliteVoice>();
for (const voice of fliteVoices) byName.set(voice.id.toLowerCase(), voice);
for (const [alias, id] of voiceAliases) {
  const voice = byName.get(id.toLowerCase());
  if (voice) byName.set(alias, voice);
}

/** The voice of that name or alias, without regard to case. */
export function findVoice(name: string): FliteVoice | undefined {
  return byName.get(name.toLowerCase());
}
