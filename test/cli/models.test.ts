// `npm run models`, as far as what it says and does; how models are fetched is in test/engines/models.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { UsageError } from '../../src/cli/arguments.ts';
import { runModels } from '../../src/cli/models.ts';
import { ModelStore } from '../../src/engines/models/store.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { Machine, noise, toy, weights } from '../engines/models/rig.ts';

let machine: Machine;
let said: string[];

beforeEach(() => {
  machine = new Machine();
  machine.python();
  vi.stubEnv('PATH', machine.programs);
  said = [];
});

afterEach(() => {
  vi.unstubAllEnvs();
  machine.remove();
});

function run(...argv: string[]): Promise<void> {
  const { dataDir, systemRoot } = machine;
  const rows = [toy, { ...toy, id: 'spare-v1', short: 'spare', needed: false }];
  const store = new ModelStore({ dataDir, systemRoot, settings: {}, log: silentLog, clock: systemClock, rows });
  said = [];
  return runModels(argv, { store, say: (line) => said.push(line), signal: new AbortController().signal });
}

const rowOf = (id: string) => said.find((line) => line.startsWith(id));

test('lists what there is, what it is for and under which licence', async () => {
  await run();
  expect(said[0]).toMatch(/^MODEL +SHORT +DOWNLOAD +ON DISK +STATE +LICENCE +WHAT IT DOES$/);
  expect(rowOf('toy-v1')).toMatch(/^toy-v1 +toy +0 MB +- +fetched at the next start +CC0-1\.0 +is there for tests$/);
  expect(rowOf('spare-v1')).toMatch(/^spare-v1 +spare +0 MB +- +- +CC0-1\.0/);
});

test('fetches what a server wants when nothing is named, and then lists it as here', async () => {
  await run('fetch');
  expect(said).toEqual(['toy-v1 is here.']);
  await run('list');
  expect(rowOf('toy-v1')).toMatch(/ here +CC0/);
  expect(rowOf('spare-v1')).not.toMatch(/ here +CC0/);
});

test('fetches by short name, and again only what is broken', async () => {
  await run('fetch', 'spare', 'toy-v1');
  expect([...said].sort()).toEqual(['spare-v1 is here.', 'toy-v1 is here.']);
  expect(machine.calls).toHaveLength(2);
  await run('fetch', 'spare');
  expect(machine.calls).toHaveLength(2);
  await damage();
  await run('fetch', 'toy', 'spare');
  expect(machine.calls).toHaveLength(3);
  await run('verify', 'toy');
  expect(said).toEqual(['toy-v1: right']);
});

test('fetches what is named and nothing else, when no command is', async () => {
  await run('spare');
  expect(said).toEqual(['spare-v1 is here.']);
  await expect(run('nothing-like-it')).rejects.toThrow(UsageError);
});

/** Bits of the toy's weights are turned, its length stays. */
async function damage(): Promise<void> {
  const { dataDir } = machine;
  const store = new ModelStore({ dataDir, settings: {}, log: silentLog, clock: systemClock, rows: [toy] });
  writeFileSync(join(await store.folder('toy', new AbortController().signal), 'weights.bin'), noise(weights.length, 3));
}

test('verifies every byte, and says what mends what is broken', async () => {
  await run('fetch', 'toy');
  await damage();
  await expect(run('verify')).rejects.toThrow('`npm run models fetch toy` mends it.');
  expect(said).toEqual(['toy-v1: broken: weights.bin', 'spare-v1: not here']);
});

test('removes what is named, and nothing when nothing is', async () => {
  await run('fetch', 'toy');
  await run('remove', 'toy');
  expect(said).toEqual(['toy-v1 is removed.']);
  await run('remove', 'toy');
  expect(said).toEqual(['toy-v1 was not here.']);
  await expect(run('remove')).rejects.toThrow(UsageError);
});

test('ends with why a model could not be fetched, after fetching the others', async () => {
  machine.python('case "$TMPDIR" in *spare*) exit 1;; esac');
  await expect(run('fetch', 'spare', 'toy')).rejects.toThrow('The model spare-v1');
  expect(said).toEqual(['toy-v1 is here.']);
});

test('knows its commands and its models', async () => {
  await expect(run('fetsch')).rejects.toThrow(UsageError);
  await expect(run('fetch', 'moonlight')).rejects.toThrow('There is no model moonlight; there are toy, spare.');
  await run('--help');
  expect(said.join('\n')).toContain('npm run models fetch');
});

test('its settings are checked: a mirror is a folder that is there, or an address', () => {
  const read = (settings: Record<string, string>) => readConfig(settings, machine.folder).settings;
  expect(read({})).toMatchObject({ PARLEY_MODELS: 'on' });
  expect(read({ PARLEY_MODELS: 'off' })).toMatchObject({ PARLEY_MODELS: 'off' });
  expect(read({ PARLEY_MODELS_MIRROR: 'registry' })).toMatchObject({ PARLEY_MODELS_MIRROR: machine.registry });
  expect(read({ PARLEY_MODELS_MIRROR: 'https://mirror.test/m' })).toMatchObject({ PARLEY_MODELS_MIRROR: 'https://mirror.test/m' });
  expect(() => read({ PARLEY_MODELS: 'maybe' })).toThrow(ConfigError);
  expect(() => read({ PARLEY_MODELS_MIRROR: 'nowhere' })).toThrow(/PARLEY_MODELS_MIRROR names a file that is not there/);
  expect(() => read({ PARLEY_MODELS_MIRROR: 'http://' })).toThrow(/PARLEY_MODELS_MIRROR is no address/);
});
