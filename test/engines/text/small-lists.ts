// Word lists of a few words in the form of the voice's package: what is tested with them needs no weights.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compileWordLists } from '../../../src/engines/text/compile.ts';
import type { Wordings } from '../../../src/engines/text/word-lists.ts';

export const wordings: Wordings = {
  months: Object.fromEntries(
    'January February March April May June July August September October November December'
      .split(' ')
      .map((month) => [month.slice(0, 3).toLowerCase(), month]),
  ),
  titles: { Dr: 'Doctor', Mr: 'Mister', St: 'Saint', Gen: 'General' },
  abbreviations: { 'no.': 'number', 'Ave.': 'Avenue', 'Sun.': 'Sunday', 'vs.': 'versus' },
  units: {
    km: ['kilometer', 'kilometers'],
    'km/h': ['kilometers per hour', 'kilometers per hour'],
    kg: ['kilogram', 'kilograms'],
    lbs: ['pounds', 'pounds'],
  },
  symbols: { '=': 'equals', '°': 'degrees', '™': '', '|': ', ', '*': ' ', _: ' ', '#': ' hashtag ', '½': 'one half' },
  currency: {
    $: ['dollar', 'dollars'],
    '£': ['pound', 'pounds'],
    '€': ['euro', 'euros'],
    '¥': ['yen', 'yen'],
    '¢': ['cent', 'cents'],
    EUR: ['euro', 'euros'],
  },
  roman_cardinal: ['Chapter'],
  roman_ordinal: ['Henry'],
};

const letterNames = 'A bˈi sˈi dˈi ˈi ˈɛf ʤˈi ˈAʧ ˈI ʤˈA kˈA ˈɛl ˈɛm ˈɛn ˈO pˈi kjˈu ˈɑɹ ˈɛs tˈi jˈu vˈi dˈʌbəlju ˈɛks wˈI zˈi'
  .replace('A', 'ˈA')
  .split(' ');

const gold = {
  ...Object.fromEntries(letterNames.map((name, i) => [String.fromCharCode(65 + i), name])),
  ...{ zero: 'zˈɪɹO', one: 'wˈʌn', two: 'tˈu', three: 'θɹˈi', four: 'fˈɔɹ', five: 'fˈIv', six: 'sˈɪks', seven: 'sˈɛvən', eight: 'ˈAt' },
  ...{ nine: 'nˈIn', ten: 'tˈɛn', eighteen: 'ˌAtˈin', twenty: 'twˈɛnti', hundred: 'hˈʌndɹəd', thousand: 'θˈWzənd', first: 'fˈɜɹst' },
  ...{ point: 'pYnt', minus: 'mˈInəs', and: 'ænd', dollar: 'dˈɑləɹ', cent: 'sˈɛnt', to: 'tu', am: 'æm', percent: 'pəɹsˈɛnt', at: 'æt' },
  ...{ hello: 'həlˈO', there: 'ðˈɛɹ', apple: 'ˈæpəl', dog: 'dˈɔɡ', cat: 'kˈæt', bus: 'bˈʌs', walk: 'wˈɔk', want: 'wˈɑnt', hope: 'hˈOp' },
  ...{ stop: 'stˈɑp', write: 'ɹˈIt', city: 'sˈɪɾi', it: 'ɪt', is: 'ɪz', he: 'hi', well: 'wˈɛl', maybe: 'mˈAbi', good: 'ɡˈʊd', day: 'dˈA' },
  read: { DEFAULT: 'ɹˈid', VBD: 'ɹˈɛd' },
  used: { DEFAULT: 'jˈuzd', VBD: 'jˈust' },
  that: { DEFAULT: 'ðæt', None: 'ðˈæt' },
  NASA: 'nˈæsə',
};
const silver = { parrot: 'pˈɛɹət', Boston: 'bˈɔstən' };

const sounds = '_;:,.!?—…"()“” AIOQSTWYᵊabdefhijklmnopqrstuvwxyzɑɐɒæɔðʤəɛɜɡɪŋɹɾʃʧʊʌʒʔˈˌːᵻθ';

/** Compiles them; the folder is for `FrontEnd.load`. */
export async function smallLists(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-lists-'));
  const list = (name: string, value: unknown) => {
    const json = JSON.stringify(value);
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(json) : json);
  };
  list('lexicon_us_gold.json.gz', gold);
  list('lexicon_us_silver.json.gz', silver);
  list('tagger.json.gz', {
    tags: ['CD', 'DT', 'IN', 'NN', 'NNP', 'PRP', 'TO', 'VB', 'VBD'],
    tagdict: { the: 'DT', a: 'DT', in: 'IN', to: 'TO', I: 'PRP', had: 'VBD' },
    vocab: ['he', 'had', 'read', 'used'],
    weights: {
      b: { NN: 1 },
      'w=read': { VB: 2, VBD: 2.5 },
      'w+1=had': { VB: 4 },
      'sh=Xx': { NNP: 3 },
      'sh=d': { CD: 9 },
      'w=used': { VBD: 5 },
    },
  });
  list('tokenizer_exceptions.json', { "don't": ['do', "n't"], 'Mr.': ['Mr.'], 'p.m.': ['p.m.'], ':)': [':)'] });
  list('normalize.json', wordings);
  list('oov.json', { in: [...'abcdefghijklmnopqrstuvwxyz'], out: [...'absdɛfɡhɪʤklmnɑpkɹstʌvwsjz'], maxlen: 24 });
  list('vocab.json', Object.fromEntries(Array.from(sounds, (sound, i) => [sound, i])));
  await compileWordLists(folder, folder);
  return folder;
}
