// Which function, if any, the user's words plainly ask for, with what, or what must still be asked. The conversation is the only memory.
import type { PromptTool } from '../../protocol/prompt.ts';
import type { Call, Conversation } from './conversation.ts';
import { fill, isTime, type Parameter, parametersOf } from './tool-arguments.ts';
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
  const request = withReplies(lines, tools) ?? fromWords(tools, words) ?? (mustCall ? bestOf(tools, words) : undefined);
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

/** What a function is for stands at the beginning; a long text says a bit of everything. */
const DESCRIBED_CHARS = 200;

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
  const about = contentStems(`${tool.description.slice(0, DESCRIBED_CHARS)} ${values.join(' ')}`);
  return { name: tool.name, parameters, own, matter: matter.length > 0 ? matter : content, about };
}

interface Request {
  readonly tool: Tool;
  readonly filling: Map<string, unknown>;
}

function bestOf(tools: readonly Tool[], { said }: Utterance): Request | undefined {
  const [tool] = tools.toSorted((a, b) => fit(b, said) - fit(a, said));
  return tool && { tool, filling: fill(tool.parameters, tool.own, said) };
}

/** What the function has in common with the words; those of its name count twice. */
function fit({ matter, about }: Tool, said: string): number {
  return [...new Set(contentStems(said))].reduce((sum, key) => sum + (matter.includes(key) ? 2 : about.includes(key) ? 1 : 0), 0);
}

/** `I love this weather` asks for nothing, and `is the kitchen light on` not to switch it on. */
const remark =
  /^(?:i (?:(?:really|just) )?(?:love|like|hate|enjoy|had|was|read|saw|think|thought|feel|bought|went)|it is|that|this|nice|what an?|my|we)\b/;
const question = /^(?:is|are|was|were|did|does|has|have)\b/;

/** The functions whose name is said, or enough of it. */
function asked(tools: readonly Tool[], { said, core }: Utterance): Tool[] {
  const keys = contentStems(said);
  const [verb = ''] = stems(core);
  const begun = tools.filter(({ own, matter }) => own[0] === verb && matter.includes(verb));
  return tools.filter((tool) => {
    const { own, matter, about } = tool;
    if (remark.test(core) || (question.test(core) && !/^(?:get|fetch|find|look|check|search)/.test(own[0] ?? ''))) return false;
    const isNamed = matter.length > 0 && matter.every((key) => keys.includes(key));
    // `play some jazz`, of play_music; `end the call`, of hang_up, which ends the call.
    const isBegun = begun.length === 1 && begun.includes(tool);
    const isDescribed = keys.length > 1 && keys.every((key) => matter.includes(key) || about.includes(key));
    // One word of a longer name is often chance: `recommend me a book` is not book_table.
    return isNamed || isBegun || isDescribed || (keys.some((key) => matter.includes(key)) && fit(tool, said) > 2);
  });
}

/** Of two functions that are asked for in one sentence the first is called, and nothing that is said of the other becomes an argument of it. */
function fromWords(tools: readonly Tool[], words: Utterance): Request | undefined {
  const clauses = words.said.split(/ (?:and then|and also|and|then) /i).map((clause) => utterance(clause));
  const [first, second] = clauses.filter((clause) => asked(tools, clause).length > 0);
  const clause = first && second ? first : words;
  return bestOf(asked(tools, clause), clause);
}

const noReply = /^(?:never ?mind|cancel|stop|forget|nothing|no thanks|i do not know|what|who|how|why|when|where|tell me|which)\b/;

/** A reply to a question of ours is read as if the request had said it: `what's the weather and location is paris`. */
function withReplies(lines: Conversation['lines'], tools: readonly Tool[]): Request | undefined {
  const last = utterance(lines.at(-1)?.text ?? '');
  const label = labelIn(lines.at(-2));
  if (label === undefined || noReply.test(last.core)) return undefined;
  let said = '';
  let at = lines.length - 1;
  for (let next: string | undefined = label; next !== undefined; next = labelIn(lines[at - 1])) {
    said = ` and ${next} ${isTime.test(next) ? 'at' : 'is'} ${lines[at]?.text ?? ''}${said}`;
    at -= 2;
  }
  const words = utterance(`${lines[at]?.text ?? ''}${said}`);
  const request = bestOf(asked(tools, words), words);
  // Where the reply gives nothing, or asks for something else, the user has moved on.
  const isGiven = request?.tool.parameters.some((one) => one.label === label && request.filling.has(one.key));
  const other = bestOf(asked(tools, last), last);
  return isGiven && (!other || other.tool === request?.tool) ? request : undefined;
}

function labelIn(line: Conversation['lines'][number] | undefined): string | undefined {
  return line?.who === 'assistant' ? line.text.match(/^(?:Which|How many) ([^.?!]+?) should I use\b/)?.[1] : undefined;
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
  const given = tool.parameters.filter(({ key, required }) => required || filling.has(key));
  return Object.fromEntries(
    given.map(({ key, kind, choices, fallback, isList }) => {
      const anything = fallback ?? (kind === 'number' ? 0 : kind === 'boolean' ? true : (choices[0] ?? ''));
      const value = filling.has(key) ? filling.get(key) : anything;
      return [key, isList ? [value].flat() : value];
    }),
  );
}
