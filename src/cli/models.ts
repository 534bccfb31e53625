// `npm run models -- list|fetch|verify|remove`: the weights on this machine. A server that runs takes up what is fetched here.
import { type Config, readConfig } from '../config.ts';
import { downloadBytes, findModel, type ModelRow } from '../engines/models/manifest.ts';
import type { ModelProgress } from '../engines/models/progress.ts';
import { ModelStore } from '../engines/models/store.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { describeOptions, parseArguments, UsageError } from './arguments.ts';
import { modelsOn, MovingLine } from './progress-line.ts';

const options = { help: { kind: 'flag', help: 'this text' } } as const;

const usage = `npm run models                      lists the models, and which are here
npm run models fetch [NAME ...]     fetches them, or fetches anew what of them is broken (default: those a server wants at its start)
npm run models NAME ...             the same for those that are named
npm run models verify [NAME ...]    checks every byte of those that are here
npm run models remove NAME ...      removes them

A name is an id or its short form: moonshine, hibari, smart-turn, whisper, kokoro.
`;

export interface ModelsContext {
  readonly store: ModelStore;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Runs one command. @throws UsageError, or an Error whose message is for people: something of what was asked for did not succeed. */
export async function runModels(argv: readonly string[], context: ModelsContext): Promise<void> {
  const { values, order } = parseArguments(argv, options);
  const { store, say } = context;
  const given = order.map(({ value }) => value);
  if (given[0] !== undefined && findModel(store.rows, given[0])) given.unshift('fetch');
  const [command = 'list', ...names] = given;
  if (values.help) return say(`${usage}\n${describeOptions(options)}`);
  const rows = names.map((name) => rowOf(store, name));
  if (command === 'list' && rows.length === 0) await list(context);
  else if (command === 'fetch') await fetchModels(rows.length > 0 ? rows : store.rows.filter(({ needed }) => needed), context);
  else if (command === 'verify') await verify(rows.length > 0 ? rows : store.rows, context);
  else if (command === 'remove' && rows.length > 0) await remove(rows, context);
  else throw new UsageError(usage);
}

function rowOf(store: ModelStore, name: string): ModelRow {
  const row = findModel(store.rows, name);
  if (!row) throw new UsageError(`There is no model ${name}; there are ${store.rows.map(({ short }) => short).join(', ')}.`);
  return row;
}

async function list({ store, say }: ModelsContext): Promise<void> {
  const states = { ready: 'here', fetched: 'here, not yet converted', absent: '-' } as const;
  const cells = await Promise.all(
    store.rows.map(async (row) => {
      const { kind, bytes } = await store.state(row);
      const state = kind === 'absent' && row.needed ? 'fetched at the next start' : states[kind];
      return [row.id, row.short, megabytes(downloadBytes(row)), bytes > 0 ? megabytes(bytes) : '-', state, row.licence, row.purpose];
    }),
  );
  const table = [['MODEL', 'SHORT', 'DOWNLOAD', 'ON DISK', 'STATE', 'LICENCE', 'WHAT IT DOES'], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table) {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    say(line.trimEnd());
  }
}

async function fetchModels(rows: readonly ModelRow[], { store, say, signal }: ModelsContext): Promise<void> {
  const problems: string[] = [];
  await Promise.all(
    rows.map(async (row) => {
      if (((await store.verify(row))?.length ?? 0) > 0) store.distrust(row.id);
      try {
        await store.folder(row.id, signal);
        say(`${row.id} is here.`);
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
    }),
  );
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

async function verify(rows: readonly ModelRow[], { store, say }: ModelsContext): Promise<void> {
  const broken: string[] = [];
  for (const row of rows) {
    const wrong = await store.verify(row);
    if (wrong && wrong.length > 0) broken.push(row.short);
    say(`${row.id}: ${wrong === undefined ? 'not here' : wrong.length === 0 ? 'right' : `broken: ${wrong.join(', ')}`}`);
  }
  if (broken.length > 0) throw new Error(`\`npm run models fetch ${broken.join(' ')}\` mends it.`);
}

async function remove(rows: readonly ModelRow[], { store, say, signal }: ModelsContext): Promise<void> {
  for (const row of rows) say((await store.remove(row, signal)) ? `${row.id} is removed.` : `${row.id} was not here.`);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** Whoever types a command wants it done, whatever the servers here are told to do. */
function openStore({ dataDir, settings }: Config, onProgress: (progress: ModelProgress) => void): ModelStore {
  return new ModelStore({ dataDir, settings: { ...settings, PARLEY_MODELS: 'on' }, log: silentLog, clock: systemClock, onProgress });
}

async function main(): Promise<void> {
  const line = new MovingLine(process.stdout, () => systemClock.now());
  const store = openStore(readConfig({ ...process.env, HOST: '127.0.0.1' }, process.cwd()), modelsOn(line));
  const leaving = new AbortController();
  process.once('SIGINT', () => leaving.abort());
  process.once('SIGTERM', () => leaving.abort());
  // Clocks keep no process alive, and waiting for another process is all there may be to do.
  const alive = setInterval(() => {}, 60_000);
  try {
    await runModels(process.argv.slice(2), { store, say: (text) => line.say(text), signal: leaving.signal });
  } finally {
    line.show('');
    clearInterval(alive);
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
