// A thread that speaks one clause at a time: reads its text, asks the net, and posts sound as soon as there is some.
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { FrontEnd } from '../../text/front-end.ts';
import type { LetterNet } from '../../text/unknown.ts';
import { memberData, serve, type TaskPort } from '../crew-member.ts';
import { characters } from './characters.ts';
import { LETTERS_FILE } from './files.ts';
import type { HibariJob, HibariResult, HibariWorkerData } from './hibari-job.ts';
import { HibariNet } from './net.ts';
import { netSpeed, stretchOf } from './pace.ts';
import { speakClause } from './speech.ts';

const { folder, pronunciations } = memberData() as HibariWorkerData;
let skipped: string[] = [];
const net = await HibariNet.load(folder);
const frontEnd = await FrontEnd.load(folder, { net: await loadLetterNet(), pronunciations, onSkipped: (line) => skipped.push(line) });
await warmUp();
serve(perform);

async function perform({ say, character, speed }: HibariJob, port: TaskPort): Promise<HibariResult> {
  skipped = [];
  const [clause, ...rest] = typeof say === 'string' ? await frontEnd.clauses(say) : [say];
  if (!clause || port.aborted) return { pauseMs: 0, rest: [], skipped };
  const recital = await net.recite([0, ...frontEnd.ids(clause.phonemes), 0], netSpeed(character, speed));
  if (!port.aborted) {
    for (const { samples, words } of speakClause(recital, clause.words, character, stretchOf(recital, character, speed))) {
      if (port.aborted) break;
      // Only whole memory can be handed over, and this may be a view of some.
      const own = samples.slice();
      port.part({ samples: own, words }, [own.buffer]);
    }
  }
  return { pauseMs: clause.pauseMs, rest, skipped };
}

async function loadLetterNet(): Promise<LetterNet> {
  const session = await InferenceSession.create(join(folder, LETTERS_FILE), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const [input, output] = [session.inputNames[0] ?? '', session.outputNames[0] ?? ''];
  return async (letters) => {
    const feeds = { [input]: new Tensor('int64', BigInt64Array.from(letters, BigInt), [1, letters.length]) };
    return (await session.run(feeds))[output]?.data as BigInt64Array;
  };
}

/** Machine code gets fast by being used, and the first run of a net plans its memory. */
async function warmUp(): Promise<void> {
  const deaf: TaskPort = { aborted: false, part: () => {} };
  const say = 'Good morning, Mrs Quobbleton; how can I help you today?';
  for (const name of ['heart', 'large', 'deep', 'heart'] as const) {
    await perform({ say: say.split(', ').at(-1) as string, character: characters[name], speed: 1 }, deaf);
  }
  await frontEnd.clauses(say);
}
