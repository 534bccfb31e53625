// What the tests want besides the packages: a browser and a relay to call through, where this machine's own packages have them and we may install
// them, and the models. Tests that want what is not there say so and are skipped. Plain JavaScript, no dependencies.
import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { has } from './programs.mjs';

const wanted = [
  { program: 'chromium', package: 'chromium', for: 'the tests in a browser' },
  { program: 'turnserver', package: 'coturn', for: 'the tests through a relay' },
];

/** Whether it went well. */
function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return new Promise((resolve) => {
    const child = spawn('apt-get', ['-q', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}

export async function installPrograms() {
  const missing = wanted.filter(({ program }) => !has(program) && !(program === 'chromium' && process.env.CHROMIUM));
  if (missing.length === 0 || process.getuid?.() !== 0 || !has('apt-get')) return;
  console.log(`Installing ${missing.map((each) => `${each.package} (${each.for})`).join(' and ')} ...`);
  await aptGet('update');
  // One by one, so that what cannot be had does not keep the other away.
  for (const each of missing)
    if (!(await aptGet('install', '-y', '--no-install-recommends', each.package))) console.error(`${each.package} could not be installed.`);
}

/** Those that a server wants at its start; what is there is left as it is. */
export async function fetchModels() {
  if (process.env.PARLEY_MODELS === 'off') return;
  const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const node = resolve(repository, 'node_modules/.bin/node');
  const code = await new Promise((done) => {
    const child = spawn(node, ['src/cli/models.ts', 'fetch'], { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', () => done(undefined));
    child.once('close', done);
  });
  if (code !== 0) console.error('Models could not be had: the tests that need them are left out.');
}
