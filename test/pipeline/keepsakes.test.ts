// The sound of items is kept for conversation.item.retrieve, and never more than 16 MiB of it.
import { describe, expect, test } from 'vitest';
import { toBytes } from '../../src/media/pcm.ts';
import { Keepsakes } from '../../src/pipeline/keepsakes.ts';
import type { AudioFormat } from '../../src/protocol/audio-format.ts';
import { noise } from '../rig.ts';

const pcm24: AudioFormat = { type: 'audio/pcm', rate: 24_000 };
const pcm16: AudioFormat = { type: 'audio/pcm', rate: 16_000 };
const mib = 1024 * 1024;

function read(keepsakes: Keepsakes, item: string, format: AudioFormat = pcm16): Buffer | undefined {
  const base64 = keepsakes.read(item, format);
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}

describe('the sound of an item', () => {
  test('C28: of a user is given in the format that is asked for', () => {
    const keepsakes = new Keepsakes();
    const samples = noise(100);
    keepsakes.keep('a', samples);
    expect(read(keepsakes, 'a')).toEqual(Buffer.from(toBytes(samples)));
    expect(read(keepsakes, 'a', pcm24)).toHaveLength(4800);
    expect(read(keepsakes, 'a', { type: 'audio/pcmu' })).toHaveLength(800);
  });

  test('C28: of an answer is given as it was sent, piece after piece', () => {
    const keepsakes = new Keepsakes();
    keepsakes.add('a', Uint8Array.of(1, 2, 3));
    keepsakes.add('b', Uint8Array.of(9));
    keepsakes.add('a', Uint8Array.of(4));
    expect(read(keepsakes, 'a', pcm24)).toEqual(Buffer.from([1, 2, 3, 4]));
    expect(read(keepsakes, 'b', { type: 'audio/pcmu' })).toEqual(Buffer.from([9]));
  });

  test('is not there for an item that has none, or was forgotten', () => {
    const keepsakes = new Keepsakes();
    keepsakes.add('a', Uint8Array.of(1));
    keepsakes.forget('a');
    keepsakes.forget('never');
    expect(keepsakes.read('a', pcm16)).toBeUndefined();
    expect(keepsakes.read('never', pcm16)).toBeUndefined();
  });

  test('goes, the oldest item first, when all of it would be more than 16 MiB', () => {
    const keepsakes = new Keepsakes();
    for (let item = 0; item < 20; item++) keepsakes.add(`${item}`, new Uint8Array(mib));
    const kept = Array.from({ length: 20 }, (_, item) => item).filter((item) => keepsakes.read(`${item}`, pcm16) !== undefined);
    expect(kept).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('counts all the pieces of an answer, and what is forgotten or replaced no longer', () => {
    const keepsakes = new Keepsakes();
    keepsakes.keep('old', new Int16Array(mib));
    keepsakes.forget('old');
    for (let time = 0; time < 3; time++) keepsakes.keep('same', new Int16Array(mib * 3));
    for (let piece = 0; piece < 10; piece++) keepsakes.add('answer', new Uint8Array(mib));
    expect(read(keepsakes, 'same')).toHaveLength(6 * mib);
    keepsakes.add('answer', new Uint8Array(1));
    expect(keepsakes.read('same', pcm16)).toBeUndefined();
    expect(read(keepsakes, 'answer')).toHaveLength(10 * mib + 1);
  });

  test('of one item that is too long by itself is not kept, and the others after it are', () => {
    const keepsakes = new Keepsakes();
    keepsakes.keep('long', new Int16Array(9 * mib));
    expect(keepsakes.read('long', pcm16)).toBeUndefined();
    keepsakes.keep('short', new Int16Array(10));
    expect(read(keepsakes, 'short')).toHaveLength(20);
  });
});
