// Getting PocketSphinx onto a machine, with a packet manager that is made up.
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandResult, Run } from '../../src/lib/command.ts';
import { type InstallOptions, install, locate, packageOf } from '../../src/engines/local/pocketsphinx/pocketsphinx-install.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

const CONTENTS: Record<string, string[]> = {
  libsphinxbase3: ['usr/lib/libsphinxbase.so.3'],
  libpocketsphinx3: ['usr/lib/libpocketsphinx.so.3'],
  libblas3: ['usr/lib/blas/libblas.so.3'],
  libgfortran5: ['usr/lib/libgfortran.so.5'],
  'pocketsphinx-en-us': ['en-us/mdef', 'en-us/means', 'en-us/sendump', 'en-us.lm.bin', 'cmudict-en-us.dict'].map(
    (name) => `usr/share/pocketsphinx/model/en-us/${name}`,
  ),
};

const ok: CommandResult = { code: 0, output: '' };

async function put(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), '');
  }
}

/** A Debian whose loader misses BLAS, and once that is there the Fortran runtime. */
function debian(state: { commands: string[]; knows: () => boolean; breaks?: string }): Run {
  return async (program, options, { cwd, env, signal }) => {
    if (signal.aborted) return { code: undefined, output: 'aborted' };
    state.commands.push([program, ...options.filter((option) => /^[a-z-]+[a-z\d-]*$/.test(option) && option !== '-o')].join(' '));
    if (program === 'apt-get' && options.includes('download')) {
      if (!state.knows()) return { code: 100, output: 'Reading\nE: Unable to locate package libpocketsphinx3\n' };
      const names = options.slice(options.indexOf('download') + 1);
      await Promise.all(names.map((name) => writeFile(join(cwd as string, `${name}_1_all.deb`), '')));
      return ok;
    }
    if (program === 'apt-get') return ok;
    if (program === 'dpkg-deb') {
      const [, file = '', into = ''] = options;
      const name = /([^/]+)_1_all\.deb$/.exec(file)?.[1] ?? '';
      if (name === state.breaks) return { code: 2, output: 'dpkg-deb: error: not a Debian format archive' };
      await put(into, CONTENTS[name] ?? []);
      return ok;
    }
    const folders = (env?.['LD_LIBRARY_PATH'] ?? '').split(':');
    if (!folders.some((folder) => folder.endsWith('/blas')))
      return { code: 0, output: '\tlibblas.so.3 => not found\n\tlibm.so.6 => /lib/libm.so.6\n' };
    const files = (await Promise.all(folders.map((folder) => readdir(folder)))).flat();
    return { code: 0, output: files.includes('libgfortran.so.5') ? '' : '\tlibgfortran.so.5 => not found\n' };
  };
}

