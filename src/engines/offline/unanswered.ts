// What the user's turns mean to each other when several came in a row. The prompt does not tell why nothing was said in between: a pause cut a
// sentence in two, the answer was interrupted before a word of it was heard, or it was deleted.
import type { Conversation, Utterance } from './conversation.ts';
import { utterance } from './conversation.ts';

/** The turn right before the newest, if nothing came of it. */
export function turnBefore({ asking }: Conversation): Utterance | undefined {
  return asking.at(-2);
}

/** It wants what was asked before, and nothing of its own. */
export function urges({ said }: Utterance): boolean {
  return /^(?:(?:um+|uh+|er+|hm+|please|now|come on|go on|go ahead|do it|hurry(?: up)?|yes|yeah|okay|ok|right|well|so|and|thanks|thank you)(?: |$))+$/i.test(
    said,
  );
}

/** It may be the rest of a sentence that was whole without it. */
export function goesOn({ said }: Utterance): boolean {
  return /^(?:in|at|on|to|for|from|with|without|of|by|until|plus|minus|times|divided|over|and|or|than|percent|point|\d)\b/i.test(said);
}

export function together(before: Utterance, last: Utterance): Utterance {
  return utterance(`${before.raw} ${last.raw}`);
}

/** The turns before the newest that still hold: nothing came of them, and the user has not taken them back. */
export function stillAsked({ asking }: Conversation): readonly Utterance[] {
  const takenBack = asking.findLastIndex(({ said }) =>
    /^(?:(?:oh|um+|uh+|er+|okay|ok) )*(?:no|nope|never ?mind|cancel|stop|forget|wait|actually|sorry|do not|don't|i mean|not)\b/i.test(said),
  );
  return asking.slice(Math.max(0, takenBack), -1);
}
