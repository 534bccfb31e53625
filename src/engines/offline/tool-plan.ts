// Which function, if any, the user's words plainly ask for, with what, or what must still be asked. The conversation is the only memory.
import type { PromptTool } from '../../protocol/prompt.ts';
import type { Call, Conversation } from './conversation.ts';
import { fill, type Parameter, parametersOf, readReply } from './tool-arguments.ts';
import { contentStems, humanise, listing, plainName, stems, type Utterance, utterance } from './words.ts';

export type Plan = { readonly call: Call } | { readonly text: string };

/** What the words ask of the functions; undefined when nothing. */
export function planCall(conversation: Conversation, words: Utterance): Plan | undefined {
  const { toolChoice, lines, waiting } = conversation;
  if (toolChoice === 'none') return undefined;
  const all = conversation.tools.map(readTool);
  const named = typeof toolChoice === 'object' ? all.filter(({ name }) => name === toolChoice.name) : [];
  const tools = named.length > 0 ? named : all;
  const mustCall = toolChoice === 'required' || named.length > 0;
  const request = fromReplies(lines, tools) ?? fromWords(tools, words) ?? (mustCall ? bestOf(tools, words) : undefined);
  if (!request) return undefined;
  const missing = request.tool.parameters.find((one) => one.required && one.fallback === undefined && !request.filling.has(one.key));
  if (missing && !mustCall) return { text: questionFor(missing) };
  const call = { name: request.tool.name, arguments: argumentsOf(request) };
  const isWaiting = waiting.some((made) => made.name === call.name && JSON.stringify(made.arguments) === JSON.stringify(call.arguments));
  return isWaiting ? { text: 'One moment, I am still waiting for that.' } : { call };
}

interface Tool {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** Stems of its name: all of them, and those that carry its matter. */
  readonly own: readonly string[];
  readonly matter: readonly string[];
  /** Stems of whatever else it says of itself. */
  readonly about: readonly string[];
}

/** Words of names that say nothing about their matter. */
const generic = new Set(
  stems('get set fetch find lookup look check query run create make update add send do turn switch use start current info details status'),
);

function readTool(tool: PromptTool): Tool {
  const parameters = parametersOf(tool);
  const own = stems(plainName(tool.name));
  const content = contentStems(plainName(tool.name));
  const matter = content.filter((key) => !generic.has(key));
  const values = parameters.flatMap(({ label, choices }) => [label, ...choices.map((choice) => humanise(String(choice)))]);
  const about = contentStems(`${tool.description} ${values.join(' ')}`);
  return { name: tool.name, parameters, own, matter: matter.length > 0 ? matter : content, about };
}

interface Request {
  readonly tool: Tool;
  readonly filling: Map<string, unknown>;
}

function fromWords(tools: readonly Tool[], words: Utterance): Request | undefined {
  return bestOf(
    tools.filter((tool) => isAskedFor(tool, words)),
    words,
  );
}

function bestOf(tools: readonly Tool[], { said }: Utterance): Request | undefined {
  const [tool] = tools.toSorted((a, b) => fit(b, said) - fit(a, said));
  return tool && { tool, filling: fill(tool.parameters, tool.own, said) };
}

/** What the function has in common with the words; those of its name count twice. */
function fit({ matter, about }: Tool, said: string): number {
  return [...new Set(contentStems(said))].reduce((sum, key) => sum + (matter.includes(key) ? 2 : about.includes(key) ? 1 : 0), 0);
}

/** `I love this weather` asks for nothing. */
const remark =
  /^(?:i (?:(?:really|just) )?(?:love|like|hate|enjoy|had|was|read|saw|think|thought|feel|bought|went)|it is|that|this|nice|what an?|my|we)\b/;

function isAskedFor(tool: Tool, { said, core }: Utterance): boolean {
  // `is the kitchen light on` must not switch it on.
  const asksWhether =
    /^(?:is|are|was|were|did|does|has|have)\b/.test(core) && !/^(?:get|fetch|find|look|check|search)/.test(tool.own[0] ?? '');
  if (remark.test(core) || asksWhether) return false;
  const keys = contentStems(said);
  const isNamed = tool.matter.length > 0 && tool.matter.every((key) => keys.includes(key));
  const isDescribed = keys.length > 1 && keys.every((key) => tool.matter.includes(key) || tool.about.includes(key));
  // `play some jazz`, of play_music.
  const begins = stems(core)[0] === tool.own[0] && tool.matter.includes(tool.own[0] ?? '');
  // One word of a longer name is often chance: `recommend me a book` is not book_table.
  return isNamed || isDescribed || begins || (keys.some((key) => tool.matter.includes(key)) && fit(tool, said) > 2);
}

/** The user replies to a question of ours: the request is some turns back, and each reply since then belongs to its question. */
function fromReplies(lines: Conversation['lines'], tools: readonly Tool[]): Request | undefined {
  const before = [...lines];
  const replies: { label: string; words: Utterance }[] = [];
  while (before.at(-1)?.who === 'user') {
    const words = utterance(before.pop()?.text ?? '');
    const label = before.at(-1)?.text.match(/^(?:Which|How many) ([^.?!]+?) should I use\b/)?.[1];
    if (before.pop()?.who !== 'assistant' || label === undefined) {
      const request = replies.length > 0 ? fromWords(tools, words) : undefined;
      return request && isFilled(request, replies) ? request : undefined;
    }
    replies.unshift({ label, words });
  }
  return undefined;
}

/** Puts in what the replies give; false where the last gives nothing, for then the user has moved on. */
function isFilled({ tool, filling }: Request, replies: readonly { label: string; words: Utterance }[]): boolean {
  let value: unknown;
  for (const { label, words } of replies) {
    const parameter = tool.parameters.find((one) => one.label === label);
    value = parameter && readReply(parameter, words);
    if (parameter && value !== undefined) filling.set(parameter.key, parameter.isList ? [value].flat() : value);
  }
  return value !== undefined;
}

/** More choices than this are not read out. */
const SPOKEN_CHOICES = 6;

function questionFor({ label, kind, choices }: Parameter): string {
  if (kind === 'number' && /(?:s|people)$/.test(label)) return `How many ${label} should I use?`;
  const spoken = choices.length > SPOKEN_CHOICES ? [] : choices.map((choice) => humanise(String(choice)));
  return `Which ${label} should I use${spoken.length > 0 ? `: ${listing(spoken, 'disjunction')}` : ''}?`;
}

/** What was said. For what is required and was not, the default, or anything of its type: a call that must be made is made. */
function argumentsOf({ tool, filling }: Request): Record<string, unknown> {
  const anything = ({ kind, choices, fallback, isList }: Parameter): unknown => {
    if (fallback !== undefined) return fallback;
    const value = kind === 'number' ? 0 : kind === 'boolean' ? true : (choices[0] ?? '');
    return isList ? [value] : value;
  };
  const given = tool.parameters.filter(({ key, required }) => required || filling.has(key));
  return Object.fromEntries(given.map((one) => [one.key, filling.has(one.key) ? filling.get(one.key) : anything(one)]));
}
