// Which models are on this machine for tests: those that were fetched and converted. Tests of one that is not there are left out, and a run
// says so; PARLEY_MODELS=off leaves all of them out.
import { globSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Models } from '../src/engines/engine.ts';
import { findModel } from '../src/engines/models/manifest.ts';
import { ModelStore } from '../src/engines/models/store.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';

export const dataDir = resolve(import.meta.dirname, '..', process.env['PARLEY_DATA_DIR'] ?? '.parley');

const store = new ModelStore({ dataDir, settings: {}, log: silentLog, clock: systemClock });
const folders = new Map<string, string>();
if (process.env['PARLEY_MODELS'] !== 'off') {
  for (const row of store.rows) {
    if ((await store.state(row)).kind === 'ready') folders.set(row.id, await store.folder(row.id, new AbortController().signal));
  }
}

/** The models that are there; nothing is fetched. */
export const testModels: Models = store;

/** What a server wants at its start. */
export const defaultModels: readonly string[] = store.rows.filter(({ needed }) => needed).map(({ id }) => id);

export function hasModel(model: string): boolean {
  return folders.has(model);
}

/** The folder that an engine is given. @throws Error when the model is not there. */
export function modelFolder(model: string): string {
  const folder = folders.get(model);
  if (folder === undefined) throw new Error(missing([model]));
  return folder;
}

/** The folder with the files of a model as they were fetched, before any conversion; undefined when they are not there. */
export function modelSource(model: string): string | undefined {
  const row = findModel(store.rows, model);
  if (!row || process.env['PARLEY_MODELS'] === 'off') return undefined;
  return globSync(join(dataDir, 'models', row.id, 'source-*')).find((folder) =>
    row.files.every(({ name, bytes }) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes),
  );
}

/** A `describe` for tests that need models. Without them it is one test that is left out and says why. */
export function describeWithModels(models: readonly string[], title: string, tests: () => void): void {
  leaveOutUnless(models.every(hasModel), models, title, tests);
}

/** The same for tests that need the files of a model as they were fetched. */
export function describeWithSource(model: string, title: string, tests: (source: string) => void): void {
  const source = modelSource(model);
  leaveOutUnless(source !== undefined, [model], title, () => tests(source as string));
}

function leaveOutUnless(there: boolean, models: readonly string[], title: string, tests: () => void): void {
  describe(`${title} (${namesOf(models)})`, () => {
    if (there) return tests();
    test('its models are here', ({ skip }) => {
      skip(missing(models));
      expect(there).toBe(true);
    });
  });
}

function missing(models: readonly string[]): string {
  const names = namesOf(models.filter((model) => !hasModel(model)));
  if (process.env['PARLEY_MODELS'] === 'off') return `PARLEY_MODELS is off (${names})`;
  return `models are not here: npm run models fetch ${names}`;
}

function namesOf(models: readonly string[]): string {
  return models.map((model) => findModel(store.rows, model)?.short ?? model).join(' ');
}
