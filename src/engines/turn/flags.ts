// Whether the words so far show that their speaker is not done: a function word, a hesitation, digits under way, a clause that only opens
// another. English. Such a flag says more than no flag does: most phrases that could end go on all the same.
import type { Unfinished } from '../engine.ts';

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '));
}

const QUESTION_WORDS = words('who whom what which where when how why');
const SUBJECTS = words('i you he she it we they that this there');
const BE = words('am is are was were');
const AUXILIARIES = new Set([
  ...words('am is are was were has had does did will would can could should shall may might must cannot'),
  ...words("can't won't don't doesn't didn't isn't aren't wasn't weren't wouldn't couldn't shouldn't haven't hasn't hadn't"),
]);
/** Prepositions that end a question (`who is this for`), and nothing else. */
const PREPOSITIONS = words('at from with by to for about into onto through in on near under behind');
const CONJUNCTIONS = words('and or but because if when while although unless whether since nor until');

/** After these no sentence stops. */
const NEVER_LAST = new Set([
  ...words('a an the every another my your our their its whose'), // determiners and possessives
  ...words('than as per via without between among during toward towards'), // prepositions that are not stranded
  ...words('and or but because if while although unless whether nor until'), // conjunctions
  ...words("i'm i'll i've i'd you're you'll you've you'd he'll she'll we're we'll we've we'd they're they'll they've they'd"), // half-said verbs
  ...words("he's she's it's it'll that's there's what's who's where's how's let's gonna wanna gotta"),
  ...words('very dot underscore dash slash'), // `very`, and what is spelled
]);

/** These end as many sentences as they leave open: what stands before decides. */
const SOMETIMES_LAST: readonly { last: ReadonlySet<string>; open: (before: readonly string[]) => boolean }[] = [
  { last: words('his those these'), open: (before) => !BE.has(before.at(-1) ?? '') && !PREPOSITIONS.has(before.at(-1) ?? '') },
  {
    last: words('this some any each'),
    open: (before) => !isOneOf(before, 'is was do did like with about for of to at in on want have get see take'),
  },
  { last: words('i he she we they'), open: (before) => !isOneOf(before, [...AUXILIARIES, 'do', 'than'].join(' ')) },
  // As the subject of what comes; `I like it` has its object.
  {
    last: words('it'),
    open: (before) => CONJUNCTIONS.has(before.at(-1) ?? '') || isOneOf(before, 'that so think hope know what where how why'),
  },
  {
    last: words('that'),
    open: (before) =>
      isOneOf(before, 'think know believe hope say said says told tell sure guess suppose so now such wish feel heard mean'),
  },
  { last: words('so'), open: (before) => !isOneOf(before, 'think hope believe guess suppose say said do or even not so') },
  {
    last: words('no'),
    open: (before) => isOneOf(before, "have has had got with there's") || before.slice(-2).join(' ').startsWith('there '),
  },
  { last: words('what'), open: (before) => !isOneOf(before, 'know guess now so or') },
  { last: words('which'), open: (before) => PREPOSITIONS.has(before.at(-1) ?? '') },
  { last: words('you'), open: (before) => isOneOf(before, 'if that because whether') },
  { last: words('not'), open: (before) => isOneOf(before, [...AUXILIARIES, 'do', ...SUBJECTS].join(' ')) && !isShortAnswer(before) },
  { last: words('really'), open: (before) => !isOneOf(before, 'not oh') },
  { last: words('since when'), open: () => false },
  { last: words('of'), open: (before) => !isOneOf(before, 'made think heard kind sort out know') },
  {
    last: words('in'),
    open: (before) => !isOneOf(before, "come came log sign check go went let be am is are was were i'm move step") && !isQuestion(before),
  },
  { last: words('on'), open: (before) => !sayOneOf(before, 'turn switch put keep leave hold come go move is are') && !isQuestion(before) },
  { last: PREPOSITIONS, open: (before) => !isQuestion(before) },
  // The month.
  { last: words('may'), open: (before) => SUBJECTS.has(before.at(-1) ?? '') },
  // `What it is` and `as fast as you can` are whole, and so are answers: `yes I do`, `no he isn't`.
  {
    last: AUXILIARIES,
    open: (before) => QUESTION_WORDS.has(before.at(-1) ?? '') || !isSaidOf(before),
  },
  { last: words('do'), open: (before) => QUESTION_WORDS.has(before.at(-1) ?? '') },
  { last: words('be have'), open: (before) => !isSaidOf(before) },
  { last: words('please'), open: (before) => isOneOf(before, 'you i') },
];

/** In turns of three words or fewer these end them. */
const SHORT_ENDS = words('no so what that it not is do');
const WHOLE_TURNS = new Set([
  'i am',
  'i do',
  'i did',
  'i have',
  'i can',
  'i will',
  'it is',
  'what about you',
  'really',
  'so am i',
  'me and you',
]);

