// What the text front end makes of 461 texts, held against the strings that the voice was trained to hear. Where ours differ they are
// better, and the difference is listed here with its reason; any other fails.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { FrontEnd } from '../../../src/engines/text/front-end.ts';
import { voiceLists, voiceListsThere } from './voice-lists.ts';

/** Beside the clone, or beside the folder of a worktree. */
const truth = ['..', '../..']
  .map((up) => resolve(import.meta.dirname, '../../..', up, 'shared/voice/phonemes.tsv'))
  .find((file) => existsSync(file));

const digits = ['zˈɪɹO', 'wˈʌn', 'tˈu', 'θɹˈi', 'fˈɔɹ', 'fˈIv', 'sˈɪks', 'sˈɛvən', 'ˈAt', 'nˈIn'];
const numbers: Readonly<Record<string, string>> = {
  ...Object.fromEntries(digits.map((digit, value) => [`0${value}`, digit])),
  ...{ '11': 'əlˈɛvᵊn', '12': 'twˈɛlv', '13': 'θˌɜɹtˈin', '14': 'fˌɔɹtˈin', '15': 'fˌɪftˈin', '16': 'sˌɪkstˈin' },
  ...{ '17': 'sˌɛvəntˈin', '18': 'ˌAtˈin', '19': 'nˌIntˈin', '20': 'twˈɛnti', '31': 'θˈɜɹTi wˈʌn', '43': 'fˈɔɹTi θɹˈi' },
  ...{ '86': 'ˈATi sˈɪks', '99': 'nˈIndi nˈIn' },
};
const names: Readonly<Record<string, string>> = {
  əŋˈIən: 'wˈɪn', // Nguyen
  sɪˈɑbhən: 'ʃəvˈɔn', // Siobhan
  kˈWɔlkzˌɪk: 'kəvˈɑlʧɪk', // Kowalczyk
  ʤˈɪjusˌɛps: 'ʤuzˈɛpiz', // Giuseppe's
  ʤˈɪjusˌɛp: 'ʤuzˈɛpi',
  ˈɑlɪvɪɹz: 'OlˈɪviˌAz', // Olivier's
  ˈɑlɪviəɹ: 'OlˈɪviˌA',
  luɛlˌɪn: 'luˈɛlɪn', // Llewellyn
  kjˈubəɹnˌits: 'kˌubəɹnˈɛTiz', // Kubernetes
  tˈiʧAkˈɑvski: 'ʧIkˈɔfski', // Tchaikovsky
  zˌIəˈOmi: 'ʃˈWmi', // Xiaomi
};

interface Difference {
  readonly why: string;
  readonly where: RegExp;
  readonly better: (theirs: string, text: RegExpExecArray) => string;
}

const kinds: readonly Difference[] = [
  {
    why: 'names have the sounds of those who bear them',
    where: /^/,
    better: (theirs) => Object.entries(names).reduce((all, [wrong, right]) => all.replaceAll(wrong, right), theirs),
  },
  {
    why: 'no sentence ends within "order no. 33561", and its digits are said one by one so that they can be written down',
    where: /order no\. (\d+)\.$/,
    better: (theirs, [, number = '']) =>
      theirs.replace(/(?<=nˈʌmbəɹ)\. .*$/, (rest) =>
        number.length < 5 ? rest.slice(1) : ` ${Array.from(number, (digit) => digits[Number(digit)]).join(' ')}.`,
      ),
  },
  { why: 'a full stop behind "exit 24B" is one', where: /\d[AB]\.$/, better: (theirs) => `${theirs}.` },
  { why: 'm behind a number is meters', where: /\d m,/, better: (theirs) => theirs.replace('ˈɛm,', 'mˈiTəɹz,') },
  {
    why: 'a number with a minus is not silent',
    where: / -(\d\d)°C/,
    better: (theirs, [, degrees = '']) => theirs.replace('  ', ` mˈInəs ${numbers[degrees]} `),
  },
  { why: 'eighth has a t', where: /^/, better: (theirs) => theirs.replaceAll(/ˈAθ(?=s?(?: |,|$))/g, 'ˈAtθ') },
  {
    why: 'a sum in dollars is one whatever the tagger takes its digits for',
    where: /\$\d+\.(\d\d) /,
    better: (theirs, [, cents = '']) => theirs.replace(/pYnt .*? fɔɹ/, `dˈɑləɹz ænd ${numbers[cents]} sˈɛnts fɔɹ`),
  },
  {
    why: 'a Roman numeral behind a name is a number',
    where: / (?:III|VIII) and/,
    better: (theirs) => theirs.replace('vˌiˌIˌIˈI', 'ˈAt').replace('ˌIˌIˈI', 'θɹˈi'),
  },
  { why: 'a sentence that ends in "p.m." ends', where: / (?:PM|p\.m)\.$/, better: (theirs) => `${theirs.replace(/\.$/, '')}.` },
];

