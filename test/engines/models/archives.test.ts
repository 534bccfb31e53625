// Wheels and npm packages, read without unpacking them.
import { readdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemDisk } from '../../../src/engines/models/disk.ts';
import { Tarball } from '../../../src/engines/models/tarball.ts';
import { Wheel } from '../../../src/engines/models/wheel.ts';
import { Machine, makeTarball, makeWheel, noise } from './rig.ts';

let machine: Machine;
let path: string;

beforeEach(() => {
  machine = new Machine();
  path = machine.place('archive');
});

afterEach(() => machine.remove());

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}

describe('a wheel', () => {
  const large = noise(700_000);
  const text = Buffer.from('hello '.repeat(5000));

  test.each([{ stored: true }, { stored: false }, { comment: 'PK\u0005\u0006 is no end, however much it looks like one' }])(
    'gives the bytes of its entries, made with %o',
    async (options) => {
      writeFileSync(path, makeWheel({ 'a/large.bin': large, 'a/text': text, 'a/empty': Buffer.alloc(0) }, options));
      const wheel = await Wheel.open(path);
      expect(wheel.names).toEqual(['a/large.bin', 'a/text', 'a/empty']);
      expect((await all(wheel.read('a/large.bin'))).equals(large)).toBe(true);
      expect((await all(wheel.read('a/text'))).equals(text)).toBe(true);
      expect(await all(wheel.read('a/empty'))).toHaveLength(0);
      await expect(all(wheel.read('a/other'))).rejects.toThrow('no a/other');
    },
  );

  test('that is cut off, or no zip file at all, is refused', async () => {
    writeFileSync(path, makeWheel({ text }).subarray(0, -30));
    await expect(Wheel.open(path)).rejects.toThrow('its end is missing');
    writeFileSync(path, 'not a zip file');
    await expect(Wheel.open(path)).rejects.toThrow('no zip file');
    writeFileSync(path, '');
    await expect(Wheel.open(path)).rejects.toThrow('no zip file');
  });

  test('whose entry unpacks to more than its directory says gives no more than that, and is refused', async () => {
    writeFileSync(path, makeWheel({ bomb: Buffer.alloc(50_000_000) }, { claimedBytes: 1000 }));
    const wheel = await Wheel.open(path);
    let bytes = 0;
    const read = async () => {
      for await (const chunk of wheel.read('bomb')) bytes += chunk.byteLength;
    };
    await expect(read()).rejects.toThrow('length');
    expect(bytes).toBeLessThanOrEqual(1000);
  });

  test('whose packed bytes are broken is refused', async () => {
    const bytes = makeWheel({ text });
    bytes.fill(0xff, 34, 60);
    writeFileSync(path, bytes);
    await expect(all((await Wheel.open(path)).read('text'))).rejects.toThrow('invalid');
  });

  test('whose directory points beyond its end is refused', async () => {
    const bytes = makeWheel({ text }, { stored: true });
    bytes.writeUInt32LE(0xffff00, bytes.length - 22 - 46 - 'text'.length + 42);
    writeFileSync(path, bytes);
    await expect(Wheel.open(path)).rejects.toThrow('broken');
  });

  test('with names that lead out of its folder writes nothing there', async () => {
    writeFileSync(path, makeWheel({ '../../evil': text, '/evil': text }));
    const before = readdirSync(machine.folder);
    const wheel = await Wheel.open(path);
    expect((await all(wheel.read('../../evil'))).equals(text)).toBe(true);
    expect(readdirSync(machine.folder)).toEqual(before);
  });
});

describe('an npm package', () => {
  const voice = noise(5000);
  const open = () => Tarball.open(path, `${path}.tar`, systemDisk);

  test('gives the bytes of its entries', async () => {
    writeFileSync(path, makeTarball({ 'package/a.bin': voice, 'package/empty': Buffer.alloc(0), 'package/b.bin': voice.subarray(7) }));
    const tarball = await open();
    expect((await all(tarball.read('package/a.bin'))).equals(voice)).toBe(true);
    expect((await all(tarball.read('package/b.bin'))).equals(voice.subarray(7))).toBe(true);
    expect(await all(tarball.read('package/empty'))).toHaveLength(0);
    await expect(all(tarball.read('package/c.bin'))).rejects.toThrow('no package/c.bin');
  });

  test('that is cut off, or none at all, is refused', async () => {
    writeFileSync(path, makeTarball({ a: voice }).subarray(0, 2000));
    await expect(open()).rejects.toThrow('unexpected end of file');
    writeFileSync(path, 'not gzip');
    await expect(open()).rejects.toThrow('incorrect header check');
  });
});
