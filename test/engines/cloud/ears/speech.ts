// Speech that the fake services understand.
import { type Clock, systemClock } from '../../../../src/lib/clock.ts';
import { QUIET_MS } from '../../../../src/engines/cloud/ears/wire.ts';
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

/** That a service says nothing is believed sooner: the fakes answer at once. */
export const hurriedClock: Clock = {
  ...systemClock,
  after: (delayMs, task) => systemClock.after(delayMs === QUIET_MS ? 150 : delayMs, task),
};
