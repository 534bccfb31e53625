// One line that moves, under lines that stay: for how far something has come. Where nobody watches (a file, a pipe), what moves is only
// written now and then.
import { type ModelProgress, ProgressLine } from '../engines/models/progress.ts';

const QUIET_EVERY_MS = 10_000;

export class MovingLine {
  readonly #out: NodeJS.WriteStream;
  readonly #now: () => number;
  #shown = '';
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(out: NodeJS.WriteStream, now: () => number) {
    this.#out = out;
    this.#now = now;
  }

  /** Shows this in place of what moved before; an empty text takes it away. */
  show(text: string): void {
    if (text === this.#shown) return;
    if (this.#out.isTTY) {
      this.#shown = text;
      this.#out.write(`\r\u001b[K${text.slice(0, this.#out.columns - 1)}`);
    } else if (text !== '' && this.#now() - this.#writtenAt >= QUIET_EVERY_MS) {
      this.#writtenAt = this.#now();
      this.#out.write(`${text}\n`);
    }
  }

  /** Writes a line that stays. */
  say(line: string): void {
    const moving = this.#shown;
    if (moving === '') this.#out.write(`${line}\n`);
    else this.#out.write(`\r\u001b[K${line}\n${moving.slice(0, this.#out.columns - 1)}`);
  }
}

/** Shows how far models are on their way. */
export function modelsOn(line: MovingLine): (progress: ModelProgress) => void {
  const underWay = new ProgressLine();
  return (progress) => {
    underWay.take(progress);
    line.show(underWay.text);
  };
}
