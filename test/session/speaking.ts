// An agent in the middle of an answer: what barge-in, cancelling and truncating are tried on.
import { Rig, serverVad, wordsOf } from './rig.ts';

export const counting = 'one two three four five six seven eight nine ten';

/** A rig in which the first turn is being answered: ten words, half a second each, of which `madeMs` are made. */
export function speaking(madeMs: number, turnDetection: typeof serverVad | null = serverVad): Rig {
  const rig = new Rig({ turnDetection });
  rig.says('Count to ten.');
  rig.client({ type: 'response.create' });
  rig.hear(200);
  rig.text('resp_1', counting);
  const words = wordsOf(counting, 5000).filter(({ endMs }) => endMs <= madeMs);
  rig.audio('resp_1', madeMs, words);
  return rig;
}

/** What the model was last told of its own answers. */
export function assistantTurns(rig: Rig): string[] {
  return (rig.prompts.at(-1)?.turns ?? []).flatMap((turn) => (turn.role === 'assistant' ? [turn.text] : []));
}