/** Texts that stumble in more than one way. */
const singles: Readonly<Record<string, { readonly why: string; readonly ours: string }>> = {
  "I've sent the invoice to maria.lopez@example.com.": {
    why: 'the dots of an address are said',
    ours: 'ˌIv sˈɛnt ði ˈɪnvˌYs tə mˈɑɹiə dˈɑt lˈOpɛz æt ɪɡzˈæmpəl dˈɑt kˈɑm.',
  },
  'Visit our website at www.openvoice.org for more details.': {
    why: 'www is three letters, and the dots of an address are said',
    ours: 'vˈɪzət ˌWəɹ wˈɛbsˌIt æt dˈʌbᵊlju dˈʌbᵊlju dˈʌbᵊlju dˈɑt OpənvˈYs dˈɑt ˈɔɹɡ fɔɹ mˈɔɹ dətˈAlz.',
  },
  'Email john_doe+test@foo-bar.co.uk or see https://example.com/a/b?c=d#e.': {
    why: 'every sign of an address is said, and not its scheme',
    ours: 'ˈimˌAl ʤˈɑn ˈʌndəɹskˌɔɹ dˈO plˈʌs tˈɛst æt fˈu dˈæʃ bˈɑɹ dˈɑt kˈO dˈɑt jˈu kˈA ɔɹ sˈi ɪɡzˈæmpəl dˈɑt kˈɑm slˈæʃ ˈA slˈæʃ bˈi kwˈɛsʧᵊn mˈɑɹk sˈi ˈikwᵊlz dˈi hˈæʃ ˈi.',
  },
  'On Jan. 5th, 2019-10-12 and 10/12/2019 we paid ¥500, €3.50, £2.99 and $3.2 billion.': {
    why: 'no sentence ends behind Jan.',
    ours: 'ˌɔn ʤˈænjəwˌɛɹi fˈɪfθ, ɑktˈObəɹ twˈɛlfθ, twˈɛnti nˌIntˈin ænd ɑktˈObəɹ twˈɛlfθ, twˈɛnti nˌIntˈin wi pˈAd fˈIv hˈʌndɹəd jˈɛn, θɹˈi jˈʊɹOz ænd fˈɪfti sˈɛnts, tˈu pˈWndz ænd nˈIndi nˈIn pˈɛns ænd θɹˈi pYnt tˈu bˈɪljən dˈɑləɹz.',
  },
  "It's 20°C, 5km away, 3 hrs, 1/2 cup, 3/4 tsp, 2-3 days, 10-15%.": {
    why: 'tsp is teaspoons, and a range of percents has its "to"',
    ours: 'ˌɪts twˈɛnti dəɡɹˈiz sˈɛlsiəs, fˈIv kəlˈɑməTəɹz əwˈA, θɹˈi ˈWəɹz, wˈʌn hˈæf kˈʌp, θɹˈi kwˈɔɹTəɹz tˈispˌunz, tˈu tə θɹˈi dˈAz, tˈɛn tə fˌɪftˈin pəɹsˈɛnt.',
  },
  '"Don\'t," she said, "you\'ll break it!" — he\'d\'ve gone.': {
    why: 'a quotation mark does not make "Don\'t" and "you\'ll" other words',
    ours: 'dˈOnt, ʃi sˈɛd, jul bɹˈAk ɪt! — hˈɛdv ɡˈɔn.',
  },
  "The 1990s, the '90s, 1,234,567 people; 3.14159; 0.5; .75; 1st, 22nd, 103rd.": {
    why: '0.5 and .75 have their points',
    ours: 'ðə nˌIntˈin nˈIndiz, ðə nˈIndiz, wˈʌn mˈɪljᵊn tˈu hˈʌndɹəd θˈɜɹTi fˈɔɹ θˈWzᵊnd fˈIv hˈʌndɹəd sˈɪksti sˈɛvən pˈipᵊl; θɹˈi pYnt wˈʌn fˈɔɹ wˈʌn fˈIv nˈIn; zˈɪɹO pYnt fˈIv; pYnt sˈɛvən fˈIv; fˈɜɹst, twˈɛnti sˈɛkənd, wˈʌn hˈʌndɹəd θˈɜɹd.',
  },
  "e.g., i.e., etc. vs. Mr. and Mrs. O'Neil-Jones (born 1985).": {
    why: 'e.g. and i.e. are read as what they stand for, and no sentence ends behind vs.',
    ours: 'fɔɹ ɪɡzˈæmpəl, ðˈæt ɪz, ɛtsˈɛTəɹə. vˈɜɹsəs mˈɪstəɹ ænd mˈɪsɪz ˈO nˈil ʤˈOnz (bˈɔɹn nˌIntˈin ˈATi fˈIv).',
  },
  '1234 5678 2005 1900 2010 10000 007 90210 747-400.': {
    why: 'leading zeros are said',
    ours: 'twˈɛlv θˈɜɹTi fˈɔɹ fˈɪfti sˈɪks sˈɛvənti ˈAt tˈu θˈWzᵊnd fˈIv nˌIntˈin hˈʌndɹəd twˈɛnti tˈɛn tˈɛn θˈWzᵊnd zˈɪɹO zˈɪɹO sˈɛvən nˈIndi θˈWzᵊnd tˈu hˈʌndɹəd tˈɛn sˈɛvən hˈʌndɹəd fˈɔɹTi sˈɛvənfˌɔɹ hˌʌndɹəd.',
  },
  'Hmm... well—maybe; OK? (Yes!) [no] {maybe} a/b 50% & @home #1 C++ C# $5 $1 $0.99 $1,000.01': {
    why: 'brackets come in pairs or not at all, {maybe} is a word, and C# is sharp',
    ours: 'hmm... wˈɛl—mˈAbi; ˌOkˈA? (jˈɛs!) nˈO mˈAbi ˈA bˈi fˈɪfti pəɹsˈɛnt ænd æt hˈOm nˈʌmbəɹ wˈʌn sˈi plˈʌs plˈʌs sˈi ʃˈɑɹp fˈIv dˈɑləɹz wˈʌn dˈɑləɹ nˈIndi nˈIn sˈɛnts wˈʌn θˈWzᵊnd dˈɑləɹz ænd wˈʌn sˈɛnt',
  },
  'The résumé of Zoë Müller at the café in São Paulo costs 5€.': {
    why: '5€ are euros, and the sentence ends',
    ours: 'ðə ɹˌAsumˈA ʌv zˈɑɛ mˈuləɹ æt ðə kæfˈA ɪn sˈW pˈɔlO kˈɔsts fˈIv jˈʊɹOz.',
  },
  'Ctrl+C, 3x faster, 4K TV, H2O, B12, COVID-19, MP3, 5G, 24/7, 9-to-5.': {
    why: '24/7 is said without its slash, as elsewhere',
    ours: 'sˌintɹɹˈOl plˈʌs sˈi, θɹˈi ˈɛks fˈæstəɹ, fˈɔɹ kˈA tˌivˈi, ˈAʧtʊˈO, bˈi twˈɛlv, kˈOvˌɪd nˌIntˈin, ˌɛmpˈi θɹˈi, fˈIv ʤˈi, twˈɛnti fˈɔɹ sˈɛvən, nˈIn tə fˈIv.',
  },
  "Buses, churches, boxes, flies, tried, planned, running, hoping, baking, travelled, dogs', James's.": {
    why: 'an apostrophe behind a plural is no quotation mark',
    ours: 'bˈʌsᵻz, ʧˈɜɹʧᵻz, bˈɑksᵻz, flˈIz, tɹˈId, plˈænd, ɹˈʌnɪŋ, hˈOpɪŋ, bˈAkɪŋ, tɹˈævəld, dˈɔɡz, ʤˈAmzᵻz.',
  },
  '5\'11"': { why: 'a height has its foot', ours: 'fˈIv fˈʊt əlˈɛvᵊn' },
  '007': { why: 'leading zeros are said', ours: 'zˈɪɹO zˈɪɹO sˈɛvən' },
  "'90s": { why: 'an apostrophe before a decade is no quotation mark', ours: 'nˈIndiz' },
};

