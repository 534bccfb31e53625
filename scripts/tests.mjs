// `npm test`: brings what is not there and runs all checks and tests. What comes over the network is waited for while something else is reckoned,
// and what the last step needs is built beside the tests, of what they leave of the processors.
// Runs under whatever Node the machine has, before there are packages. Plain JavaScript, no dependencies.
import { spawn } from 'node:child_process';
import { delimiter, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPythonClients } from './python-clients.mjs';
import { fetchModels, installPrograms } from './test-needs.mjs';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const windows = process.platform === 'win32';
const env = {
  ...process.env,
  // Node of the packages, once it is there, and their programs.
  PATH: [resolve(repository, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  // Each file of tests has a process of its own, and servers besides: they need not compile the same packages again.
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? resolve(repository, 'node_modules/.cache/node-compile'),
};

/** Resolves with whether the program went well. */
function went(program, ...args) {
  return start(program, args, 'inherit').well;
}

/** Starts a program; `well` resolves with whether it went well. */
function start(program, args, stdin) {
  // On Windows programs of packages are scripts, and scripts want a shell.
  const shell = windows && program !== process.execPath;
  const child = spawn(program, args, { cwd: repository, env, stdio: [stdin, 'inherit', 'inherit'], shell });
  const well = new Promise((done) => {
    child.once('error', (error) => {
      console.error(`${program}: ${error.message}`);
      done(false);
    });
    child.once('close', (code) => done(code === 0));
  });
  return { child, well };
}

// Neither needs the packages, and the tests do without what cannot be had.
const outside = Promise.all([installPrograms(), installPythonClients()]).catch((error) => console.error(error));

/** Ends unless it went well, once nothing is being installed any more. */
async function must(going, installing = outside) {
  if (await going) return;
  await installing;
  process.exit(1);
}

await must(went(process.execPath, 'scripts/setup.mjs'));
const [checked] = await Promise.all([went('npm', 'run', 'check'), fetchModels(), outside]);
await must(checked);
const decoders = start('node', ['test/decoders/run.ts', '--when-told'], 'pipe');
// One that has ended already says why itself.
decoders.child.stdin.on('error', () => {});
const tested = await went('vitest', 'run', ...process.argv.slice(2));
decoders.child.stdin.end(tested ? 'decode\n' : '');
await must(tested, decoders.well);
await must(decoders.well);
