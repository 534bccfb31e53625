// Where PocketSphinx is on this machine, and how it gets here: the system's own, else Debian's packages unpacked into the data
// directory, which needs neither root nor a change to the system. A tree counts as installed only once it is whole.
import { access, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../lib/clock.ts';
import type { Log } from '../../../lib/log.ts';
import { EngineError } from '../../engine.ts';
import { type Run, runCommand } from '../../../lib/command.ts';
import { downloadPackages } from '../../../lib/debian-packages.ts';

export interface Installation {
  /** Absolute paths, ready for dlopen. */
  readonly sphinxbase: string;
  readonly pocketsphinx: string;
  /** The folder that holds `en-us/`, `en-us.lm.bin` and `cmudict-en-us.dict`. */
  readonly modelDir: string;
  /** Folders the dynamic loader must search besides its own; empty when the system's libraries serve. */
  readonly libraryPath: readonly string[];
}

export interface InstallOptions {
  readonly dataDir: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The root of the system's files; tests have another. */
  readonly systemRoot?: string;
  readonly run?: Run;
}

const MULTIARCH: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  arm: 'arm-linux-gnueabihf',
  ppc64: 'powerpc64le-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  s390x: 's390x-linux-gnu',
};
const LIBRARIES = ['libsphinxbase.so.3', 'libpocketsphinx.so.3'] as const;
const LIBRARY_PACKAGES = ['libsphinxbase3', 'libpocketsphinx3'] as const;
const MODEL_PACKAGE = 'pocketsphinx-en-us';
const MODEL_FILES = ['en-us/mdef', 'en-us/means', 'en-us/sendump', 'en-us.lm.bin', 'cmudict-en-us.dict'];
const MODEL_DIR = 'usr/share/pocketsphinx/model/en-us';
/** A library that needs a library that needs a library: deeper than this is not a chain but a mistake. */
const DEPENDENCY_ROUNDS = 6;
/** An unpacking older than this has lost its server. */
const ABANDONED_MS = 3_600_000;

/** Finds PocketSphinx or fetches it. Undefined when the signal fires. Rejects with EngineError `unavailable`. */
export async function install(options: InstallOptions): Promise<Installation | undefined> {
  const found = await locate(options.dataDir, options.systemRoot);
  if (found) return found;
  const { signal, log } = options;
  try {
    const startedAt = options.clock.now();
    await fetchTree(options);
    if (signal.aborted) return undefined;
    log.info({ engine: 'pocketsphinx', seconds: Math.round((options.clock.now() - startedAt) / 100) / 10 }, 'speech recognition installed');
  } catch (error) {
    if (signal.aborted) return undefined;
    throw unavailable(error instanceof Error ? error.message : String(error), error);
  }
  const installed = await locate(options.dataDir, options.systemRoot);
  if (!installed) throw unavailable('the packages do not hold what they should');
  return installed;
}

/** What is there already: the system's first, then the data directory's. */
export async function locate(dataDir: string, systemRoot = '/'): Promise<Installation | undefined> {
  const tree = treeOf(dataDir);
  const system = await partsOf(systemRoot);
  const own = await partsOf(tree);
  const libraries = system.libraries ?? own.libraries;
  const modelDir = system.modelDir ?? own.modelDir;
  if (!libraries || !modelDir) return undefined;
  const libraryPath = system.libraries ? [] : await libraryFolders(tree);
  return { sphinxbase: libraries[0], pocketsphinx: libraries[1], modelDir, libraryPath };
}

function treeOf(dataDir: string): string {
  return join(dataDir, 'engines', 'pocketsphinx');
}

async function partsOf(root: string): Promise<{ libraries?: [string, string]; modelDir?: string }> {
  const folders = await libraryFolders(root);
  const [base, sphinx] = await Promise.all(LIBRARIES.map((name) => firstThere(folders.map((folder) => join(folder, name)))));
  const modelDir = join(root, MODEL_DIR);
  const model = await Promise.all(MODEL_FILES.map((name) => isThere(join(modelDir, name))));
  return { ...(base && sphinx ? { libraries: [base, sphinx] } : {}), ...(model.every(Boolean) ? { modelDir } : {}) };
}

