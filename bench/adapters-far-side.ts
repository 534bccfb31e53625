// The process of the fakes, as the bench sees it.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { FromFakes, Stamp, ToFakes } from './adapters-stamps.ts';

export class FarSide {
  readonly #child: ChildProcess = fork(join(import.meta.dirname, 'adapters-fakes.ts'));

  /** Where the fake of that name listens from now on; the one before has gone. */
  async listen(name: string): Promise<string> {
    const answer = await this.#ask({ listen: name });
    return 'url' in answer ? answer.url : '';
  }

  /** Of all answers since the last time, by their turns. */
  async stamps(): Promise<ReadonlyMap<string, Stamp>> {
    const answer = await this.#ask({ tell: true });
    return new Map('stamps' in answer ? answer.stamps.map((stamp) => [stamp.turn, stamp]) : []);
  }

  close(): void {
    this.#child.disconnect();
  }

  async #ask(message: ToFakes): Promise<FromFakes> {
    const { promise, resolve, reject } = Promise.withResolvers<FromFakes>();
    const ended = () => reject(new Error('The process of the fakes has ended.'));
    this.#child.once('message', resolve);
    this.#child.once('exit', ended);
    this.#child.send(message);
    return promise.finally(() => this.#child.off('exit', ended));
  }
}
