// Decides what the offline assistant says or calls next: results first, then instructions, tools and skills, and last the truth that
// it does not know.
import type { Clock } from '../../lib/clock.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { type Conversation, readConversation, type Utterance, utterance } from './conversation.ts';
import { follow, greeting } from './directive.ts';
import { inEmergency } from './emergency.ts';
import { skills } from './skills.ts';
import { openCalls, type PlannedCall, planCalls } from './tool-plan.ts';
import type { Skill } from './skill.ts';
import { speakResults } from './tool-results.ts';
import { goesOn, together, turnBefore, urges } from './unanswered.ts';
import { toolAsVerb } from './words.ts';

export type Answer = { text: string } | { calls: readonly PlannedCall[] } | { text: string; calls: readonly PlannedCall[] };

export interface Means {
  readonly clock: Clock;
  /** A whole number from 0 up to, not including, `below`. */
  readonly chance: (below: number) => number;
}

export function answer(prompt: Prompt, parallelCalls: boolean, means: Means): Answer {
  const conversation = readConversation(prompt);
  const urgent = conversation.open === 'user' ? conversation.asking.map(inEmergency).findLast(Boolean) : undefined;
  if (urgent) return { text: urgent };
  if (conversation.open === 'results') return afterResults(conversation, prompt, parallelCalls, means);

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
  // The newest words are answered; what was commanded before them and not done yet is not lost.
  const open = fresh(openCalls(conversation, prompt.toolChoice, plan), conversation);
  const atOnce = (...planned: PlannedCall[]) => planned.slice(0, parallelCalls ? undefined : 1);
  const beside = (text: string): Answer => (open.length > 0 ? { text, calls: atOnce(...open) } : { text });
  if (open.length > 0 && urges(conversation.user.at(-1) ?? nothing)) return { calls: atOnce(...open) };
  if (spoken) return beside(spoken);
  if (calls && calls.length > 0) return { calls: atOnce(...fresh([...open, ...calls], conversation)) };
  if (plan && plan.calls.length > 0 && conversation.waiting.length > 0) return { text: 'One moment, I am still waiting for that.' };
  return beside(plan?.question ?? unknown(conversation));
}

const nothing = utterance('');

/** Tells what came back; with one call at a time, first makes the next one. */
function afterResults(conversation: Conversation, prompt: Prompt, parallelCalls: boolean, means: Means): Answer {
  const choice = prompt.toolChoice === 'none' ? 'none' : 'auto';
  const plan = parallelCalls ? undefined : planCalls(conversation, choice);
  // Rules have answered the newest words already, where they know better than functions what those mean.
  const byRules = plan && prompt.toolChoice === 'auto' && fromSkills(conversation, means, plan.certain, true) !== undefined;
  const planned = plan && !byRules ? plan.calls : [];
  const rest = parallelCalls ? [] : fresh([...openCalls(conversation, choice, plan), ...planned], conversation);
  const next = conversation.results.length < MOST_ROUNDS && conversation.user.length > 0 ? rest.slice(0, 1) : [];
  return next.length > 0 ? { calls: next } : { text: speakResults(conversation.results) };
}

const MOST_ROUNDS = 8;

/** Calls that were not made yet for this request, nor still wait: the same question to the same function has the same answer. */
function fresh(calls: readonly PlannedCall[], conversation: Conversation): PlannedCall[] {
  const made = new Set([...conversation.callsNow, ...conversation.waiting].map(keyOf));
  return calls.filter((call) => !made.has(keyOf(call)) && made.add(keyOf(call)));
}

function keyOf(call: PlannedCall): string {
  return JSON.stringify([call.name, call.arguments]);
}

function fromSkills(conversation: Conversation, means: Means, toolIsCertain: boolean, toolIsPossible: boolean): string | undefined {
  const last = conversation.user.at(-1) ?? nothing;
  const fitting = toolIsCertain ? skills.filter((skill) => skill.quoting) : skills;
  const alone = fromSome(fitting, last, conversation, means);
  if (alone !== undefined || (toolIsPossible && !toolIsCertain)) return alone;
  // A pause may have cut the sentence; the halves make sense together when the last alone does not.
  const before = turnBefore(conversation);
  if (!before || last.said === '') return undefined;
  const whole = together(before, last);
  // By chance the same words might have two answers.
  const first = fromSome(fitting, before, conversation, { ...means, chance: noChance });
  // What was whole without the last words is not to be said again for them.
  if (first !== undefined && !urges(last)) {
    if (!goesOn(last) || first === fromSome(fitting, whole, conversation, { ...means, chance: noChance })) return undefined;
  }
  return fromSome(fitting, whole, conversation, means);
}

const noChance = () => 0;

function fromSome(some: readonly Skill[], words: Utterance, conversation: Conversation, { clock, chance }: Means): string | undefined {
  for (const skill of some) {
    const reply = skill.reply({ ...words, conversation, clock, chance });
    if (reply) return reply;
  }
  return undefined;
}

/** Words of an utterance that are worth quoting back. */
const QUOTED_WORDS = 12;

function unknown(conversation: Conversation): string {
  const { said } = conversation.user.at(-1) ?? nothing;
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
