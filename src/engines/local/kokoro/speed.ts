// How fast a synthesiser is on this machine.
import type { Clock } from '../../../lib/clock.ts';
import type { Tts } from '../../engine.ts';

const SAID = 'I have moved your appointment to Tuesday at half past three.';

/** Seconds by the clock that a second of its sound takes, as it is handed out. NaN when the signal fires before there is any. */
export async function measureSpeed(tts: Pick<Tts, 'speak'>, voice: string, clock: Clock, signal: AbortSignal): Promise<number> {
  async function* text() {
    yield SAID;
  }
  const startedMs = clock.now();
  let seconds = 0;
  for await (const { pcm } of tts.speak(text(), { model: '', voice, speed: 1 }, signal)) seconds += pcm.samples.length / pcm.rateHz;
  return (clock.now() - startedMs) / 1000 / seconds;
}