/** The folders with shared libraries below a root, with those that Debian's alternatives would link (`blas/`, `lapack/`). */
async function libraryFolders(root: string): Promise<string[]> {
  const multiarch = MULTIARCH[process.arch];
  const places = ['usr/lib', 'usr/lib64', 'usr/local/lib', 'lib', 'lib64'].flatMap((folder) =>
    multiarch ? [`${folder}/${multiarch}`, folder] : [folder],
  );
  const folders: string[] = [];
  for (const place of places) {
    const folder = join(root, place);
    if (!(await isThere(folder))) continue;
    folders.push(folder);
    for (const inner of ['blas', 'lapack']) if (await isThere(join(folder, inner))) folders.push(join(folder, inner));
  }
  return folders;
}

async function fetchTree(options: InstallOptions): Promise<void> {
  const { dataDir, log, clock, signal, run = runCommand } = options;
  const system = await partsOf(options.systemRoot ?? '/');
  const packages = [...(system.libraries ? [] : LIBRARY_PACKAGES), ...(system.modelDir ? [] : [MODEL_PACKAGE])];
  const tree = treeOf(dataDir);
  await mkdir(dirname(tree), { recursive: true });
  await removeAbandoned(dirname(tree), clock);
  // Beside its final place, so that the rename stays within one file system.
  const work = await mkdtemp(join(dirname(tree), '.pocketsphinx-'));
  try {
    log.info({ engine: 'pocketsphinx', packages, into: tree }, 'speech recognition is not installed: fetching it (about 25 MB)');
    const unpacked = join(work, 'tree');
    await mkdir(unpacked);
    await downloadPackages(packages, { work, into: unpacked, run, signal, log, engine: 'pocketsphinx' });
    if (!system.libraries) await completeLibraries(unpacked, { work, run, signal, log });
    if (signal.aborted) return;
    await putInPlace(unpacked, tree, dataDir, options.systemRoot);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Fetches the libraries the unpacked ones need and this machine lacks, until the loader finds all of them. */
async function completeLibraries(tree: string, context: { work: string; run: Run; signal: AbortSignal; log: Log }): Promise<void> {
  for (let round = 0; round < DEPENDENCY_ROUNDS && !context.signal.aborted; round++) {
    const folders = await libraryFolders(tree);
    const library = await firstThere(folders.map((folder) => join(folder, 'libpocketsphinx.so.3')));
    if (!library) throw new Error('the package libpocketsphinx3 of this distribution does not hold libpocketsphinx.so.3');
    const listing = await context.run('ldd', [library], { signal: context.signal, env: { LD_LIBRARY_PATH: folders.join(':') } });
    const missing = [...new Set([...listing.output.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] as string))];
    if (missing.length === 0) return;
    await downloadPackages(missing.map(packageOf), { ...context, into: tree, engine: 'pocketsphinx' });
  }
  if (!context.signal.aborted) throw new Error('the libraries PocketSphinx needs could not be completed');
}

/** Debian's rule: the package is named after the library and its version, `libblas.so.3` is in libblas3, `libgcc_s.so.1` in libgcc-s1. */
export function packageOf(soname: string): string {
  const [, name = soname, version = ''] = /^(.+)\.so\.?(\d*)/.exec(soname) ?? [];
  const plain = name.toLowerCase().replaceAll('_', '-');
  return /\d$/.test(plain) && version !== '' ? `${plain}-${version}` : plain + version;
}

/** Another server may have been faster, or an older tree may lie there broken. */
async function putInPlace(unpacked: string, tree: string, dataDir: string, systemRoot: string | undefined): Promise<void> {
  try {
    await rename(unpacked, tree);
  } catch (error) {
    if (await locate(dataDir, systemRoot)) return;
    if (!(await isThere(tree))) throw error;
    await rename(tree, `${unpacked}-old`);
    await rename(unpacked, tree);
  }
}

async function removeAbandoned(folder: string, clock: Clock): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.pocketsphinx-')) continue;
    const age = await stat(join(folder, name)).then(
      (entry) => clock.wallMs() - entry.mtimeMs,
      () => 0,
    );
    if (age > ABANDONED_MS) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function unavailable(why: string, cause?: unknown): EngineError {
  const advice =
    'Install it with `apt-get install libpocketsphinx3 pocketsphinx-en-us` (Debian, Ubuntu), or choose another speech recognition.';
  return new EngineError('pocketsphinx', 'unavailable', `PocketSphinx is not on this machine and could not be fetched: ${why}. ${advice}`, {
    cause,
  });
}

async function firstThere(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isThere(path)) return path;
  return undefined;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
