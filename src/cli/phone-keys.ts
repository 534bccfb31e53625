// Keys that the person at the terminal types: each line is pressed in the call there is.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export class TypedKeys {
  readonly #lines: ReturnType<typeof createInterface> | undefined;
  /** Who takes the lines; without anybody they are for nothing. */
  onLine: ((line: string) => void) | undefined;

  /** @param input undefined where nobody can type. */
  constructor(input: Readable | undefined) {
    this.#lines = input && createInterface({ input });
    this.#lines?.on('line', (line) => {
      if (line.trim() !== '') this.onLine?.(line);
    });
  }

  /** Lets go of the input, which otherwise keeps the program from ending. */
  close(): void {
    this.#lines?.close();
  }
}
