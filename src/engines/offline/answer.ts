// Decides what the offline assistant says or calls next, in this order: emergencies, results of functions, what it was told to say, functions,
// skills, and last the truth that it does not know.
import type { Clock } from '../../lib/clock.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { type Conversation, readConversation } from './conversation.ts';
import { inEmergency } from './emergency.ts';
import { greeting, sayNow, skills, unknown } from './skills.ts';
import { type Plan, planCall } from './tool-plan.ts';
import { tellResults } from './tool-results.ts';
import { type Utterance, utterance } from './words.ts';

/** At most one function at a time. */
export type Answer = Plan;

export function answer(prompt: Prompt, clock: Clock): Answer {
  const conversation = readConversation(prompt);
  const { open, note, instructions, results, user, asking, toolChoice } = conversation;
  const urgent = open === 'user' ? asking.map(inEmergency).findLast(Boolean) : undefined;
  if (urgent) return { text: urgent };
  if (open === 'results') return { text: tellResults(results) };
  const mustCall = toolChoice === 'required' || typeof toolChoice === 'object';
  const order = sayNow(note, conversation) ?? (mustCall ? undefined : sayNow(instructions, conversation));
  if (order) return { text: order };
  if (mustCall) return planCall(conversation, user.at(-1) ?? utterance('')) ?? { text: unknown(conversation) };
  if (open === 'start') return { text: greeting(conversation) };
  if (open === 'answered') return { text: 'Is there anything else I can do for you?' };
  return fromTurns(conversation, clock) ?? { text: unknown(conversation) };
}

/** It wants what was asked before, and nothing of its own. */
const urges =
  /^(?:(?:um+|uh+|er+|hm+|please|now|come on|go on|go ahead|do it|hurry(?: up)?|yes|yeah|okay|ok|right|well|so|and|thanks|thank you)(?: |$))+$/i;
/** It may be the rest of a sentence that was whole without it. */
const goesOn = /^(?:in|at|on|to|for|from|with|without|of|by|until|plus|minus|times|divided|over|and|or|than|percent|point|\d)\b/i;

/** Answers the newest turn. A pause may have cut its sentence in two: both halves make sense together where it makes none by itself. */
function fromTurns(conversation: Conversation, clock: Clock): Answer | undefined {
  const [last, before] = conversation.asking.toReversed();
  const reply = (words: Utterance) => fromWords(words, conversation, clock);
  if (!last || !before || last.said === '') return last && reply(last);
  const together = utterance(`${before.raw} ${last.raw}`, conversation.name);
  if (urges.test(last.said)) return reply(together) ?? reply(last);
  // What was whole without the last words is not to be said again for them.
  return reply(last) ?? (goesOn.test(last.said) || !reply(before) ? reply(together) : undefined);
}

function fromWords(words: Utterance, conversation: Conversation, clock: Clock): Answer | undefined {
  // What is to be repeated is not to be understood.
  const said = sayNow(words.raw, conversation);
  if (said) return { text: said };
  const planned = planCall(conversation, words);
  if (planned) return planned;
  for (const skill of skills) {
    const text = skill({ ...words, conversation, clock });
    if (text) return { text };
  }
  return undefined;
}
