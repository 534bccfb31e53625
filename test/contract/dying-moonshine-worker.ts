// The worker of Moonshine, which dies in the middle of what it does when a file says so: once for each time the file is written.
import { existsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { memberData } from '../../src/engines/local/crew-member.ts';

const { folder } = memberData() as { folder: string };
const order = join(folder, 'die');

setInterval(() => {
  if (!existsSync(order)) return;
  try {
    unlinkSync(order);
  } catch {
    // Another worker took it.
    return;
  }
  process.exit(7);
}, 1).unref();

await import('../../src/engines/local/moonshine/moonshine-worker.ts');
