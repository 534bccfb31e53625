// What can be asked of the benchmark on its command line.
import { parseArgs } from 'node:util';

const parts = ['a', 'b', 'c', 'd', 'e'] as const;
type Part = (typeof parts)[number];

export interface Options {
  readonly only: ReadonlySet<Part>;
  /** Fewer sessions and shorter steps: to see that it works, not to quote. */
  readonly quick: boolean;
  /** How long each step of (b) is measured. */
  readonly seconds: number;
  /** Also puts the tables into docs/performance.md. */
  readonly write: boolean;
}

const help = `npm run bench -- [options]
  --only a,c     only these: (a) added latency, (b) sessions per core, (c) barge-in, (d) memory, (e) embedded engines; (a) and (c) are one run
  --quick        fewer and shorter runs
  --seconds 15   how long each step of (b) is measured
  --write        put the tables into docs/performance.md
`;

/** Undefined when only help was wanted (and has been given). Throws Error that says what is wrong. */
export function readOptions(argv: string[]): Options | undefined {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: 'string', default: parts.join(',') },
      quick: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return undefined;
  }
  const only = values.only.split(',').map((name) => parts.find((part) => part === name.trim()));
  if (only.includes(undefined)) throw new Error(`--only takes ${parts.join(', ')}, separated by commas, not '${values.only}'.`);
  const seconds = Number(values.seconds ?? (values.quick ? 8 : 15));
  if (!(seconds >= 5 && seconds <= 600)) throw new Error('--seconds takes 5 to 600.');
  return { only: new Set(only.filter((part) => part !== undefined)), quick: values.quick, seconds, write: values.write };
}
