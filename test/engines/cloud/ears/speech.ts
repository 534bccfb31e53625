// Speech that the fake services understand.
import { Utterance } from '../../../pipeline/tones.ts';
import type { SpeechSample } from '../../../contract/stt.ts';

const spoken = new Utterance([
  { atMs: 300, words: 8 },
  { atMs: 1500, words: 6 },
]);
const said = spoken.text.split(' ');

export const speech: readonly [SpeechSample, SpeechSample] = [
  { samples: spoken.sound(0, 1300, 16_000), words: said.slice(0, 8) },
  { samples: spoken.sound(1300, 2300, 16_000), words: said.slice(8) },
];
export const [first, second] = speech;
