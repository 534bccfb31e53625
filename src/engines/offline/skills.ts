// What the offline assistant says by itself. A skill answers what it is made for and passes on everything else.
import type { Conversation, Skill } from './conversation.ts';
import { findNumbers, numberInWords } from './numbers.ts';
import { sum } from './sums.ts';
import { date, time } from './time.ts';
import { listing, plainName, sentence, titleCase, type Utterance } from './words.ts';

const itself = "Parley's offline assistant: a set of rules that runs without a language model";
const toConnect = 'set OPENAI_API_KEY, or the key of another provider, and start the server again, or run Ollama beside it';

const abilities = ['tell the time and the date', 'do arithmetic', 'count', 'repeat your words', 'remember what you tell me'];

/** Sentences that have one answer, whatever was said before. The assistant tells the truth about itself, whatever name and nature the instructions give it. */
const phrases: readonly [said: RegExp, reply: (conversation: Conversation) => string][] = [
  [
    /^(?:hello|hi|hey|good (?:morning|afternoon|evening|day))(?: (?:there|again|everyone|everybody|parley|assistant|computer))*$/,
    ({ name }) => (name ? `Hello, I'm ${name}. How can I help you?` : 'Hello! How can I help you?'),
  ],
  [/^(?:hear me(?: now)?|are you (?:still )?(?:there|listening)|is (?:anybody|anyone) there|testing)$/, () => 'Yes, I can hear you.'],
  [/^how are you(?: doing| today)*$/, () => 'I am fine, thank you. What can I do for you?'],
  [/^(?:many )?(?:thanks|thank you)(?: (?:so|very|much|a lot|again|for .+))*$/, () => "You're welcome."],
  [/^(?:good ?bye|bye(?: bye)?|see you(?: later| soon| tomorrow)?|good night)$/, () => 'Goodbye!'],
  [
    // People say these mostly while an answer is being spoken.
    /^(?:(?:no|wait|hold on|stop|please|now|it|that|talking|counting|be quiet|quiet|enough|cancel|never ?mind|forget|okay|ok|yes|yeah|fine|good|all ?right)(?: |$))+$/,
    () => 'Okay.',
  ],
  [
    /^(?:tell me )?(?:what(?: is)? your name(?: is)?|your name|what are you called|what should i call you)$/,
    ({ name }) => (name ? `My name is ${name}.` : "I am Parley's offline assistant. You can call me Parley."),
  ],
  [
    /^(?:tell me )?(?:who|what) (?:are you|you are|am i (?:talking|speaking) (?:to|with))\b|^are you (?:an? |the )?(?:real )?(?:robot|human|person|machine|bot|computer|ai|a i|assistant|language model|gpt|chat ?gpt|alive|real|offline)\b|^(?:what|which) (?:language |ai )?(?:model|llm)\b|^(?:introduce yourself|tell me about yourself)/,
    ({ name }) => (name ? `I'm ${name}. To be exact, I am ${itself}.` : `I am ${itself}.`),
  ],
  [
    /\bhow\b.*\b(?:connect|add|use|set ?up|install|configure|enable|switch to|get|give)\b.*\b(?:model|llm|gpt|chat ?gpt|open ?ai|ollama|provider)\b/,
    () => `To give me a real language model, ${toConnect}.`,
  ],
  [
    /^(?:what (?:can|could|else can) you (?:do|help)|how can you help|help(?: me)?$|(?:tell me )?what you can do)\b/,
    ({ tools }) => `I can ${listing([...abilities, ...tools.slice(0, 4).map(toolAsVerb)])}.`,
  ],
  [
    /^(?:(?:say|repeat) (?:that|it|this)(?: again)?|repeat(?: yourself)?|say again|again|pardon(?: me)?|what(?: did you(?: just)? say)?|one more time)$/,
    ({ lines }) => {
      const last = lines.findLast(({ who }) => who === 'assistant')?.text;
      return last ? `I said: ${last.replace(/^I said: /, '')}` : 'I have not said anything yet.';
    },
  ],
];

