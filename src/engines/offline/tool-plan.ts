// From the conversation to function calls: which, with what, or what must still be asked.
import type { PromptToolChoice } from '../../protocol/prompt.ts';
import type { Conversation, Utterance } from './conversation.ts';
import { answerTo, askFor, askedFor } from './tool-question.ts';
import { type Filling, fill, type Value } from './tool-arguments.ts';
import { bestTool, chooseTool, namesTool, type ToolWords, wordsOfTool } from './tool-choice.ts';
import type { Parameter } from './tool-schema.ts';
import { utterance } from './conversation.ts';
import { goesOn, stillAsked, together, turnBefore } from './unanswered.ts';

/** More at once is no answer to one sentence. */
const MOST_CALLS = 8;

export interface PlannedCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

interface Plan {
  readonly calls: readonly PlannedCall[];
  /** What to ask instead of calling. */
  readonly question?: string;
  /** The words name the function itself: stronger than any skill. */
  readonly certain: boolean;
  /** It is about the last two turns, not only about the last. */
  readonly joined?: boolean;
}

/** What the user's last words ask of the tools; undefined when nothing. */
export function planCalls(conversation: Conversation, choice: PromptToolChoice): Plan | undefined {
  if (choice === 'none' || conversation.tools.length === 0) return undefined;
  const all = conversation.tools.map(wordsOfTool);
  const forced = typeof choice === 'object' ? all.filter((words) => words.tool.name === choice.name) : undefined;
  const tools = forced && forced.length > 0 ? forced : all;
  const must = forced !== undefined || choice === 'required';
  const last = conversation.user.at(-1) ?? utterance('');
  const plan =
    fromAnswer(conversation, tools, last) ??
    fromWords(tools, last) ??
    fromFollowUp(conversation, tools, last) ??
    fromTwoTurns(conversation, tools, last);
  if (plan && !(must && plan.question)) return plan;
  if (!must) return undefined;
  const best = bestTool(tools, last.said)?.words;
  if (!best) return undefined;
  return { calls: expand(best, complete(best, fill(best, last.said))), certain: true };
}

function fromWords(tools: readonly ToolWords[], { said, core }: Utterance): Plan | undefined {
  const segments = segment(tools, said);
  if (segments.length === 0) return undefined;
  const plans = segments.map(({ words, text }) => planOne(words, fill(words, text)));
  const question = plans.find((plan) => plan.question)?.question;
  const certain = segments.some(({ words }) => namesTool(words, core));
  const calls = plans.flatMap((plan) => plan.calls);
  // What is complete is done at once; what is not is asked for when nothing is.
  return question && calls.length === 0 ? { calls: [], question, certain } : { calls: calls.slice(0, MOST_CALLS), certain };
}

interface Segment {
  readonly words: ToolWords;
  readonly text: string;
}

/** `turn on the light and tell me the weather in Rome and in Oslo` → two segments; the last clause belongs to the second. */
function segment(tools: readonly ToolWords[], said: string): Segment[] {
  const whole = chooseTool(tools, said, (words) => saysAll(words, said));
  if (!whole) return [];
  const segments: Segment[] = [];
  let lost = '';
  for (const clause of said.split(/ (?:and then|and also|and|then|also) /i)) {
    const chosen = chooseTool(tools, clause);
    const last = segments.at(-1);
    // `red and blue for two litres`: more values of what was asked already, not a request of their own.
    const isNew = chosen && (chosen.named || chosen.words.tool !== last?.words.tool);
    if (isNew) {
      segments.push({ words: chosen.words, text: `${lost}${clause}` });
      lost = '';
    } else if (last) segments[segments.length - 1] = { words: last.words, text: `${last.text} and ${clause}` };
    else lost += `${clause} and `;
  }
  return segments.length > 1 ? segments : [{ words: whole.words, text: said }];
}

function saysAll(words: ToolWords, said: string): boolean {
  const filling = fill(words, said);
  const needed = words.parameters.filter((parameter) => parameter.required);
  return needed.length > 0 && needed.every((parameter) => filling.has(parameter.key));
}

function planOne(words: ToolWords, filling: Filling): Plan {
  const missing = words.parameters.find((parameter) => isMissing(parameter, filling));
  return missing ? { calls: [], question: askFor(missing), certain: false } : { calls: expand(words, filling), certain: false };
}

