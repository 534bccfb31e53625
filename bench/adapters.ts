// `node bench/adapters.ts`: what the adapters of services add to a turn; prints it and keeps it in bench/results/. `--help` says what can be measured,
// docs/performance.md how. Ends with 1 when the limit is not kept.
import { parseArgs } from 'node:util';
import { FarSide } from './adapters-far-side.ts';
import { adaptersReport, type AdaptersResults, keepsAll } from './adapters-report.ts';
import { runSessions } from './adapters-sessions.ts';
import { adapters } from './adapters-turns.ts';
import { keepRaw, writeTables } from './keep.ts';
import { machine } from './machine.ts';

const help = `node bench/adapters.ts [options]
  --only ears,voices,chat  only these kinds; or adapters by their names: ${adapters.flatMap(({ kind, name }) => (kind === 'nothing' ? [] : [name])).join(', ')}
  --sessions 1,50          how many sessions at once
  --turns 4                how many turns of each are measured (of one alone four times as many)
  --quick                  fewer turns: to see that it works, not to quote
  --write                  put the table into docs/performance.md
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'ears,voices,chat' },
    sessions: { type: 'string', default: '1,50' },
    turns: { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const only = values.only.split(',').map((name) => name.trim());
const counts = values.sessions.split(',').map(Number);
const turns = Number(values.turns ?? (values.quick ? 1 : 4));
const wrong =
  only.some((name) => !adapters.some((each) => each.kind === name || each.name === name)) ||
  !counts.every((count) => Number.isInteger(count) && count > 0 && count <= 200) ||
  !(Number.isInteger(turns) && turns > 0);

async function run(): Promise<AdaptersResults> {
  const results: AdaptersResults = { machine: await machine(), adapters: [] };
  const farSide = new FarSide();
  try {
    for (const adapter of adapters) {
      const { kind, name, fake, everyMs } = adapter;
      if (kind !== 'nothing' && !only.includes(kind) && !only.includes(name)) continue;
      process.stderr.write(`  ${kind} ${name} ...\n`);
      const runs = [];
      for (const sessions of counts) {
        const opened = await adapter.open(await farSide.listen(fake));
        const alone = sessions === 1 && !values.quick;
        runs.push(
          await runSessions({ sessions, turns: alone ? turns * 4 : turns, everyMs: alone ? everyMs / 2 : everyMs }, farSide, opened.turn),
        );
        await opened.close();
      }
      results.adapters.push({ kind, name, isLocal: adapter.isLocal ?? false, runs });
    }
  } finally {
    farSide.close();
  }
  return results;
}

// The clock's timers keep no process alive.
const alive = setInterval(() => {}, 60_000);
try {
  if (values.help || wrong) process.stdout.write(wrong ? `That is not understood.\n${help}` : help);
  else {
    const results = await run();
    const tables = adaptersReport(results);
    process.stdout.write(`\n${tables}\n`);
    await keepRaw('adapters-', results);
    if (values.write) await writeTables('bench-adapters', tables);
    if (!keepsAll(results)) process.exitCode = 1;
  }
} finally {
  clearInterval(alive);
}
