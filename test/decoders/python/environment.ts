// The one place that says which Python decodes: an environment of its own, with what requirements.txt names.
import { join } from 'node:path';
import { buildFolder, has, madeOnce, run } from '../decoder.ts';

export const requirements = join(import.meta.dirname, 'requirements.txt');
const folder = join(buildFolder, 'python');
export const interpreter = join(folder, 'bin', 'python');

/** Makes it; tells why there is none, where it cannot be had. */
export async function preparePython(): Promise<string | undefined> {
  if (!has('python3')) return 'there is no python3';
  return madeOnce('python', [requirements], async () => {
    const made = await run('python3', ['-m', 'venv', folder]);
    if (!made.succeeded) return made.complaint;
    const got = await run(interpreter, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements], { mostMs: 180_000 });
    return got.succeeded ? undefined : got.complaint;
  });
}