/** The user answers a question of ours: the request is some turns back, and each answer since then belongs to its question. */
function fromAnswer(conversation: Conversation, tools: readonly ToolWords[], last: Utterance): Plan | undefined {
  const exchange = [...conversation.exchange];
  const answers: { label: string; text: string }[] = [];
  while (exchange.at(-1)?.who === 'user' && exchange.at(-2)?.who === 'assistant') {
    const label = askedFor(exchange.at(-2)?.text ?? '');
    if (label === undefined) break;
    answers.push({ label, text: exchange.at(-1)?.text ?? '' });
    exchange.splice(-2);
  }
  const request = exchange.at(-1);
  if (answers.length === 0 || request?.who !== 'user') return undefined;
  const words = chooseTool(tools, utterance(request.text).said)?.words ?? (tools.length === 1 ? tools[0] : undefined);
  if (!words) return undefined;
  const filling = fill(words, utterance(request.text).said);
  for (const { label, text } of answers.toReversed()) {
    const parameter = words.parameters.find((one) => one.label === label);
    const value = parameter && answerTo(parameter, utterance(text));
    if (parameter && value !== undefined) filling.set(parameter.key, [value]);
  }
  const current = words.parameters.find((one) => one.label === answers[0]?.label);
  // Not an answer: the user has moved on.
  if (current && !filling.has(current.key) && chooseTool(tools, last.said)?.words.tool !== words.tool) return undefined;
  // The question was about this very function, so no skill may take the answer for something else.
  return { ...planOne(words, filling), certain: current !== undefined && filling.has(current.key) };
}

/** `and in Rome?`, `what about tomorrow`: the last function again with something else. */
function fromFollowUp(conversation: Conversation, tools: readonly ToolWords[], { said }: Utterance): Plan | undefined {
  const changed = said.match(/^(?:and|what about|how about|and what about|and how about) (.+)$/i)?.[1];
  const before = conversation.calls.at(-1);
  const words = tools.find((one) => one.tool.name === before?.name);
  if (!changed || !words || !before || changed.split(' ').length > 6) return undefined;
  const filling: Filling = new Map(Object.entries(before.arguments).map(([key, value]) => [key, [value as Value]]));
  const place = words.parameters.find((parameter) => parameter.kind === 'place');
  let news = fill(words, changed);
  if (news.size === 0 && place) news = fill(words, `in ${changed}`);
  if (news.size === 0) return undefined;
  for (const [key, values] of news) filling.set(key, values);
  return planOne(words, filling);
}

/** A pause cut the sentence in two, and the first half was not answered: `what is the weather` `in paris`. */
function fromTwoTurns(conversation: Conversation, tools: readonly ToolWords[], last: Utterance): Plan | undefined {
  const before = turnBefore(conversation);
  const plan = before && fromWords(tools, together(before, last));
  if (!plan) return undefined;
  const first = fromWords(tools, before);
  // What the first half asks for by itself is no reason to do it again, or to ask again what it lacks.
  if (first && (JSON.stringify(first) === JSON.stringify(plan) || (first.calls.length > 0 && !goesOn(last)))) return undefined;
  return { ...plan, joined: true };
}

/** Calls that earlier turns plainly asked for, when nothing came of those; oldest first. */
export function openCalls(conversation: Conversation, choice: PromptToolChoice, plan: Plan | undefined): readonly PlannedCall[] {
  if (choice !== 'auto' || conversation.tools.length === 0) return [];
  const tools = conversation.tools.map(wordsOfTool);
  const asked = stillAsked(conversation);
  return (plan?.joined ? asked.slice(0, -1) : asked).flatMap((turn) => fromWords(tools, turn)?.calls ?? []).slice(0, MOST_CALLS);
}

function isMissing(parameter: Parameter, filling: Filling): boolean {
  return parameter.required && !filling.has(parameter.key) && parameter.fallback === undefined;
}

/** Something for every required parameter: a call that must be made is made with the best there is. */
function complete(words: ToolWords, filling: Filling): Filling {
  for (const parameter of words.parameters) {
    if (!isMissing(parameter, filling)) continue;
    const anything: Value =
      parameter.kind === 'number'
        ? (parameter.minimum ?? 0)
        : parameter.kind === 'boolean'
          ? true
          : ((parameter.closed ? parameter.values[0] : '') ?? '');
    filling.set(parameter.key, [anything]);
  }
  return filling;
}

/** One call, or one for each value of the parameter that got several. */
function expand(words: ToolWords, filling: Filling): PlannedCall[] {
  const several = words.parameters.find((parameter) => !parameter.list && (filling.get(parameter.key)?.length ?? 0) > 1);
  const count = several ? (filling.get(several.key)?.length ?? 1) : 1;
  return Array.from({ length: count }, (_, index) => {
    const values: Record<string, unknown> = {};
    for (const parameter of words.parameters) {
      const found = filling.get(parameter.key);
      if (found === undefined) {
        if (parameter.required && parameter.fallback !== undefined) values[parameter.key] = parameter.fallback;
      } else if (parameter.list) values[parameter.key] = found.flat();
      else values[parameter.key] = typed(parameter, found[parameter === several ? index : 0] as Value);
    }
    return { name: words.tool.name, arguments: values };
  });
}

function typed(parameter: Parameter, value: Value): Value {
  return parameter.kind === 'choice' && parameter.numeric ? Number(value) : value;
}
