// Which function, if any, the user's words ask for. Words are weighed by where the function mentions them; the name counts most.
import type { PromptTool } from '../../protocol/prompt.ts';
import { type Parameter, parametersOf } from './tool-schema.ts';
import { contentStems, humanise, isStopWord, nearlySame, stem, wordsOf } from './words.ts';

/** Below this the words are taken for conversation. */
const THRESHOLD = 2.5;
/** From here on it is taken for a request when it also says everything that the function needs. */
const NEARLY = 1.9;

/** What a word is worth that the function mentions there. */
const weight = {
  name: 3,
  nameSynonym: 2.5,
  value: 2,
  parameter: 1.2,
  description: 1,
  descriptionSynonym: 0.7,
  lonelyName: 2,
  beginning: 0.5,
};

/** Words of function names that say nothing about their matter. */
const generic = new Set(
  `get set fetch find lookup look check query call run create make update add control change start current latest new info information
data detail status user value list api tool function perform execute generate handle request do send turn switch use daily now`
    .split(/\s+/)
    .map(stem),
);

/** Each line is one idea; a word may stand for the others in its line. */
const synonymLines = [
  'weather forecast temperature rain raining rainy sunny snow umbrella cold warm hot degrees windy climate',
  'book reserve reservation booking',
  'light lamp bulb lights lighting',
  'horoscope zodiac astrology astrological stars',
  'search find look lookup google browse',
  'buy purchase order',
  'cancel delete remove',
  'appointment meeting calendar event schedule',
  'message text sms',
  'email mail',
  'call phone ring dial',
  'music song play track album',
  'price cost worth quote expensive',
  'stock share shares',
  'news headline headlines',
  'timer alarm countdown',
  'reminder remind',
  'translate translation',
  'thermostat heating heater temperature',
  'transfer human agent representative operator person handoff',
  'restaurant dinner lunch eat food',
  'flight fly plane',
  'hotel accommodation',
  'time clock',
  'dice die',
  'people person guest guests adults party seats',
  'order delivery package parcel shipment shipping track',
  'account balance bank',
  'volume loud louder quiet quieter',
  'door gate lock unlock',
  'hang end hangup goodbye',
  'calculate calculator compute math',
  'direction directions route navigate',
];
const ideas = new Map<string, number[]>();
synonymLines.forEach((line, idea) => {
  for (const word of line.split(' ')) ideas.set(stem(word), [...(ideas.get(stem(word)) ?? []), idea]);
});

export interface ToolWords {
  readonly tool: PromptTool;
  readonly parameters: readonly Parameter[];
  /** Stems of the name that carry its matter. */
  readonly name: readonly string[];
  readonly values: ReadonlySet<string>;
  readonly parameterWords: ReadonlySet<string>;
  readonly description: readonly string[];
}

export function wordsOfTool(tool: PromptTool): ToolWords {
  const parameters = parametersOf(tool);
  const all = wordsOf(humanise(tool.name)).map(stem);
  const matter = all.filter((key) => !generic.has(key) && !isStopWord(key));
  return {
    tool,
    parameters,
    name: matter.length > 0 ? matter : all.filter((key) => !isStopWord(key)),
    values: new Set(parameters.flatMap((parameter) => parameter.values.flatMap((value) => contentStems(humanise(value))))),
    parameterWords: new Set(parameters.flatMap((parameter) => contentStems(parameter.label))),
    description: contentStems(tool.description),
  };
}

interface Choice {
  /** Whether a word of the function's name, or one that means the same, was said. */
  readonly named: boolean;
  readonly words: ToolWords;
  readonly score: number;
}

/**
 * The best fitting function, if it fits well enough to be meant. `isComplete` may speak for one that fits a little less: who says
 * all that a function needs most likely wants it.
 */
export function chooseTool(tools: readonly ToolWords[], text: string, isComplete?: (words: ToolWords) => boolean): Choice | undefined {
  const best = bestTool(tools, text);
  if (!best || best.score < NEARLY) return undefined;
  return best.score >= THRESHOLD || (best.named && isComplete?.(best.words)) ? best : undefined;
}

/** The best fitting function, however badly it fits. */
export function bestTool(tools: readonly ToolWords[], text: string): Choice | undefined {
  const scored = tools.map((words) => ({ words, ...score(words, text) }));
  return scored.reduce<Choice | undefined>((best, one) => (best && best.score >= one.score ? best : one), undefined);
}

/** Whether the words name the matter of the function completely; such a function goes before what the assistant can do itself. */
export function namesTool({ name }: ToolWords, text: string): boolean {
  const keys = contentStems(text);
  return name.length > 0 && name.every((part) => keys.includes(part));
}

function score(tool: ToolWords, text: string): Omit<Choice, 'words'> {
  const keys = [...new Set(contentStems(text))];
  const named = new Set<string>();
  let other = 0;
  let sum = 0;
  for (const key of keys) {
    const same = tool.name.filter((part) => nearlySame(part, key));
    const alike = tool.name.filter((part) => sameIdea(part, key));
    for (const part of [...same, ...alike]) named.add(part);
    if (same.length > 0) sum += weight.name;
    else if (alike.length > 0) sum += weight.nameSynonym;
    else other += worthOf(tool, key);
  }
  sum += other;
  const first = keys[0] ?? '';
  // A request begins with what is to be done: `play …`, `remind me …`.
  const begins = tool.name.some((part) => nearlySame(part, first) || sameIdea(part, first));
  if (begins) sum += weight.beginning;
  // One word of a longer name is often chance: `recommend me a book` is not book_table.
  if (tool.name.length > 1 && named.size === 1 && other < 1 && !(begins && first === tool.name[0])) sum = Math.min(sum, weight.lonelyName);
  const share = asksAboutState(tool, text) ? 0.25 : asksForNothing(text) ? 0.5 : 1;
  return { score: sum * share, named: named.size > 0 };
}

/** `is the kitchen light on` must not switch it on. */
function asksAboutState({ tool }: ToolWords, text: string): boolean {
  const acts =
    /^(?:set|turn|switch|book|reserve|send|create|add|delete|remove|cancel|order|buy|start|stop|open|close|lock|unlock|end|transfer|update|play|control|toggle)\b/;
  return acts.test(humanise(tool.name)) && /^(?:is|are|was|were|did|does|has|have) (?!it possible|you able|there any)/i.test(text);
}

function worthOf(tool: ToolWords, key: string): number {
  if ([...tool.values].some((value) => nearlySame(value, key))) return weight.value;
  if (tool.parameterWords.has(key)) return weight.parameter;
  if (generic.has(key)) return 0;
  if (tool.description.includes(key)) return weight.description;
  if ([...tool.parameterWords].some((part) => sameIdea(part, key))) return weight.descriptionSynonym;
  return tool.description.some((part) => sameIdea(part, key)) ? weight.descriptionSynonym : 0;
}

export function sameIdea(a: string, b: string): boolean {
  const mine = ideas.get(a);
  return mine !== undefined && (ideas.get(b)?.some((idea) => mine.includes(idea)) ?? false);
}

/** `I love this weather`: a remark, not a request. */
function asksForNothing(text: string): boolean {
  const lower = text.toLowerCase();
  const remark =
    /^(?:i (?:really )?(?:love|like|hate|enjoy|had|was|read|saw|think|thought|feel|bought|went)\b|it is (?!.*\?)|that |this is |nice |what an? |my |we (?:had|were|went) )/.test(
      lower,
    );
  return remark && !/\b(?:what is|what are|how|can you|could you|please|tell me|show me|i want|i need|would like)\b/.test(lower);
}
