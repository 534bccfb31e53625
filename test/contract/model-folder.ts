// Where the tests find models that were fetched and converted: what needs one that is not there is left out, and said so.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Models } from '../../src/engines/engine.ts';

const folder = resolve(import.meta.dirname, '../..', process.env['PARLEY_DATA_DIR'] ?? '.parley', 'models');

export function hasModel(model: string): boolean {
  return existsSync(join(folder, model));
}

export const fetchedModels: Models = { folder: async (model) => join(folder, model) };
