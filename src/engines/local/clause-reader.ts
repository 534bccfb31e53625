// The worker's side of an engine that speaks clause by clause: reads the text of a task and has the engine's net speak its first clause.
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Clause, FrontEnd } from '../text/front-end.ts';
import type { LetterNet } from '../text/unknown.ts';
import type { ClauseJob, ClauseResult, ClauseSound, ReaderData } from './clause-job.ts';
import type { TaskPort } from './crew-member.ts';
import { LETTERS_FILE } from './hibari/files.ts';

/** What the net is given for a clause, without pads, and the clause itself. */
export type SpeakClause<Manner> = (ids: readonly number[], clause: Clause, job: ClauseJob<Manner>) => Promise<Iterable<ClauseSound>>;

export class ClauseReader<Manner> {
  readonly frontEnd: FrontEnd;
  readonly #speak: SpeakClause<Manner>;
  readonly #skipped: string[];

  private constructor(frontEnd: FrontEnd, speak: SpeakClause<Manner>, skipped: string[]) {
    this.frontEnd = frontEnd;
    this.#speak = speak;
    this.#skipped = skipped;
  }

  static async load<Manner>({ words, pronunciations }: ReaderData, speak: SpeakClause<Manner>): Promise<ClauseReader<Manner>> {
    const skipped: string[] = [];
    const net = await loadLetterNet(words);
    return new ClauseReader(await FrontEnd.load(words, { net, pronunciations, onSkipped: (line) => skipped.push(line) }), speak, skipped);
  }

  async perform(job: ClauseJob<Manner>, port: TaskPort): Promise<ClauseResult> {
    this.#skipped.length = 0;
    const [clause, ...rest] = typeof job.say === 'string' ? await this.frontEnd.clauses(job.say) : [job.say];
    const skipped = [...this.#skipped];
    if (!clause || port.aborted) return { pauseMs: 0, rest: [], skipped };
    for (const { samples, ...others } of await this.#speak(this.frontEnd.ids(clause.phonemes), clause, job)) {
      if (port.aborted) break;
      // Only whole memory can be handed over, and this may be a view of some.
      const own = samples.slice();
      port.part({ samples: own, ...others } satisfies ClauseSound, [own.buffer]);
    }
    return { pauseMs: clause.pauseMs, rest, skipped };
  }
}

async function loadLetterNet(folder: string): Promise<LetterNet> {
  const session = await InferenceSession.create(join(folder, LETTERS_FILE), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const [input, output] = [session.inputNames[0] ?? '', session.outputNames[0] ?? ''];
  return async (letters) => {
    const feeds = { [input]: new Tensor('int64', BigInt64Array.from(letters, BigInt), [1, letters.length]) };
    return (await session.run(feeds))[output]?.data as BigInt64Array;
  };
}
