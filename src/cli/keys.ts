// `npm run keys -- make|list|revoke`: the API keys in the embedded store. A server that runs sees a change at its next request.
import { makeKey, defaultWorkspace, type Issuing, revokeKey } from '../access/issue.ts';
import { masterKey, Vault } from '../access/vault.ts';
import { type Config, readConfig } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { randomToken } from '../lib/ids.ts';
import { EmbeddedStore, storeFile } from '../store/embedded.ts';
import { StoreError } from '../store/store.ts';
import { describeOptions, parseArguments, UsageError } from './arguments.ts';

const options = {
  name: { kind: 'text', value: 'NAME', help: 'what the key is for, for people (make)' },
  workspace: { kind: 'text', value: 'NAME', help: `whose key it is (make; default ${defaultWorkspace})` },
  help: { kind: 'flag', help: 'this text' },
} as const;

const usage = `npm run keys -- make [options]      makes a key and shows it, once
npm run keys -- list                lists the keys, without their secrets
npm run keys -- revoke ID           ends a key, with all tokens and client secrets minted for it
`;

/** Runs one command; what is to be read goes to `say`, line by line. @throws UsageError, or an Error whose message is for people. */
export async function runKeys(
  argv: readonly string[],
  config: Pick<Config, 'dataDir' | 'settings'>,
  say: (line: string) => void,
): Promise<void> {
  const { values, order } = parseArguments(argv, options);
  const [command, id, ...surplus] = order.map(({ value }) => value);
  if (values.help || command === undefined) return say(`${usage}\n${describeOptions(options)}`);
  if (surplus.length > 0 || (id !== undefined) !== (command === 'revoke')) throw new UsageError(usage);
  const store = new EmbeddedStore(storeFile(config.dataDir), { clock: systemClock });
  try {
    const vault = new Vault(masterKey(config.dataDir, config.settings['PARLEY_MASTER_KEY'], randomToken), randomToken);
    const issuing: Issuing = { store, vault, clock: systemClock, random: randomToken };
    if (command === 'make') await make(issuing, { name: values.name ?? '', workspace: values.workspace ?? defaultWorkspace }, say);
    else if (command === 'list') await list(issuing, say);
    else if (command === 'revoke') await revoke(issuing, id ?? '', say);
    else throw new UsageError(`There is no command ${command}.\n${usage}`);
  } finally {
    await store.close();
  }
}

async function make(issuing: Issuing, wish: { name: string; workspace: string }, say: (line: string) => void): Promise<void> {
  const made = await makeKey(issuing, wish);
  say(`Made ${made.id} of workspace ${made.workspace}. It is shown this once:`);
  say('');
  say(`  API key  ${made.credential}`);
  say('');
  say('It goes behind "Bearer" or "Basic" as it is. Code that signs for tokens takes it apart into:');
  say('');
  say(`  Key      ${made.key}`);
  say(`  Secret   ${made.secret}`);
}

async function list({ store }: Issuing, say: (line: string) => void): Promise<void> {
  const keys = await store.keys();
  if (keys.length === 0) return say('There are no keys in the store; those of PARLEY_API_KEY are not listed here.');
  const rows = keys.map(({ id, key, workspace, createdMs, revokedMs, name }) => [
    id,
    key,
    workspace,
    minute(createdMs),
    revokedMs === null ? 'valid' : `revoked ${minute(revokedMs)}`,
    name,
  ]);
  const table = [['ID', 'KEY', 'WORKSPACE', 'MADE (UTC)', 'STATE', 'NAME'], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

async function revoke(issuing: Issuing, id: string, say: (line: string) => void): Promise<void> {
  const revoked = await revokeKey(issuing, id);
  if (!revoked) throw new Error(`There is no key ${id}; see npm run keys -- list.`);
  say(`${revoked.id} of workspace ${revoked.workspace} opens nothing any more.`);
}

function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

if (import.meta.main) {
  try {
    // Only the data directory matters here: settings that would stop a server must not keep anyone from revoking a key.
    const config = readConfig({ ...process.env, HOST: '127.0.0.1' }, process.cwd());
    await runKeys(process.argv.slice(2), config, (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    process.stderr.write(`${error instanceof StoreError ? error.advice : error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
