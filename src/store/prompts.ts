// The prompts an operator keeps as files in one folder: `<id>.md`, or `<id>@<version>.md`. Read whenever one is asked for, so that a change
// holds from the next session on; that is seldom, and the files are small.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Nothing that could lead out of the folder. */
const safe = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

const byVersion = new Intl.Collator('en', { numeric: true });

export class PromptFolder {
  readonly #folder: string;
  readonly #onFault: (error: unknown) => void;

  /** `onFault` is told of files that are there and cannot be read. */
  constructor(folder: string, onFault: (error: unknown) => void) {
    this.#folder = folder;
    this.#onFault = onFault;
  }

  /**
   * The text of a prompt, or undefined when there is none of that name. Without a version: the file that has none either, or else the
   * highest version.
   */
  read(id: string, version: string | undefined): string | undefined {
    if (!safe.test(id) || (version !== undefined && !safe.test(version))) return undefined;
    if (version !== undefined) return this.#text(`${id}@${version}.md`);
    return this.#text(`${id}.md`) ?? this.#newest(id);
  }

  #newest(id: string): string | undefined {
    const start = `${id}@`;
    const versions = (this.#ifThere(() => readdirSync(this.#folder)) ?? []).flatMap((name) =>
      name.startsWith(start) && name.endsWith('.md') ? [name.slice(start.length, -'.md'.length)] : [],
    );
    const newest = versions.sort(byVersion.compare).at(-1);
    return newest === undefined ? undefined : this.#text(`${start}${newest}.md`);
  }

  #text(name: string): string | undefined {
    return this.#ifThere(() => readFileSync(join(this.#folder, name), 'utf8'))?.trim();
  }

  #ifThere<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'ENOENT' && code !== 'ENAMETOOLONG') this.#onFault(error);
      return undefined;
    }
  }
}
