// Workers of engines that die when they are told to: the real scripts, in threads that end themselves, since a thread cannot be killed from outside.
import { renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

export class Mortals {
  readonly #folder: string;

  /** `folder`: for orders, and empty. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What a worker runs in place of `script`. */
  script(script: URL): URL {
    const file = join(this.#folder, `${basename(script.pathname)}.mjs`);
    const mortal = new URL('./dying-worker.ts', import.meta.url);
    writeFileSync(
      file,
      `import { obey } from '${mortal.href}';\nobey(${JSON.stringify(this.#order(script))});\nawait import('${script.href}');\n`,
    );
    return pathToFileURL(file);
  }

  /**
   * One of the workers of that script dies: as soon as it looks up from what it does, or in a task, when it has handed out so many parts of its
   * result.
   */
  kill(script: URL, afterParts = 0): void {
    // Whole or not there: a worker may look at any moment.
    const order = this.#order(script);
    writeFileSync(`${order}.new`, String(afterParts));
    renameSync(`${order}.new`, order);
  }

  #order(script: URL): string {
    return join(this.#folder, `${basename(script.pathname)}.die`);
  }
}
