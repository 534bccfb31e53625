// Debian packages by name, downloaded and checked by apt (its signed lists name every hash) and unpacked without installing them.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from './log.ts';
import type { CommandResult, Run } from './command.ts';

export interface DownloadOptions {
  /** A folder of the installation's own. */
  readonly work: string;
  /** Where the packages are unpacked, as if it were the root of the system. */
  readonly into: string;
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** For whom, in the log. */
  readonly engine: string;
}

const PATIENCE = ['-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::https::Timeout=20', '-o', 'Acquire::Retries=2'];

/** Rejects with an Error that says for people what is missing. Returns early, with nothing promised, when the signal fires. */
export async function downloadPackages(names: readonly string[], options: DownloadOptions): Promise<void> {
  const { work, into, run, signal, log, engine } = options;
  const folder = await mkdtemp(join(work, 'packages-'));
  const download = (lists: readonly string[]) => run('apt-get', [...PATIENCE, ...lists, 'download', ...names], { signal, cwd: folder });

  let result = await download(hasOwnLists(work) ? ownLists(work) : []);
  for (const refresh of [refreshSystemLists, refreshOwnLists]) {
    if (result.code === 0 || signal.aborted) break;
    if (result.code === undefined) throw new Error(`apt-get cannot be started (${result.output})`);
    const lists = await refresh(options);
    if (lists) result = await download(lists);
  }
  if (signal.aborted) return;
  if (result.code !== 0) throw new Error(`the packages ${names.join(', ')} could not be downloaded (${reasonIn(result)})`);

  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.deb'))) {
    const unpacked = await run('dpkg-deb', ['-x', join(folder, file), into], { signal });
    if (signal.aborted) return;
    if (unpacked.code !== 0) throw new Error(`${file} could not be unpacked (${reasonIn(unpacked)})`);
    log.info({ engine, package: file }, 'unpacked');
  }
}

/** The options to download with, or undefined when the lists could not be fetched this way. */
type Refresh = (options: DownloadOptions) => Promise<readonly string[] | undefined>;

const refreshSystemLists: Refresh = async ({ run, signal, log, engine }) => {
  if (process.getuid?.() !== 0) return undefined;
  log.info({ engine }, 'fetching package lists');
  const result = await run('apt-get', [...PATIENCE, 'update'], { signal });
  return result.code === 0 ? [] : undefined;
};

/** Lists in the installation's folder, from the system's sources and keys: for users who may not write to the system's. */
const refreshOwnLists: Refresh = async ({ work, run, signal, log, engine }) => {
  log.info({ engine }, 'fetching package lists of our own');
  await mkdir(join(work, 'apt-state', 'lists', 'partial'), { recursive: true });
  await mkdir(join(work, 'apt-cache', 'archives', 'partial'), { recursive: true });
  const lists = ownLists(work);
  const result = await run('apt-get', [...PATIENCE, ...lists, 'update'], { signal });
  return result.code === 0 ? lists : undefined;
};

function hasOwnLists(work: string): boolean {
  return existsSync(join(work, 'apt-state'));
}

function ownLists(work: string): string[] {
  return [
    '-o',
    `Dir::State=${join(work, 'apt-state')}`,
    '-o',
    `Dir::Cache=${join(work, 'apt-cache')}`,
    '-o',
    'Dir::State::status=/var/lib/dpkg/status',
    // Without it a root's apt changes to a user who may not write here.
    ...(process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : []),
  ];
}

function reasonIn({ output }: CommandResult): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => line.startsWith('E: '));
  return (telling[0] ?? lines.at(-1) ?? 'it did not say why').trim();
}
