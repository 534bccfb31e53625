// What lies on disk of one model. `source-…` has the files of the manifest, `converted-…` what a converter made of them and a record of it;
// the name ends in the checksum of what went into it. Either is renamed into its place when it is whole, and never changed then.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { convertModel } from './convert.ts';
import { bytesBelow, type Disk, diskFault, type Expected, hasSize, isWhole, type NamedFile, moveFolder, removeTree } from './disk.ts';
import type { Converter, ModelRow } from './manifest.ts';

/** `fetched`: it still has to be converted. */
export type ModelState = { readonly kind: 'ready' | 'fetched' | 'absent'; readonly bytes: number };

const RECORD = '.record.json';

export class ModelFolder {
  /** Where the engine finds the model when it is ready. */
  readonly place: string;
  /** Where files and packages are put that are on their way. */
  readonly incoming: string;
  readonly packages: string;
  readonly #row: ModelRow;
  readonly #folder: string;
  readonly #source: string;
  readonly #disk: Disk;

  constructor(row: ModelRow, folder: string, disk: Disk) {
    this.#row = row;
    this.#folder = folder;
    this.#disk = disk;
    const source = digest(row.files.map(({ name, bytes, sha256 }) => `${name} ${bytes} ${sha256}`));
    this.#source = join(folder, `source-${source}`);
    this.place = row.converter ? join(folder, `converted-${digest([source, String(row.converter.version)])}`) : this.#source;
    // Named like the source: files of another version may have the same names and sizes.
    this.incoming = join(folder, `incoming-${source}`);
    this.packages = join(folder, 'packages');
  }

  /** The place, if all files there have their size: quick enough for every start. */
  async ready(): Promise<string | undefined> {
    const files = this.#row.converter ? await this.#record() : this.#row.files;
    return files && (await allHave(hasSize, this.place, files)) ? this.place : undefined;
  }

  hasSource(): Promise<boolean> {
    return allHave(hasSize, this.#source, this.#row.files);
  }

  async state(): Promise<ModelState> {
    const kind = (await this.ready()) !== undefined ? 'ready' : (await this.hasSource()) ? 'fetched' : 'absent';
    return { kind, bytes: await bytesBelow(this.#folder) };
  }

  /** Names from the model's folder of the files that are not what they should be. Undefined when there is nothing to look at. */
  async wrongFiles(): Promise<readonly string[] | undefined> {
    const source = await wrongOf(this.#source, this.#row.files);
    if (!this.#row.converter) return source;
    const record = await this.#record();
    const converted = record && (await wrongOf(this.place, record));
    return source || converted ? [...(source ?? []), ...(converted ?? [])] : undefined;
  }

  /** Removes what is not what it should be, by checksum; the conversion too, whatever its record says, when told so. */
  async dropWrong(what: 'files' | 'files and conversion'): Promise<{ wrong: readonly string[]; conversion: boolean }> {
    const wrong = await wrongOf(this.#source, this.#row.files);
    // Those that are right need not be fetched again.
    if (wrong && wrong.length > 0) {
      await removeTree(this.incoming);
      await rename(this.#source, this.incoming);
      for (const name of wrong) await rm(join(this.incoming, name), { force: true });
    }
    if (!this.#row.converter) return { wrong: wrong ?? [], conversion: false };
    const record = await this.#record();
    const wrongConverted = record ? await wrongOf(this.place, record) : undefined;
    const conversion = what === 'files and conversion' || (wrongConverted?.length ?? 1) > 0;
    if (conversion) await removeTree(this.place);
    return { wrong: [...(wrong ?? []), ...(wrongConverted ?? [])], conversion };
  }

  /** Clears away what stands in the way of a fetch or a conversion: folders that are not whole. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true });
      if (!(await this.hasSource()) && (await isThere(this.#source))) {
        await removeTree(this.incoming);
        await rename(this.#source, this.incoming);
      }
      if (this.#row.converter) await removeTree(this.place);
    } catch (error) {
      throw diskFault(error);
    }
  }

  /** What has come in is all there is to come. */
  async keepSource(): Promise<void> {
    await moveFolder(this.incoming, this.#source, this.#disk);
    await removeTree(this.packages);
  }

  async convert(converter: Converter, how: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void> {
    const target = join(this.#folder, 'converting');
    await removeTree(target);
    try {
      await mkdir(target);
      const files = await convertModel(converter, this.#source, target, how);
      if (files.length === 0) throw new Error('it could not be converted: the converter wrote nothing');
      await writeFile(join(target, RECORD), JSON.stringify({ files }));
      await moveFolder(target, this.place, this.#disk);
    } finally {
      await removeTree(target);
    }
  }

  /** Removes what is needed no more: what earlier versions left. */
  async tidy(): Promise<void> {
    const kept = new Set([this.#source, this.place]);
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (!kept.has(path)) await removeTree(path);
    }
  }

  async remove(): Promise<boolean> {
    if (!(await isThere(this.#folder))) return false;
    await removeTree(this.#folder);
    return true;
  }

  async #record(): Promise<readonly NamedFile[] | undefined> {
    try {
      const { files } = JSON.parse(await readFile(join(this.place, RECORD), 'utf8')) as { files?: NamedFile[] };
      return Array.isArray(files) && files.length > 0 ? files : undefined;
    } catch {
      return undefined;
    }
  }
}

function digest(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
}

async function allHave(
  test: (path: string, expected: Expected) => Promise<boolean>,
  folder: string,
  files: readonly NamedFile[],
): Promise<boolean> {
  for (const file of files) if (!(await test(join(folder, file.name), file))) return false;
  return true;
}

async function wrongOf(folder: string, files: readonly NamedFile[]): Promise<string[] | undefined> {
  if (!(await isThere(folder))) return undefined;
  const wrong: string[] = [];
  for (const file of files) if (!(await isWhole(join(folder, file.name), file))) wrong.push(file.name);
  return wrong;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