const phrase: Skill = ({ core, conversation }) => phrases.find(([said]) => said.test(core))?.[1](conversation);

/** `book_table` → `book table`, `weather` → `use weather`. */
function toolAsVerb(tool: { readonly name: string }): string {
  const words = plainName(tool.name);
  return words.includes(' ') ? words : `use ${words}`;
}

const LONGEST_COUNT = 200;

/** The longest thing the assistant can say, and so the thing to interrupt. */
const counting: Skill = ({ core }) => {
  if (!/^(?:start )?count(?:ing)?\b/.test(core)) return undefined;
  const by = /\b(?:by|in) (\w+?)s?\b/;
  const isDown = /\b(?:down|backwards?|back)\b/.test(core);
  // `to` is heard where `two` was said: `count from one to to`.
  const [first, second = isDown ? 1 : undefined] = numbersIn(core.replace(by, '').replace(/ to$/, ' two'));
  const step = Math.max(1, numbersIn(core.match(by)?.[1] ?? '')[0] ?? 1);
  if (first === undefined) return 'Gladly. To which number should I count?';
  const [from, to] = second === undefined ? [step, first] : isDown ? [Math.max(first, second), Math.min(first, second)] : [first, second];
  if (Math.max(Math.abs(from), Math.abs(to)) > 999_999) return 'That is further than I can count.';
  const wanted = Math.floor(Math.abs(to - from) / step) + 1;
  const numbers = Array.from({ length: Math.min(wanted, LONGEST_COUNT) }, (_, index) =>
    numberInWords(from + index * (to < from ? -step : step)),
  );
  return `${sentence(numbers.join(', '))}${wanted > LONGEST_COUNT ? ` I stop here, after ${LONGEST_COUNT} numbers.` : ''}`;
};

function numbersIn(text: string): number[] {
  return findNumbers(text.split(' ')).map(({ value }) => Math.round(value));
}

