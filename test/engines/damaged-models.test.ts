// A model whose file was damaged on the disk after it was checked: the engine that cannot load it has it mended, and works.
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Engine, EngineEnvironment, EngineFactory } from '../../src/engines/engine.ts';
import { HIBARI_MODEL, hibari } from '../../src/engines/local/hibari/hibari.ts';
import { moonshine } from '../../src/engines/local/moonshine/moonshine.ts';
import { SMART_TURN_MODEL, smartTurn } from '../../src/engines/local/smart-turn/smart-turn.ts';
import { ModelStore } from '../../src/engines/models/store.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { dataDir, describeWithModels, modelSource } from '../models.ts';

const never = new AbortController().signal;
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A data directory with a copy of the model; what is missing of it comes from a mirror. */
function environmentOf(model: string): EngineEnvironment {
  const folder = mkdtempSync(join(tmpdir(), 'parley-damaged-'));
  folders.push(folder);
  const mirror = join(folder, 'mirror');
  cpSync(join(dataDir, 'models', model), join(folder, 'models', model), { recursive: true });
  cpSync(modelSource(model) ?? '', join(mirror, model), { recursive: true });
  const settings = { PARLEY_MODELS_MIRROR: mirror };
  const store = new ModelStore({ dataDir: folder, settings, log: silentLog, clock: systemClock });
  return { dataDir: folder, settings, log: silentLog, clock: systemClock, models: store };
}

/** Of the same size, and no model any more. */
function damage({ dataDir: folder }: EngineEnvironment, file: string): string {
  const [path] = globSync(join(folder, 'models', file));
  if (path === undefined) throw new Error(`There is no ${file}.`);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0, 0, bytes.length >> 1));
  return path;
}

const cases: readonly (readonly [EngineFactory<Engine>, model: string, file: string])[] = [
  [moonshine, 'moonshine-base-en', 'converted-*/cross.onnx'],
  [hibari, HIBARI_MODEL, 'converted-*/hibari.onnx'],
  [smartTurn, SMART_TURN_MODEL, 'source-*/smart-turn-v3.2-cpu.onnx'],
];

for (const [factory, model, file] of cases) {
  describeWithModels([model], `${factory.id} with a damaged ${basename(file)}`, () => {
    test('has it made or fetched anew, and is ready after one warm-up', { timeout: 90_000 }, async () => {
      const environment = environmentOf(model);
      const path = damage(environment, `${model}/${file}`);
      const before = readFileSync(path);
      const engine = factory.create(environment);
      try {
        await engine.warmUp(never);
        expect(engine.health?.()).toMatchObject({ state: 'ready' });
        expect(readFileSync(path).equals(before)).toBe(false);
      } finally {
        await engine.close();
      }
    });
  });
}

describeWithModels([SMART_TURN_MODEL], 'a model that cannot be mended', () => {
  test('is no reason to try for ever, nor to give up for good', async () => {
    const environment = environmentOf(SMART_TURN_MODEL);
    rmSync(join(environment.dataDir, 'mirror'), { recursive: true });
    damage(environment, `${SMART_TURN_MODEL}/source-*/smart-turn-v3.2-cpu.onnx`);
    const asked: string[] = [];
    const models = {
      folder: (model: string, signal: AbortSignal) => {
        asked.push('folder');
        return asked.length === 1 ? environment.models.folder(model, signal) : Promise.resolve(import.meta.dirname);
      },
      distrust: () => void asked.push('distrust'),
    };
    const engine = smartTurn.create({ ...environment, models });
    try {
      await expect(engine.warmUp(never)).rejects.toMatchObject({ reason: 'unavailable', retryable: true });
      expect(asked).toEqual(['folder', 'distrust', 'folder', 'distrust']);
      expect(engine.health?.()).toMatchObject({ state: 'failed', problem: expect.stringContaining(SMART_TURN_MODEL) });
    } finally {
      await engine.close();
    }
  });
});