describe('the installation of PocketSphinx', () => {
  let dataDir: string;
  let systemRoot: string;
  const options = (run: Run, signal = new AbortController().signal): InstallOptions => ({
    dataDir,
    systemRoot,
    run,
    signal,
    log: silentLog,
    clock: new ManualClock(),
  });

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-data-'));
    systemRoot = await mkdtemp(join(tmpdir(), 'parley-root-'));
  });

  afterEach(async () => {
    await rm(dataDir, { recursive: true });
    await rm(systemRoot, { recursive: true });
  });

  it("takes the system's own and fetches nothing", async () => {
    await put(systemRoot, Object.values(CONTENTS).flat());
    const commands: string[] = [];
    const found = await install(options(debian({ commands, knows: () => true })));
    expect(found).toEqual({
      sphinxbase: join(systemRoot, 'usr/lib/libsphinxbase.so.3'),
      pocketsphinx: join(systemRoot, 'usr/lib/libpocketsphinx.so.3'),
      modelDir: join(systemRoot, 'usr/share/pocketsphinx/model/en-us'),
      libraryPath: [],
    });
    expect(commands).toEqual([]);
  });

  it('fetches the packages and every library they need in turn, and finds them the next time', async () => {
    const commands: string[] = [];
    const found = await install(options(debian({ commands, knows: () => true })));
    const tree = join(dataDir, 'engines/pocketsphinx');
    expect(found).toMatchObject({ pocketsphinx: join(tree, 'usr/lib/libpocketsphinx.so.3') });
    expect(found?.libraryPath).toContain(join(tree, 'usr/lib/blas'));
    expect(commands.filter((command) => command.startsWith('apt-get'))).toEqual([
      'apt-get download libsphinxbase3 libpocketsphinx3 pocketsphinx-en-us',
      'apt-get download libblas3',
      'apt-get download libgfortran5',
    ]);
    expect(await locate(dataDir, systemRoot)).toEqual(found);
    expect(await readdir(join(dataDir, 'engines'))).toEqual(['pocketsphinx']);
  });

  it('fetches only the model when the system has the libraries', async () => {
    await put(systemRoot, ['usr/lib/libsphinxbase.so.3', 'usr/lib/libpocketsphinx.so.3']);
    const commands: string[] = [];
    await install(options(debian({ commands, knows: () => true })));
    expect(commands[0]).toBe('apt-get download pocketsphinx-en-us');
  });

  it('fetches package lists when apt knows nothing yet', async () => {
    const commands: string[] = [];
    await install(options(debian({ commands, knows: () => commands.includes('apt-get update') })));
    expect(commands.slice(0, 3)).toEqual([
      'apt-get download libsphinxbase3 libpocketsphinx3 pocketsphinx-en-us',
      'apt-get update',
      'apt-get download libsphinxbase3 libpocketsphinx3 pocketsphinx-en-us',
    ]);
  });

  it('says what is missing and how to get it when apt cannot help', async () => {
    const refused = install(options(debian({ commands: [], knows: () => false })));
    await expect(refused).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
    await expect(refused).rejects.toThrow(/Unable to locate package.*apt-get install libpocketsphinx3 pocketsphinx-en-us/s);
  });

  it('says so where there is no apt', async () => {
    const run: Run = async () => ({ code: undefined, output: 'spawn apt-get ENOENT' });
    await expect(install(options(run))).rejects.toThrow(/apt-get cannot be started.*apt-get install libpocketsphinx3/s);
  });

  it('leaves nothing that counts as installed when it fails half-way', async () => {
    await expect(install(options(debian({ commands: [], knows: () => true, breaks: 'pocketsphinx-en-us' })))).rejects.toThrow(/unpacked/);
    expect(await locate(dataDir, systemRoot)).toBeUndefined();
    expect(await readdir(join(dataDir, 'engines'))).toEqual([]);
  });

  it('ends quietly and cleans up when it is aborted', async () => {
    const aborting = new AbortController();
    const run = debian({ commands: [], knows: () => true });
    const stopping: Run = async (program, list, how) => {
      const result = await run(program, list, how);
      if (program === 'dpkg-deb') aborting.abort();
      return result;
    };
    expect(await install(options(stopping, aborting.signal))).toBeUndefined();
    expect(await readdir(join(dataDir, 'engines'))).toEqual([]);
  });

  it('works for two servers that start at once', async () => {
    const run = debian({ commands: [], knows: () => true });
    const [one, other] = await Promise.all([install(options(run)), install(options(run))]);
    expect(one).toEqual(other);
    await access(one?.pocketsphinx as string);
    expect(await readdir(join(dataDir, 'engines'))).toEqual(['pocketsphinx']);
  });

  it('replaces a tree that is not whole', async () => {
    await put(join(dataDir, 'engines/pocketsphinx'), ['usr/lib/libpocketsphinx.so.3']);
    expect(await install(options(debian({ commands: [], knows: () => true })))).toBeDefined();
  });
});

describe('the package a library is in', () => {
  it.each([
    ['libblas.so.3', 'libblas3'],
    ['liblapack.so.3', 'liblapack3'],
    ['libgcc_s.so.1', 'libgcc-s1'],
    ['libquadmath.so.0', 'libquadmath0'],
    ['libpython3.so.1', 'libpython3-1'],
  ])('%s is in %s', (soname, name) => {
    expect(packageOf(soname)).toBe(name);
  });
});
