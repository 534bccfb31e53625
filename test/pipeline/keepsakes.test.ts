// The sound of items is kept for conversation.item.retrieve: never more than 16 MiB of it, and given 4 MiB at a time.
import { describe, expect, test } from 'vitest';
import { toBytes } from '../../src/media/pcm.ts';
import { Keepsakes } from '../../src/pipeline/keepsakes.ts';
import type { AudioFormat } from '../../src/protocol/audio-format.ts';
import { noise } from '../rig.ts';

const pcm24: AudioFormat = { type: 'audio/pcm', rate: 24_000 };
const pcm16: AudioFormat = { type: 'audio/pcm', rate: 16_000 };
const pcmu: AudioFormat = { type: 'audio/pcmu' };
const mib = 1024 * 1024;

/** The sound that is given; undefined when there is none. Fails when it is left out because it is too much. */
async function read(keepsakes: Keepsakes, item: string, format: AudioFormat = pcm16, heardMs?: number): Promise<Buffer | undefined> {
  const given = await keepsakes.read(item, format, heardMs);
  if (given && 'audio_omitted' in given) throw new Error('the sound was left out');
  return given && Buffer.from(given.audio, 'base64');
}

const omitted = { audio_omitted: 'too_large' };

describe('the sound of an item', () => {
  test('C28: of a user is given in the format that is asked for', async () => {
    const keepsakes = new Keepsakes();
    const samples = noise(100);
    keepsakes.keep('a', samples);
    expect(await read(keepsakes, 'a')).toEqual(Buffer.from(toBytes(samples)));
    expect(await read(keepsakes, 'a', pcm24)).toHaveLength(4800);
    expect(await read(keepsakes, 'a', { type: 'audio/pcmu' })).toHaveLength(800);
  });

  test('C28: of an answer is given as it was sent, piece after piece', async () => {
    const keepsakes = new Keepsakes();
    keepsakes.add('a', Uint8Array.of(1, 2, 3), pcm16);
    keepsakes.add('b', Uint8Array.of(9), pcmu);
    keepsakes.add('a', Uint8Array.of(4), pcm16);
    expect(await read(keepsakes, 'a', pcm24)).toEqual(Buffer.from([1, 2, 3, 4]));
    expect(await read(keepsakes, 'b', pcm24)).toEqual(Buffer.from([9]));
  });

  test.each<[AudioFormat, number]>([
    [pcm24, 48_000],
    [pcm16, 32_000],
    [{ type: 'audio/pcm', rate: 44_100 }, 88_200],
    [pcmu, 8000],
  ])('C28 C30: of an answer that was cut at a second is a second in %j, however much was made', async (format, bytes) => {
    const keepsakes = new Keepsakes();
    for (let piece = 0; piece < 30; piece++) keepsakes.add('a', new Uint8Array(bytes).fill(piece), format);
    expect(await read(keepsakes, 'a', pcm16, 1000)).toEqual(Buffer.alloc(bytes, 0));
    expect(await read(keepsakes, 'a', pcm16, 29_500)).toHaveLength(29.5 * bytes);
    expect(await read(keepsakes, 'a', pcm16, 99_000)).toHaveLength(30 * bytes);
    expect(await read(keepsakes, 'a', pcm16, 0)).toHaveLength(0);
  });

  test('C28: is cut between samples, never within one', async () => {
    const keepsakes = new Keepsakes();
    keepsakes.add('a', new Uint8Array(1000), { type: 'audio/pcm', rate: 44_100 });
    expect(await read(keepsakes, 'a', pcm16, 1)).toHaveLength(88);
  });

  test('C28: of more than 4 MiB is left out with a mark, and given as soon as the answer is cut to less', async () => {
    const keepsakes = new Keepsakes();
    for (let piece = 0; piece < 4; piece++) keepsakes.add('a', new Uint8Array(mib).fill(piece), pcm24);
    expect(await read(keepsakes, 'a')).toHaveLength(4 * mib);
    keepsakes.add('a', new Uint8Array(2), pcm24);
    expect(await keepsakes.read('a', pcm24)).toEqual(omitted);
    for (let piece = 0; piece < 30; piece++) keepsakes.add('a', new Uint8Array(mib).fill(9), pcm24);
    expect(await keepsakes.read('a', pcm24)).toEqual(omitted);
    expect(await keepsakes.read('a', pcm24, 100_000)).toEqual(omitted);
    expect((await read(keepsakes, 'a', pcm24, 30_000))?.subarray(-2)).toEqual(Buffer.from([1, 1]));
  });

  test('C28: of a user is measured in the format that is asked for, before it is converted', async () => {
    const keepsakes = new Keepsakes();
    keepsakes.keep('a', new Int16Array(16_000 * 100));
    expect(await keepsakes.read('a', pcm24)).toEqual(omitted);
    expect(await read(keepsakes, 'a', pcmu)).toHaveLength(800_000);
  });

  test('is not there for an item that has none, or was forgotten', async () => {
    const keepsakes = new Keepsakes();
    keepsakes.add('a', Uint8Array.of(1), pcm16);
    keepsakes.forget('a');
    keepsakes.forget('never');
    expect(await keepsakes.read('a', pcm16)).toBeUndefined();
    expect(await keepsakes.read('never', pcm16)).toBeUndefined();
  });

  test('goes, the oldest item first, when all of it would be more than 16 MiB', async () => {
    const keepsakes = new Keepsakes();
    for (let item = 0; item < 20; item++) keepsakes.add(`${item}`, new Uint8Array(mib), pcm16);
    const kept: number[] = [];
    for (let item = 0; item < 20; item++) if (await keepsakes.read(`${item}`, pcm16)) kept.push(item);
    expect(kept).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('counts all the pieces of an answer, and what is forgotten or replaced no longer', async () => {
    const keepsakes = new Keepsakes();
    keepsakes.keep('old', new Int16Array(mib));
    keepsakes.forget('old');
    for (let time = 0; time < 3; time++) keepsakes.keep('same', new Int16Array(mib * 2));
    for (let item = 0; item < 3; item++) for (let piece = 0; piece < 4; piece++) keepsakes.add(`${item}`, new Uint8Array(mib), pcm16);
    expect(await read(keepsakes, 'same')).toHaveLength(4 * mib);
    keepsakes.add('more', new Uint8Array(1), pcm16);
    expect(await keepsakes.read('same', pcm16)).toBeUndefined();
    for (let item = 0; item < 3; item++) expect(await read(keepsakes, `${item}`)).toHaveLength(4 * mib);
  });

  test('of an answer whose beginning had to go is not given without it', async () => {
    const keepsakes = new Keepsakes();
    keepsakes.add('a', new Uint8Array(mib), pcm16);
    for (let item = 0; item < 4; item++) keepsakes.keep(`${item}`, new Int16Array(mib * 2));
    keepsakes.add('a', new Uint8Array(10), pcm16);
    expect(await keepsakes.read('a', pcm16)).toBeUndefined();
  });

  test('C28: of one item that is too long by itself is left out with a mark, and the others keep theirs', async () => {
    const keepsakes = new Keepsakes();
    keepsakes.keep('before', new Int16Array(10));
    keepsakes.keep('long', new Int16Array(9 * mib));
    for (let piece = 0; piece < 20; piece++) keepsakes.add('longer', new Uint8Array(mib), pcm16);
    keepsakes.keep('after', new Int16Array(10));
    expect([await keepsakes.read('long', pcmu), await keepsakes.read('longer', pcm16)]).toEqual([omitted, omitted]);
    expect([await read(keepsakes, 'before'), await read(keepsakes, 'after')]).toEqual([Buffer.alloc(20), Buffer.alloc(20)]);
  });
});
