// The set-up of the tests, where the Python clients cannot be had: it goes on without them, and a run can say why they are left out.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
const repository = resolve(import.meta.dirname, '../..');
let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-setup-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** What a run of the tests is told of the Python clients. */
async function found(): Promise<unknown> {
  const script =
    "const { findPythonClients } = await import('./scripts/python-clients.mjs'); console.log(JSON.stringify(findPythonClients()));";
  return JSON.parse(await evaluate(script, { ...process.env, PARLEY_DATA_DIR: dataDir }));
}

test('before the set-up has run, its command is the reason', async () => {
  expect(await found()).toEqual({ missing: 'the Python clients are not here: they were not installed (node scripts/test-setup.mjs)' });
});

test('without a Python the set-up goes well, and that is the reason', async () => {
  // Neither python3 nor apt-get is found there.
  const env = { PATH: dataDir, PARLEY_DATA_DIR: dataDir };
  const { stderr } = await run(process.execPath, ['scripts/test-setup.mjs'], { cwd: repository, env });
  expect(stderr).toContain('npm run models fetch moonshine');
  expect(stderr).toContain('Models could not be had: the tests that need them are left out.');
  expect(await found()).toEqual({ missing: 'the Python clients are not here: there is no python3 of 3.11 or later with venv' });
});

/** A python3 that makes environments whose own Python does this. */
function fakePython(does: string): NodeJS.ProcessEnv {
  const program = (name: string, text: string) => writeFileSync(join(dataDir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program('inner', does);
  program('python3', `[ "$2" = venv ] && mkdir -p "$3/bin" && cp ${join(dataDir, 'inner')} "$3/bin/python"; exit 0`);
  return { PATH: `${dataDir}:${process.env['PATH'] ?? ''}`, PARLEY_DATA_DIR: dataDir };
}

async function evaluate(script: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: repository, env });
  return stdout;
}

const install = "const { installPythonClients } = await import('./scripts/python-clients.mjs'); await installPythonClients(500);";

test('with an index that never answers the set-up ends all the same, and that is the reason', async () => {
  await evaluate(install, fakePython('exec sleep 60'));
  expect(await found()).toEqual({ missing: 'the Python clients are not here: their packages did not come within 0.5 s' });
});

test('the decoder in Python takes the Python of the clients where it is there, as that has its packages', async () => {
  const env = fakePython('exit 0');
  const decoders = "const { interpreter } = await import('./test/decoders/python/environment.ts'); console.log(interpreter);";
  expect((await evaluate(decoders, env)).trim()).toBe(join(dataDir, 'decoders/python/bin/python'));
  await evaluate(install.replace('500', '20000'), env);
  const { python } = (await found()) as { python?: string };
  expect(python).toContain(join(dataDir, 'python-clients'));
  expect((await evaluate(decoders, env)).trim()).toBe(python);
});
