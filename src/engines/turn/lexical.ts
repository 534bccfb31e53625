// Has the speaker finished? Judged by the words alone: a phrase that ends in `the`, `and` or `I would` goes on. Microseconds, no weights.
import type { Engine, EngineEnvironment, EngineFactory, TurnDetector } from '../engine.ts';

const COMPLETE = 0.85;
const ASKED = 0.9;
const WEAK = 0.4;
const FILLER = 0.2;
const UNFINISHED = 0.1;
/** Nothing is known yet. */
const UNKNOWN = 0.5;

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '));
}

const FILLERS = words('um uh er erm hmm like well so actually basically maybe');

/** After these a sentence of English cannot stop. */
const OPEN = new Set([
  ...words('a an the this these those every each some any another'), // determiners
  ...words('my your his its our their whose'), // possessives; `her` also ends sentences
  ...words('of at from with by into onto than as per via without between among during toward towards until'), // prepositions
  ...words('and or but because if while although though unless whether since nor'), // conjunctions
  ...words("i he she we they i'm i'll i've i'd he's she's we're we'll we've they're they'll you're you'll it's that's there's"), // subjects
  ...words('would could should shall might must cannot'), // modals
  ...words('very really quite too please to'),
]);

/** Each of these ends as many turns as it carries on. */
const WEAK_ENDS = words(
  'that is are was were am be been have has had do does did can will may up so on in off out over down through around about for her you it ' +
    "what which who when where how why not just also no new can't won't don't didn't isn't wasn't need want get go let make give",
);

/** `Who is this for` ends, `this is for` goes on. */
const QUESTION_WORDS = words('who whom what which where when how why');
const STRANDED = words('of at from with by for to in on about like');

/** Short things that stand alone although their words are weak elsewhere. */
const WHOLE_TURNS = new Set([
  'no',
  'so what',
  'what',
  'who',
  'why',
  'when',
  'where',
  'how',
  'i am',
  'i do',
  'i did',
  'i have',
  'i can',
  'it is',
  'thank you',
  'and you',
  'how are you',
  'that is it',
  "that's it",
  'do it',
  'stop it',
  'i know',
  'please',
  'yes please',
  'no please',
  'me too',
]);

const DIGITS = words('zero oh one two three four five six seven eight nine');

/** P(turn complete) of a transcript, with or without punctuation, in any casing. */
export function turnCompleteness(transcript: string): number {
  const trimmed = transcript.trim();
  if (trimmed === '') return UNKNOWN;
  // Recognizers that punctuate write what they heard: a question is one, a comma or dots are a pause.
  if (trimmed.endsWith('?')) return ASKED;
  if (/(?:,|-|–|—|…|\.\.\.)$/.test(trimmed)) return FILLER;

  const said =
    trimmed
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}\p{N}']+/gu) ?? [];
  const last = said.at(-1);
  if (last === undefined) return UNKNOWN;
  if (WHOLE_TURNS.has(said.join(' '))) return COMPLETE;
  if (FILLERS.has(last)) return FILLER;
  const asks = QUESTION_WORDS.has(said[0] as string) && said.length > 2;
  if (asks && STRANDED.has(last)) return WEAK;
  // `Thank you`, `how are you`: the pronoun closes them.
  if (last === 'you' && (asks || said.at(-2) === 'thank' || said.at(-2) === 'and')) return COMPLETE;
  // `Yes please`, `stop please` are whole; `please` alone is handled above, `could you please` goes on.
  if (last === 'please') return said.at(-2) === 'you' || said.at(-2) === 'i' ? UNFINISHED : COMPLETE;
  if (OPEN.has(last)) return last === 'too' ? WEAK : UNFINISHED;
  if (WEAK_ENDS.has(last)) return WEAK;
  // People dictate numbers in groups, and breathe between them.
  if (DIGITS.has(last) && DIGITS.has(said.at(-2) ?? '')) return WEAK;
  return COMPLETE;
}

const info: Engine['info'] = {
  id: 'lexical',
  kind: 'turn',
  name: 'Unfinished-phrase rule (embedded)',
  licence: 'Apache-2.0',
  languages: ['en'],
};

export const lexical: EngineFactory<TurnDetector> = {
  id: info.id,
  create: (_environment: EngineEnvironment) => ({
    info,
    warmUp: async () => {},
    close: async () => {},
    score: async ({ transcript }) => turnCompleteness(transcript),
  }),
};
