// The decoders there are, in the order in which they are told of. Versions stand in the lock files beside their programs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { has } from '../../scripts/programs.mjs';
import { ask, buildFolder, type Decoder, madeOnce, repository, run } from './decoder.ts';
import { interpreter, preparePython, requirements } from './python/environment.ts';
import { compilerFaults } from './typescript/faults.ts';

const here = import.meta.dirname;

const typescript: Decoder = {
  language: 'TypeScript',
  sdk: `openai ${versionIn(join(repository, 'node_modules/openai/package.json'), /"version": "([^"]+)"/)}`,
  dialects: ['ga', 'beta'],
  prepare: () => Promise.resolve(undefined),
  async decode(dialect, file) {
    const events = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    const faults = await compilerFaults(
      events.map((line) => JSON.parse(line) as { type: string }),
      dialect,
    );
    return faults.map(({ index, reason }) => ({ line: index + 1, reason }));
  },
};

const python: Decoder = {
  language: 'Python',
  sdk: `openai ${versionIn(requirements, /^openai==(\S+)/m)}`,
  dialects: ['ga', 'beta'],
  prepare: preparePython,
  decode: (dialect, file) => ask(interpreter, [join(here, 'python/decoder.py'), dialect, file]),
};

const goProgram = join(buildFolder, 'go-decoder');

const go: Decoder = {
  language: 'Go',
  sdk: `WqyJh/go-openai-realtime ${versionIn(join(here, 'go/go.mod'), /go-openai-realtime\/v2 (\S+)/)}`,
  dialects: ['ga'],
  async prepare() {
    if (!has('go')) return 'there is no go';
    const got = await run('go', ['list', '-deps', '.'], { cwd: join(here, 'go'), mostMs: 180_000 });
    if (!got.succeeded) return got.complaint;
    await built('go', ['build', '-o', goProgram, '.'], join(here, 'go'));
    return undefined;
  },
  decode: (dialect, file) => ask(goProgram, [dialect, file]),
};

const rustFolder = join(buildFolder, 'rust');

const rust: Decoder = {
  language: 'Rust',
  sdk: `async-openai ${versionIn(join(here, 'rust/Cargo.toml'), /async-openai = \{ version = "=([^"]+)"/)}`,
  dialects: ['ga'],
  async prepare() {
    if (!has('cargo')) return 'there is no cargo';
    const cwd = join(here, 'rust');
    const got = await run('cargo', ['fetch', '--locked', '--quiet'], { cwd, mostMs: 180_000 });
    if (!got.succeeded) return got.complaint;
    await built('cargo', ['build', '--locked', '--offline', '--quiet', '--target-dir', rustFolder], cwd);
    return undefined;
  },
  decode: (dialect, file) => ask(join(rustFolder, 'debug/parley-decoder'), [dialect, file]),
};

const jars = join(buildFolder, 'jars');
const classes = join(buildFolder, 'java');

const java: Decoder = {
  language: 'Java',
  sdk: `openai-java ${versionIn(join(here, 'java/pom.xml'), /openai-java-core<\/artifactId>\s*<version>([^<]+)/)}`,
  dialects: ['ga', 'beta'],
  async prepare() {
    const missing = ['java', 'javac', 'mvn'].find((program) => !has(program));
    if (missing) return `there is no ${missing}`;
    const pom = join(here, 'java/pom.xml');
    const program = join(here, 'java/Decoder.java');
    return madeOnce('java', [pom, program], async () => {
      const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
      const got = await run('mvn', ['--quiet', '--batch-mode', '--file', pom, ...goal], { mostMs: 180_000 });
      if (!got.succeeded) return got.complaint;
      await built('javac', ['-cp', `${jars}/*`, '-d', classes, program], here);
      return undefined;
    });
  },
  decode: (dialect, file) => ask('java', ['-cp', `${jars}/*:${classes}`, 'Decoder', dialect, file]),
};

export const decoders: readonly Decoder[] = [typescript, python, go, rust, java];

function versionIn(file: string, pattern: RegExp): string {
  const version = pattern.exec(readFileSync(file, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`There is no version in ${file}.`);
  return version;
}

async function built(command: string, given: readonly string[], cwd: string): Promise<void> {
  const { succeeded, complaint } = await run(command, given, { cwd, yielding: true });
  if (!succeeded) throw new Error(`${command} failed: ${complaint}`);
}
