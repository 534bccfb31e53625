// What is said to have been played, against what a simulated caller has really heard, over random answers, interruptions and networks.
import { expect, test } from 'vitest';
import type { StreamFrame } from '../../../src/transports/media-streams/dialect.ts';
import { Chance } from '../../session/chance.ts';
import { streamRig } from './rig.ts';
import { asteriskWire, plivoWire, telnyxWire, twilioWire, vonageWire } from './simulators/wires.ts';

const runs = Number(process.env['PLAYOUT_RUNS'] ?? 8);
const firstSeed = Number(process.env['PLAYOUT_SEED'] ?? 1);
/** A report every 100 ms, and a tick. */
const staleMs = 120;

test.each([
  ['Twilio', 'twilio', () => twilioWire()],
  ['Telnyx', 'telnyx', () => telnyxWire()],
  ['Plivo', 'plivo', plivoWire],
  ['Vonage', 'vonage', () => vonageWire(8000)],
  ['Asterisk', 'asterisk', () => asteriskWire()],
] as const)('%s: never more than was heard, and never long behind it', (_name, carrier, wire) => {
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const chance = new Chance(seed);
    const delayMs = Math.floor(chance.next() * 10) * 20;
    const rig = streamRig(carrier, wire(), { between: (frame) => (delayMs === 0 || !isEcho(frame) ? [frame] : (later(frame), [])) });
    const { clock, provider, call, told, sound, perMs } = rig;
    function later(frame: StreamFrame): void {
      clock.after(delayMs, () => rig.deliver(frame));
    }
    let givenMs = 0;
    let clears = 0;
    let clearedMs = 0;
    let heardAtClear = 0;
    let wrong = 0;
    for (let step = 0; step < 60; step++) {
      const what = chance.next();
      if (what < 0.4) {
        const ms = 20 * (1 + Math.floor(chance.next() * 60));
        call.play(sound(ms));
        givenMs += ms;
      } else if (what < 0.5) {
        call.clear();
        clears += 1;
        clearedMs = givenMs;
        heardAtClear = provider.heard().length;
        // What `clear` tells as its last word.
        wrong += told.played.at(-1)?.ms === givenMs ? 0 : 1;
      }
      clock.advance(20 * Math.floor(chance.next() * 30));
      const said = told.played.at(-1);
      if (!said) continue;
      const trueMs = clearedMs + (provider.heard().length - heardAtClear) / perMs;
      expect(said.clears, `seed ${seed}, step ${step}`).toBe(clears);
      expect(said.ms, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(trueMs + 1);
      expect(said.ms, `seed ${seed}, step ${step}`).toBeGreaterThanOrEqual(trueMs - staleMs - delayMs);
    }
    expect(wrong, `seed ${seed}`).toBe(0);
    const order = told.played.map(({ ms }) => ms);
    expect(order, `seed ${seed}`).toEqual(order.toSorted((one, other) => one - other));
    clock.advance(60_000);
    expect(told.played.at(-1) ?? { ms: 0, clears }, `seed ${seed}`).toEqual({ ms: givenMs, clears });
    expect(provider.errors, `seed ${seed}`).toEqual([]);
  }
});

function isEcho(frame: StreamFrame): boolean {
  return 'text' in frame && /"mark"|playedStream|websocket:notify|MEDIA_MARK/.test(frame.text);
}