const noLists = voiceListsThere ? undefined : "the voice's word lists are not on this machine";

test('texts sound as the voice was trained to hear them, or better for a reason', async ({ skip }) => {
  if (noLists !== undefined) skip(noLists);
  if (truth === undefined) return skip('the 461 texts are not there');
  const { folder, net } = await voiceLists();
  const frontEnd = await FrontEnd.load(folder, { net });
  const lines = readFileSync(truth, 'utf8').split('\n').filter(Boolean);
  const unexplained: string[] = [];
  const counts = new Map<string, number>();
  for (const line of lines) {
    const [text = '', theirs = ''] = line.split('\t');
    const ours = (await frontEnd.clauses(text)).map(({ phonemes }) => phonemes).join(' ');
    let expected = theirs;
    const single = singles[text];
    for (const { why, where, better } of single ? [] : kinds) {
      const match = where.exec(text);
      const improved = match ? better(expected, match) : expected;
      if (improved !== expected) counts.set(why, (counts.get(why) ?? 0) + 1);
      expected = improved;
    }
    if (single) counts.set(single.why, (counts.get(single.why) ?? 0) + 1);
    if (ours === theirs) counts.set('equal', (counts.get('equal') ?? 0) + 1);
    if (ours !== (single?.ours ?? expected)) unexplained.push(`${text}\n  expected ${single?.ours ?? expected}\n  but was  ${ours}`);
  }
  if (process.env.TRUTH_COUNTS !== undefined) console.log([...counts].map(([why, count]) => `${count}  ${why}`).join('\n'));
  expect(unexplained.join('\n')).toBe('');
  expect(lines.length).toBeGreaterThan(400);
});

