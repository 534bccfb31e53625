// Decides what the offline assistant says or calls next: results first, then instructions, tools and skills, and last the truth that
// it does not know.
import type { Clock } from '../../lib/clock.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { type Conversation, readConversation, utterance } from './conversation.ts';
import { follow, greeting } from './directive.ts';
import { inEmergency } from './emergency.ts';
import { skills } from './skills.ts';
import { type PlannedCall, planCalls } from './tool-plan.ts';
import { speakResults } from './tool-results.ts';
import { toolAsVerb } from './words.ts';

export type Answer = { text: string } | { calls: readonly PlannedCall[] };

export interface Means {
  readonly clock: Clock;
  /** A whole number from 0 up to, not including, `below`. */
  readonly chance: (below: number) => number;
}

export function answer(prompt: Prompt, parallelCalls: boolean, means: Means): Answer {
  const conversation = readConversation(prompt);
  const urgent = conversation.open === 'user' ? inEmergency(conversation.user.at(-1) ?? utterance('')) : undefined;
  if (urgent) return { text: urgent };
  if (conversation.open === 'results') return afterResults(conversation, prompt, parallelCalls);

  const note = conversation.note && follow(conversation.note, conversation);
  if (note) return { text: note };
  const must = prompt.toolChoice === 'required' || typeof prompt.toolChoice === 'object';
  if (!must) {
    const order = follow(conversation.instructions, conversation);
    // A greeting belongs to the beginning; anything else the instructions want said is meant for now.
    const greets = /^\W*(?:please )?(?:start|begin|greet|welcome|introduce|open)/i.test(conversation.instructions);
    if (order && (conversation.open !== 'user' || !greets)) return { text: order };
    if (conversation.open === 'start') return { text: greeting(conversation) };
    if (conversation.open === 'answered') return { text: 'Is there anything else I can do for you?' };
  }

  const plan = planCalls(conversation, prompt.toolChoice);
  const calls = plan && fresh(plan.calls, conversation);
  const spoken = must
    ? undefined
    : fromSkills(conversation, means, plan?.certain ?? false, calls !== undefined || plan?.question !== undefined);
  if (spoken) return { text: spoken };
  if (calls && calls.length > 0) return { calls: parallelCalls ? calls : calls.slice(0, 1) };
  if (plan && plan.calls.length > 0 && conversation.waiting.length > 0) return { text: 'One moment, I am still waiting for that.' };
  return { text: plan?.question ?? unknown(conversation) };
}

/** Tells what came back; with one call at a time, first makes the next one. */
function afterResults(conversation: Conversation, prompt: Prompt, parallelCalls: boolean): Answer {
  const rest = parallelCalls
    ? []
    : fresh(planCalls(conversation, prompt.toolChoice === 'none' ? 'none' : 'auto')?.calls ?? [], conversation);
  const next = conversation.results.length < MOST_ROUNDS && conversation.user.length > 0 ? rest.slice(0, 1) : [];
  return next.length > 0 ? { calls: next } : { text: speakResults(conversation.results) };
}

const MOST_ROUNDS = 8;

/** Calls that were not made yet for this request, nor still wait: the same question to the same function has the same answer. */
function fresh(calls: readonly PlannedCall[], conversation: Conversation): PlannedCall[] {
  const made = new Set([...conversation.callsNow, ...conversation.waiting].map((call) => JSON.stringify([call.name, call.arguments])));
  return calls.filter((call) => !made.has(JSON.stringify([call.name, call.arguments])));
}

function fromSkills(conversation: Conversation, means: Means, toolIsCertain: boolean, toolIsPossible: boolean): string | undefined {
  const last = conversation.user.at(-1) ?? utterance('');
  const earlier = conversation.exchange.at(-2);
  // A pause may have cut the sentence; the halves make sense together when the last alone does not.
  const joined = earlier?.who === 'user' && last.said !== '' ? utterance(`${earlier.text} ${last.raw}`) : undefined;
  for (const words of [last, ...(joined ? [joined] : [])]) {
    for (const skill of skills) {
      if (toolIsPossible && (toolIsCertain ? !skill.quoting : words === joined)) continue;
      const reply = skill.reply({ ...words, conversation, clock: means.clock, chance: means.chance });
      if (reply) return reply;
    }
  }
  return undefined;
}

/** Words of an utterance that are worth quoting back. */
const QUOTED_WORDS = 12;

function unknown(conversation: Conversation): string {
  const { said } = conversation.user.at(-1) ?? utterance('');
  const turn = conversation.user.length;
  if (said === '' || /^(?:unintelligible|inaudible|silence|noise|blank audio|unk|music)$/i.test(said)) {
    if (conversation.picture) return 'I see that you sent a picture, but without a language model I cannot look at it.';
    return ['Sorry, I did not catch that. Could you say it again?', 'I could not make that out. Please say it once more.'][
      turn % 2
    ] as string;
  }
  const words = said.split(' ');
  const quoted = words.length > QUOTED_WORDS ? `${words.slice(0, QUOTED_WORDS).join(' ')}…` : said;
  const offers = [...conversation.tools.slice(0, 3).map(toolAsVerb), ...skills.flatMap((skill) => skill.offer ?? [])];
  const at = conversation.tools.length > 0 ? 0 : turn * 2;
  const [first, second] = [offers[at % offers.length], offers[(at + 1 + (conversation.tools.length > 0 ? turn : 0)) % offers.length]];
  const forms = [
    `I understood "${quoted}", but without a language model I cannot answer that. I can ${first} or ${second}.`,
    `You said "${quoted}". That is beyond what I can do without a language model, but I can ${first} or ${second}.`,
    `I heard "${quoted}", and for that I would need a language model. What I can do is ${first}, or ${second}.`,
  ];
  return forms[turn % forms.length] as string;
}