const HESITATION = /(?:^|\s)(?:um+|uh+|uhm|er|erm|hmm+|(?<!\bdo )you know|i mean|let me see|let's see|let me think)$/;
/** `Well` is one when it opens something, and none in `very well`. */
const OPENING_WELL = /(?:^|\b(?:oh|um|uh|and|but|so|yes|yeah|no|okay|ok) )well$/;

const DIGITS = words('zero oh o one two three four five six seven eight nine double triple');
/** Of digits written together, `25` is one word, but nobody says these otherwise than one by one; after `number` and the like, none. */
const SAID_BY_DIGITS = /^(?:0\d+|\d{5,})$/;
/** What is followed by digits or letters, one by one. */
const SPELLED_AFTER = /\b(?:number|code|phone|card|zip|account|order|spell(?:ed|s|ing)?|name is|name's)\b/;
/** From here on such a run is long enough to be whole. */
const MOST_OPEN_DIGITS = 6;

/** A longer sentence has most probably come to its second clause, whose subject may be any noun. */
const MOST_OPEN_WORDS = 8;
const OPENERS = words('if when because after before while once although unless');
/** Whoever says that says more. */
const PREFACE =
  /(?:^| )(?:i have an? (?:\w+ )?(?:question|problem|request)|one more thing|the thing is|(?:can|could|may) i ask you (?:something|a question))$/;
const INVERTED = new Set([...AUXILIARIES, 'do', 'have']);
const IMPERATIVES = words(
  'please then let call tell ask remind send turn set give make play open close show stop book wake add find start read go come take try do',
);

/** What keeps the turn open, as far as the words tell: the strongest of the flags. Casing and full stops are of no account. */
export function unfinishedBy(transcript: string): Unfinished | undefined {
  const text = transcript.trim().toLowerCase().replaceAll('’', "'");
  const said = text.match(/[\p{L}\p{N}']+/gu) ?? [];
  if (said.length === 0) return undefined;
  // A recogniser that writes a comma, a dash or dots at the end has heard a hesitation.
  if (/(?:,|-|–|—|…|\.\.\.)$/.test(text) || isHesitation(said.join(' '))) return 'filler';
  // Heard as a question, and worded as one, it is one: `what is this for?`
  const asked = text.endsWith('?') && said.slice(0, 3).some((word) => QUESTION_WORDS.has(word) || INVERTED.has(word));
  if (isOpenPhrase(said, asked)) return 'function_word';
  if (PREFACE.test(said.join(' '))) return 'open_clause';
  if (asked) return undefined;
  if (isSpelling(said)) return 'digits';
  return isOpenClause(text) ? 'open_clause' : undefined;
}

function isHesitation(said: string): boolean {
  return HESITATION.test(said) || OPENING_WELL.test(said);
}

function isOpenPhrase(said: readonly string[], asked: boolean): boolean {
  const last = said.at(-1) as string;
  if (WHOLE_TURNS.has(said.join(' ')) || (said.length <= 3 && SHORT_ENDS.has(last))) return false;
  if (NEVER_LAST.has(last)) return true;
  return !asked && (SOMETIMES_LAST.find((rule) => rule.last.has(last))?.open(said.slice(0, -1)) ?? false);
}

/** Whether the word before is one of them. */
function isOneOf(before: readonly string[], list: string): boolean {
  return list.split(' ').includes(before.at(-1) ?? '');
}

/** Whether one of them stands anywhere before. */
function sayOneOf(before: readonly string[], list: string): boolean {
  const listed = words(list);
  return before.some((word) => listed.has(word));
}

/** Begins with its question word, as `where are you from` does; one word after it is not enough. */
function isQuestion(before: readonly string[]): boolean {
  return before.length > 1 && before.slice(0, 2).some((word) => QUESTION_WORDS.has(word));
}

/** `What it (is)`, `as fast as you (can)`, and short answers: the verb stands at the end of what it belongs to. */
function isSaidOf(before: readonly string[]): boolean {
  return sayOneOf(before, `${[...QUESTION_WORDS].join(' ')} as than`) || isShortAnswer(before);
}

/** `Yes I (do)`, `no they (aren't)`, `of course I (will)`, `I hope (not)`. */
function isShortAnswer(before: readonly string[]): boolean {
  return /^(?:(?:oh )?(?:yes|yeah|yep|no|nope|sure|of course|so|and) )+\w+$/.test(before.join(' '));
}

function isSpelling(said: readonly string[]): boolean {
  const asked = SPELLED_AFTER.test(said.join(' '));
  const last = said.findLastIndex((word) => !isSpelled(word));
  const run = said.slice(last + 1);
  const length = run.reduce((sum, word) => sum + (asked || SAID_BY_DIGITS.test(word) ? digitsOf(word) : 1), 0);
  return length >= (asked ? 1 : 2) && length <= MOST_OPEN_DIGITS;
}

function digitsOf(word: string): number {
  return /^\d+$/.test(word) ? word.length : 1;
}

function isSpelled(word: string): boolean {
  return DIGITS.has(word) || /^(?:\d+|[a-z])$/.test(word);
}

/** Whether the last sentence begins with a subordinate clause and holds no other yet. */
function isOpenClause(text: string): boolean {
  const sentence = text
    .replace(/(?<![.!])[.!]+$/, '')
    .split(/[.?!]\s+/)
    .at(-1) as string;
  const said = sentence.match(/[\p{L}\p{N}']+/gu) ?? [];
  const [opener, next] = said;
  if (opener === undefined || !OPENERS.has(opener)) return false;
  // `When does it leave` asks.
  if (opener === 'when' && INVERTED.has(next ?? '')) return false;
  if (/, \S+ \S/.test(sentence) || said.length > MOST_OPEN_WORDS) return false;
  const clauses = said.filter((_word, index) => index > 0 && beginsClause(said, index));
  return clauses.length < (beginsClause(said, 1) ? 2 : 1);
}

/** Whether a clause of its own seems to begin with that word. */
function beginsClause(said: readonly string[], index: number): boolean {
  const word = said[index] as string;
  const before = said[index - 1] as string;
  const [subject] = word.split("'");
  if (subject !== undefined && words('i he she we they there').has(subject)) return !AUXILIARIES.has(before);
  if (subject === 'you' || subject === 'it') return index === 1 || AUXILIARIES.has(said[index + 1] ?? '') || word.includes("'");
  if (index < 2) return SUBJECTS.has(word) || word === 'the' || word === 'my';
  return (
    QUESTION_WORDS.has(word) || (IMPERATIVES.has(word) && !SUBJECTS.has(before) && !isOneOf([before], 'to not and will would can could'))
  );
}
