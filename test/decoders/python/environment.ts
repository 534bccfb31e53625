// The one place that says which Python decodes: that of the Python clients where it is there and has what requirements.txt names; otherwise an
// environment of its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { has } from '../../../scripts/programs.mjs';
import { findPythonClients, requirements as ofClients } from '../../../scripts/python-clients.mjs';
import { buildFolder, madeOnce, run } from '../decoder.ts';

export const requirements = join(import.meta.dirname, 'requirements.txt');
const folder = join(buildFolder, 'python');
const clients = findPythonClients().python;
const shared = clients !== undefined && sharesClients() ? clients : undefined;
export const interpreter = shared ?? join(folder, 'bin', 'python');

/** Makes it; tells why there is none, where it cannot be had. */
export async function preparePython(): Promise<string | undefined> {
  if (shared !== undefined) return undefined;
  if (!has('python3')) return 'there is no python3';
  return madeOnce('python', [requirements], async () => {
    const made = await run('python3', ['-m', 'venv', folder]);
    if (!made.succeeded) return made.complaint;
    const got = await run(interpreter, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements], { mostMs: 180_000 });
    return got.succeeded ? undefined : got.complaint;
  });
}

/** Whether the environment of the Python clients has these packages in these versions. */
function sharesClients(): boolean {
  const theirs = new Set(readFileSync(ofClients, 'utf8').match(/^[\w.-]+==[^\s;\\]+/gm));
  const ours = readFileSync(requirements, 'utf8').split('\n').filter(Boolean);
  return ours.every((line) => theirs.has(line));
}
