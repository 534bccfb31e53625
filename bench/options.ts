// What can be asked of the benchmark on its command line.
import { parseArgs } from 'node:util';
import { attackNames } from './attacks.ts';
import { type Aspect, aspects, type EmbeddedOptions } from './embedded.ts';
import type { NeighbourOptions } from './neighbour.ts';

const parts = ['a', 'b', 'c', 'd', 'e', 'turns', 'neighbour'] as const;
type Part = (typeof parts)[number];

export interface Options {
  readonly only: ReadonlySet<Part>;
  /** Fewer sessions and shorter steps: to see that it works, not to quote. */
  readonly quick: boolean;
  /** How long each step of (b) is measured. */
  readonly seconds: number;
  /** Also puts the tables into docs/performance.md. */
  readonly write: boolean;
  /** Of (e) and of turns. */
  readonly embedded: EmbeddedOptions;
  readonly neighbour: NeighbourOptions;
}

const help = `npm run bench -- [options]
  --only a,c     only these: (a) added latency, (b) sessions per core, (c) barge-in, (d) memory, (e) embedded engines, (turns) their judge
                 alone, (neighbour) one key's conversations beside another's attacks; (a) and (c) are one run, and turns and neighbour
                 are not in it unless asked for
  --quick        fewer and shorter runs
  --seconds 15   how long each step of (b) and each attack of (neighbour) is measured (40 there, unless told)
  --write        put the tables into docs/performance.md
  --attacks events,mints     of (neighbour) only these: ${attackNames.join(', ')}
  --embedded     (neighbour) with the embedded engines
  --aspects ears,voice       of (e) only these: ${aspects.join(', ')}
  --speech ../shared/speech  recordings of people for (e), with a README.md like that of samples/
  --sounds ../shared/sounds  noises for (e)
  --sentences ../shared/voice/phonemes.tsv  what the voice of (e) says: the first column, 50 lines
  --keep folder              what the voice of (e) said, as WAV files, for whoever else may judge it
`;

/** Undefined when only help was wanted (and has been given). Throws Error that says what is wrong. */
export function readOptions(argv: string[]): Options | undefined {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: 'string', default: 'a,b,c,d,e' },
      quick: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      write: { type: 'boolean', default: false },
      aspects: { type: 'string', default: aspects.join(',') },
      attacks: { type: 'string', default: attackNames.join(',') },
      embedded: { type: 'boolean', default: false },
      speech: { type: 'string', default: '../shared/speech' },
      sounds: { type: 'string', default: '../shared/sounds' },
      sentences: { type: 'string', default: '../shared/voice/phonemes.tsv' },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return undefined;
  }
  const only = values.only.split(',').map((name) => parts.find((part) => part === name.trim()));
  if (only.includes(undefined)) throw new Error(`--only takes ${parts.join(', ')}, separated by commas, not '${values.only}'.`);
  const wanted = values.aspects.split(',').map((name) => aspects.find((aspect) => aspect === name.trim()));
  if (wanted.includes(undefined)) throw new Error(`--aspects takes ${aspects.join(', ')}, separated by commas, not '${values.aspects}'.`);
  const attacks = values.attacks.split(',').map((name) => attackNames.find((attack) => attack === name.trim()));
  if (attacks.includes(undefined))
    throw new Error(`--attacks takes ${attackNames.join(', ')}, separated by commas, not '${values.attacks}'.`);
  const seconds = Number(values.seconds ?? (values.quick ? 8 : 15));
  if (!(seconds >= 5 && seconds <= 600)) throw new Error('--seconds takes 5 to 600.');
  const { quick, write, speech, sounds, sentences, keep } = values;
  const chosen = new Set<Aspect>(wanted.filter((aspect) => aspect !== undefined));
  const embedded = { quick, speech, sounds, sentences, keep, aspects: chosen };
  // A conversation has a turn every five seconds.
  const neighbourSeconds = values.seconds === undefined && !quick ? 40 : Math.max(10, seconds);
  const neighbour = {
    embedded: values.embedded,
    seconds: neighbourSeconds,
    attacks: attacks.filter((attack) => attack !== undefined),
  };
  return { only: new Set(only.filter((part) => part !== undefined)), quick, seconds, write, embedded, neighbour };
}
