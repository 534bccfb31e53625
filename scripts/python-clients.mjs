// The Python clients of test/clients, unmodified, in a virtual environment under the data directory that is named after what is in it: made
// once, and anew when the list of packages changes. Plain JavaScript, no dependencies.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const requirements = join(repository, 'test/clients/python/requirements.txt');
const dataDir = resolve(repository, process.env.PARLEY_DATA_DIR ?? '.parley');
const all = join(dataDir, 'python-clients');
const name = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
const folder = join(all, name);
const python = join(folder, 'bin/python');
/** Written last, so that what was interrupted is not taken for whole. */
const ready = join(folder, 'ready');
const reason = join(all, `${name}.missing.txt`);

const run = promisify(execFile);
const suitable = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';

/** The Python that has the clients, or why there is none. */
export function findPythonClients() {
  if (existsSync(ready) && existsSync(python)) return { python, missing: undefined };
  const why = existsSync(reason) ? readFileSync(reason, 'utf8') : 'they were not installed (node scripts/test-setup.mjs)';
  return { python: undefined, missing: `the Python clients are not here: ${why}` };
}

/** Makes the environment where it can be made, within `mostMs` for each step; where not, it is written down why. Never throws. */
export async function installPythonClients(mostMs = 240_000) {
  if (findPythonClients().python !== undefined) return;
  mkdirSync(all, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  const limits = { timeout: mostMs, killSignal: 'SIGKILL' };
  const failed = (message) => writeFileSync(reason, message);
  try {
    await run('python3', ['-c', suitable], limits);
  } catch {
    return failed('there is no python3 of 3.11 or later with venv');
  }
  console.log('Installing the Python clients (450 MB, for the tests of them) ...');
  try {
    await run('python3', ['-m', 'venv', folder], limits);
    const quietly = ['-q', '--no-input', '--disable-pip-version-check', '--no-compile', '--retries', '2'];
    const locked = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', requirements];
    await run(python, ['-m', 'pip', 'install', ...quietly, ...locked], { ...limits, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    console.error(`The Python clients could not be installed: ${error.message}`);
    return failed(error.killed ? `their packages did not come within ${mostMs / 1000} s` : 'their packages could not be installed');
  }
  writeFileSync(ready, '');
  rmSync(reason, { force: true });
  // Those of an older list are of no use any more.
  for (const other of readdirSync(all)) if (!other.startsWith(name)) rmSync(join(all, other), { recursive: true, force: true });
}
