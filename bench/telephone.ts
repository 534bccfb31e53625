// `node bench/telephone.ts`: what telephone calls cost a whole server and how late they are; prints it and keeps it in bench/results/. `--help` says
// what can be measured, docs/performance.md how. Ends with 1 when a limit is not kept.
import { parseArgs } from 'node:util';
import { keepRaw, writeTables } from './keep.ts';
import { machine } from './machine.ts';
import { clips } from './speech.ts';
import { type TransportName, transports } from './telephone-line.ts';
import { keepsAll, telephoneReport, type TelephoneResults } from './telephone-report.ts';
import { measureTalk } from './telephone-talk.ts';
import { measureSetUp, measureTraffic } from './telephone-traffic.ts';

const parts = ['talk', 'setup', 'traffic'] as const;
const help = `node bench/telephone.ts [options]
  --only talk,setup      only these: talk (more and more calls that talk, latency, barge-in), setup (INVITE to 200 at ten calls a second),
                         traffic (3,000 calls that come and go, and what is kept of them)
  --transports pcmu,opus of talk and traffic only these: ${transports.join(', ')} (traffic knows pcmu and twilio)
  --steps 20,60          how many calls of each transport talk, instead of the steps that each has
  --seconds 15           how long each step is measured
  --quick                fewer and shorter runs: to see that it works, not to quote
  --write                put the tables into docs/performance.md
`;

const steps: Readonly<Record<TransportName, readonly number[]>> = {
  pcmu: [20, 40, 60, 80, 100],
  srtp: [40, 60, 80],
  opus: [20, 40, 60],
  twilio: [40, 60, 80, 100],
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: parts.join(',') },
    transports: { type: 'string', default: transports.join(',') },
    steps: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const { quick } = values;
const only = values.only.split(',').map((name) => name.trim());
const wanted = values.transports.split(',').map((name) => transports.find((each) => each === name.trim()));
const ownSteps = values.steps?.split(',').map(Number);
const seconds = Number(values.seconds ?? (quick ? 8 : 15));
const wrong = only.some((name) => !parts.some((part) => part === name)) || wanted.includes(undefined) || !(seconds >= 5);

function say(line: string): void {
  process.stderr.write(`  ${line} ...\n`);
}

async function run(): Promise<TelephoneResults> {
  const results: TelephoneResults = { machine: await machine() };
  const speech = await clips();
  const chosen = transports.filter((transport) => wanted.includes(transport));
  if (only.includes('talk')) {
    results.talk = [];
    for (const transport of chosen) {
      say(`talk: ${transport}`);
      results.talk.push(...(await measureTalk(transport, speech, ownSteps ?? (quick ? [10] : steps[transport]), seconds)));
    }
  }
  if (only.includes('setup')) {
    say('setup');
    results.setUp = await measureSetUp(speech, { calls: quick ? 30 : 200, perSecond: 10, talkMs: 3000 });
  }
  if (only.includes('traffic')) {
    results.traffic = [];
    for (const transport of chosen.filter((each) => each === 'pcmu' || each === 'twilio')) {
      say(`traffic: ${transport}`);
      const how = { calls: quick ? 100 : 1000, perSecond: 40, talkMs: 500 };
      results.traffic.push(await measureTraffic(transport, speech, how, 2));
    }
  }
  return results;
}

// The clock's timers keep no process alive.
const alive = setInterval(() => {}, 60_000);
try {
  if (values.help || wrong) process.stdout.write(wrong ? `That is not understood.\n${help}` : help);
  else {
    const results = await run();
    const tables = telephoneReport(results);
    process.stdout.write(`\n${tables}\n`);
    await keepRaw('telephone-', results);
    if (values.write) await writeTables('bench-telephone', tables);
    if (!keepsAll(results)) process.exitCode = 1;
  }
} finally {
  clearInterval(alive);
}
