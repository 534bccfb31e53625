// One who listens over a WebSocket: told what he hears, kept up with what is said now, and never waited for.
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { CallListener } from '../../../src/transports/calls/call-listener.ts';
import { CallSound } from '../../../src/transports/calls/call-sound.ts';

type Sent = { readonly text: string } | { readonly bytes: Uint8Array };

/** @param roundTripMs after which pings are answered; none while that is undefined. */
function rig() {
  const clock = new ManualClock();
  const sound = new CallSound({ type: 'audio/pcm', rate: 8000 }, clock);
  const sent: Sent[] = [];
  const pings: string[] = [];
  const ended: string[] = [];
  const state = { roundTripMs: 60 as number | undefined };
  const socket = {
    silentMs: 0,
    send: (frame: Sent) => void sent.push(frame),
    ping(mark: string) {
      pings.push(mark);
      if (state.roundTripMs !== undefined) clock.after(state.roundTripMs, () => listener.read(mark));
    },
  };
  const listener: CallListener = new CallListener({ socket, clock, callId: 'rtc_1', sound, onEnd: (why) => void ended.push(why) });
  const texts = () => sent.flatMap((frame) => ('text' in frame ? [JSON.parse(frame.text) as object] : []));
  const soundMs = () => sent.reduce((sum, frame) => sum + ('bytes' in frame ? frame.bytes.length / 32 : 0), 0);
  return { clock, sound, socket, state, sent, pings, ended, listener, texts, soundMs };
}

test('he is told first what sound it is, and then gets it as it is said', () => {
  const { clock, texts, soundMs, sent } = rig();
  clock.advance(2000);
  expect(texts()).toEqual([{ type: 'call.listening', call_id: 'rtc_1', format: { type: 'audio/pcm', rate: 8000, channels: 2 } }]);
  expect('text' in (sent[0] ?? {})).toBe(true);
  expect(soundMs()).toBe(1800);
});

test('one who reads slowly loses sound, is told how much, and hears what is said now', () => {
  const { clock, state, texts, soundMs, listener, pings } = rig();
  clock.advance(1000);
  const before = soundMs();
  state.roundTripMs = undefined;
  clock.advance(10_000);
  // What was not read by then, and half a second of what followed.
  expect(soundMs() - before).toBeLessThanOrEqual(640);
  state.roundTripMs = 60;
  listener.read(pings.at(-1) ?? '');
  clock.advance(1000);
  const [, skipped] = texts() as { type: string; ms: number }[];
  expect(skipped).toMatchObject({ type: 'call.sound_skipped', call_id: 'rtc_1' });
  expect(soundMs() + (skipped?.ms ?? 0)).toBe(12_000 - 200);
  expect(texts()).toHaveLength(2);
});

test('a way there and back of 400 ms loses nothing', () => {
  const { clock, state, texts } = rig();
  state.roundTripMs = 400;
  clock.advance(10_000);
  expect(texts()).toHaveLength(1);
});

test('answers to pings that are none of his change nothing', () => {
  const { clock, state, listener, soundMs } = rig();
  state.roundTripMs = undefined;
  clock.advance(3000);
  const before = soundMs();
  for (const mark of ['', '7', 'listen-99', '__proto__']) listener.read(mark);
  clock.advance(1000);
  expect(soundMs()).toBe(before);
});

test('one of whom nothing is heard is let go, and so is everybody when the call is over', () => {
  const silent = rig();
  silent.socket.silentMs = 31_000;
  silent.clock.advance(1000);
  expect(silent.ended).toEqual(['silent']);
  expect(silent.sound.hasRoom).toBe(true);
  const other = rig();
  other.clock.advance(1000);
  other.sound.end();
  expect(other.ended).toEqual(['over']);
});