test('names and terms that the original misreads are read as people say them', async ({ skip }) => {
  if (noLists !== undefined) skip(noLists);
  const { folder, net } = await voiceLists();
  const frontEnd = await FrontEnd.load(folder, { net });
  const say = async (text: string) => (await frontEnd.clauses(text)).map(({ phonemes }) => phonemes).join(' ');
  expect(await say('Nguyen, NGUYEN and Nguyễn’s')).toBe('wˈɪn, wˈɪn ænd wˈɪnz');
  expect(await say('Siobhan, Xiaomi, Kubernetes, Tchaikovsky')).toBe('ʃəvˈɔn, ʃˈWmi, kˌubəɹnˈɛTiz, ʧIkˈɔfski');
  expect(await say('Rm. 204')).toBe('ɹˈum tˈu hˈʌndɹəd fˈɔɹ');
  expect(await say('1-800-555-0199')).toMatch(/^wˈʌn, ˈAt hˈʌndɹəd, fˈIv fˈIv fˈIv,/);
  expect(await say('at 18:00')).toBe('æt ˌAtˈin hˈʌndɹəd');
  expect(await say('12345678901234567890')).toBe([...'12345678901234567890'].map((digit) => digits[Number(digit)]).join(' '));
});

test('tables load at once, and are small', async ({ skip }) => {
  if (noLists !== undefined) skip(noLists);
  const { folder, net } = await voiceLists();
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().external;
  const before = { bytes: used(), cpu: process.cpuUsage() };
  const frontEnd = await FrontEnd.load(folder, { net });
  const cpu = process.cpuUsage(before.cpu);
  expect(cpu.user + cpu.system).toBeLessThan(300_000);
  expect(used() - before.bytes).toBeLessThan(60e6);
  expect(await frontEnd.clauses('Good morning.')).toHaveLength(1);
});
