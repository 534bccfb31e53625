// A thread that speaks one clause at a time: reads its text, asks the net, and posts sound as soon as there is some.
import { ClauseReader } from '../clause-reader.ts';
import { memberData, serve, type TaskPort } from '../crew-member.ts';
import { characters } from './characters.ts';
import type { HibariJob, HibariManner, HibariWorkerData } from './hibari-job.ts';
import { HibariNet } from './net.ts';
import { netSpeed, stretchOf } from './pace.ts';
import { speakClause } from './speech.ts';

const data = memberData() as HibariWorkerData;
const net = await HibariNet.load(data.folder);
const reader = await ClauseReader.load<HibariManner>(data, async (ids, { words }, { manner: { character, pace }, speed }) => {
  const recital = await net.recite([0, ...ids, 0], netSpeed(character, speed * pace));
  return speakClause(recital, words, character, stretchOf(recital, character, speed * pace));
});
await warmUp();
serve((job: HibariJob, port) => reader.perform(job, port));

/** Machine code gets fast by being used, and the first run of a net plans its memory. */
async function warmUp(): Promise<void> {
  const deaf: TaskPort = { aborted: false, part: () => {} };
  const say = 'Good morning, Mrs Quobbleton; how can I help you today?';
  for (const name of ['heart', 'large', 'deep', 'heart'] as const) {
    const manner = { character: characters[name], pace: 1 };
    await reader.perform({ say: say.split(', ').at(-1) as string, manner, speed: 1 }, deaf);
  }
  await reader.frontEnd.clauses(say);
}
