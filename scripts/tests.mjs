// `npm test`: brings what is not there and runs all checks and tests. What comes over the network is waited for while something else is reckoned.
// Runs under whatever Node the machine has, before there are packages. Plain JavaScript, no dependencies.
import { spawn } from 'node:child_process';
import { delimiter, resolve } from 'node:path';
import { installPythonClients } from './python-clients.mjs';
import { fetchModels, installPrograms } from './test-needs.mjs';

const repository = resolve(import.meta.dirname, '..');
const windows = process.platform === 'win32';
// Node of the packages, once it is there, and their programs.
const env = { ...process.env, PATH: [resolve(repository, 'node_modules/.bin'), process.env.PATH].join(delimiter) };

/** Resolves with whether the program went well. */
function went(program, ...args) {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: repository, env, stdio: 'inherit', shell: windows });
    child.once('error', (error) => {
      console.error(`${program}: ${error.message}`);
      done(false);
    });
    child.once('close', (code) => done(code === 0));
  });
}

function must(well) {
  if (!well) process.exit(1);
}

// Neither needs the packages.
const outside = Promise.all([installPrograms(), installPythonClients()]);
must(await went(process.execPath, 'scripts/setup.mjs'));
const [checked] = await Promise.all([went('npm', 'run', 'check'), fetchModels(), outside]);
must(checked);
must(await went('vitest', 'run', ...process.argv.slice(2)));
must(await went('node', 'test/decoders/run.ts'));