/** What the user tells of himself: a name, `my favorite color is blue`. */
function factIn({ said }: Utterance): { thing: string; verb: string; value: string } | undefined {
  const name = said
    .match(/\b(?:my name is|my name's|call me)(?: called)? ([\p{L}'-]+(?: [\p{L}'-]+)?)/iu)?.[1]
    ?.replace(/ (?:and|what|nice|please|but|so|by|from|the|can|could|i|who|is|not)\b.*$/i, '');
  if (name && !/^(?:back|later|what|is|not|a|an|the|when|if|tomorrow|at)\b/i.test(name))
    return { thing: 'name', verb: 'is', value: titleCase(name) };
  const [, thing, verb, value] = said.match(/\bmy ((?!name\b)[\p{L}' -]+?) (is|are|was) (?!what\b|it\b)(.+)$/iu) ?? [];
  if (!thing || !verb || !value) return undefined;
  return { thing: thing.toLowerCase(), verb: verb.toLowerCase(), value: value.replace(/\bmy\b/gi, 'your') };
}

const learning: Skill = (words) => {
  const fact = /^(?:remember (?:that )?)?(?:my|they call me|call me) /.test(words.core) ? factIn(words) : undefined;
  if (!fact) return undefined;
  return fact.thing === 'name' ? `Nice to meet you, ${fact.value}.` : `Noted: your ${fact.thing} ${fact.verb} ${fact.value}.`;
};

/** Nothing is kept between two replies: what was told stands in the conversation. */
const recalling: Skill = ({ core, conversation: { remembered, user } }) => {
  const asked = /^(?:my name|who am i|what am i called)$/.test(core)
    ? 'name'
    : core.match(
        /^(?:(?:do you )?(?:know|remember|say)|tell me|what|(?:what|who|where|which) (?:is|are|was))(?: what)? ?my ([\p{L}' -]+?)(?: is| are)?$/u,
      )?.[1];
  if (!asked) return undefined;
  const fact = [...remembered, ...user.slice(0, -1)].map(factIn).findLast((told) => told?.thing === asked);
  if (fact) return `Your ${asked} ${fact.verb} ${fact.value}.`;
  return `You have not told me your ${asked} yet.${asked === 'name' ? ' Say: my name is, and then your name.' : ''}`;
};

/** In the order in which they are tried. */
export const skills: readonly Skill[] = [phrase, learning, recalling, time, date, counting, sum];

/** Longer texts describe a character; they are not one thing to say. */
const ONE_ORDER_CHARS = 400;

const orderPattern =
  /^(?:(?:hey|okay|ok|now|please|hello|hi|parley|could you|can you|would you|will you|i want you to|you (?:should|must)|just|only|simply)[\s,]+)*(?:say|reply with|respond with|answer with|repeat)((?: (?:after me|exactly|only|just|verbatim|out loud|this(?=:)|the (?:following|words?|sentence|phrase|text)(?: (?:words?|sentence|phrase|text))?))*)[\s:,;.]+(.+)$/is;
/** `Say that again` wants something else said than these words; `repeat after me what …` does not. */
const notToBeSaid =
  /^(?:(?:that|it|this)(?: again)?[.?!]*$|(?:again|something|anything|yourself|what|who|how|why|your|my name|the (?:time|date|last))\b)/i;
const listener = /(?<=.) to (?:the )?(?:user|caller|customer|listener|client)(?=[.!]?$)/i;

/** What a text orders to be said now, in the words to say: `Say exactly: Hello.`, `repeat after me hello`. Undefined when it is no such order. */
export function sayNow(text: string, conversation: Conversation): string | undefined {
  const order = text.trim();
  const isOrder = order.length <= (/^say exactly:/i.test(order) ? 10 : 1) * ONE_ORDER_CHARS;
  const [, exactly, rest = ''] = (isOrder ? order : '').match(orderPattern) ?? [];
  const given = exactly ? rest : rest.replace(/[\s,]+please[.!]?$/i, '').replace(listener, '');
  if (!exactly && notToBeSaid.test(given)) return undefined;
  // Applications open a conversation so.
  if (/^(?:hello|hi)\b.* and (?:ask|offer|introduce|tell)\b/i.test(given)) return greeting(conversation);
  const words = given.replace(/^["“'‘\s]+|["”'’\s]+$/g, '').replace(/["”'’](?=[.?!]$)/, '');
  return words === '' ? undefined : sentence(words);
}

/** The first words of a conversation, as the instructions want them where they quote them. */
export function greeting({ instructions, name }: Conversation): string {
  const quoted = instructions.match(
    /\b(?:greet|greeting|welcome|say|saying|begin|start|open|opening|introduce)\b[^.\n"“]{0,80}["“]([^"”]{2,200})["”]/i,
  )?.[1];
  return quoted ? sentence(quoted) : `Hello, I'm ${name ?? "Parley's offline assistant"}. How can I help you?`;
}

const QUOTED_WORDS = 12;

/** Says what was understood, that there is no answer to it, and, the first time, what would give one. */
export function unknown({ user, lines, tools, hasPicture }: Conversation): string {
  const said = user.at(-1)?.said ?? '';
  if (said === '' && hasPicture) return 'I see that you sent a picture, but without a language model I cannot look at it.';
  if (said === '' || /^(?:unintelligible|inaudible|silence|noise|blank audio|unk|music)$/i.test(said))
    return 'Sorry, I did not catch that. Could you say it again?';
  const words = said.split(' ');
  const quoted = words.length > QUOTED_WORDS ? `${words.slice(0, QUOTED_WORDS).join(' ')}…` : said;
  const offer = listing([...tools.map(toolAsVerb), 'tell you the time', 'do arithmetic'].slice(0, 2), 'disjunction');
  return lines.some(({ who, text }) => who === 'assistant' && text.includes('without a language model'))
    ? `You said "${quoted}". That is beyond what I can do without a language model, but I can ${offer}.`
    : `You said "${quoted}". I am ${itself}, so I cannot answer that, but I can ${offer}. To give me a model, ${toConnect}.`;
}
