// The main thread's end of a call: what it knows of a caller by what the worker has told.
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import type { CallEvents } from '../../../src/transports/calls/call.ts';
import { PlacedCall } from '../../../src/transports/rtp/placed-call.ts';

const events: CallEvents = { onSound() {}, onOpen() {}, onMessage() {}, onPlayed() {}, onTaken() {}, onDigit() {}, onEnd() {} };

test('E29: a caller has not been heard from since its last packet, however late the worker’s word on it is read', () => {
  const clock = new ManualClock();
  clock.advance(1000);
  const begun = { kind: 'begun', call: 1, sdp: '', mostMessageBytes: 0 } as const;
  const call = new PlacedCall(begun, { events, onNews() {}, tell() {}, left() {}, clock });
  const hear = (heardAtMs: number | undefined) => call.hear({ kind: 'sound', call: 1, samples: new Int16Array(480), heardAtMs });
  expect(call.unheardMs).toBeUndefined();
  hear(980);
  expect(call.unheardMs).toBe(20);
  clock.advance(400);
  expect(call.unheardMs).toBe(420);
  hear(1300);
  expect(call.unheardMs).toBe(100);
  // One that does not send all the time may be there all the same.
  hear(undefined);
  expect(call.unheardMs).toBeUndefined();
});
