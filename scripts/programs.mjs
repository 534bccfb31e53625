// Which programs this machine has. Plain JavaScript, no dependencies.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a program can be found here. */
export function has(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
