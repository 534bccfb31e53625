// The process in which a model is converted: takes the converter's module and two folders, and says when it is done.
import { constants, setPriority } from 'node:os';
import type { Converted } from './convert.ts';
import { describeFolder } from './disk.ts';

const [module, source, target] = process.argv.slice(2);
if (module === undefined || source === undefined || target === undefined) throw new Error('three arguments are wanted');

// Who asked for it is gone: nobody would use what is made here.
process.on('disconnect', () => process.exit(1));
try {
  // Sessions that are under way come first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // Not everywhere allowed, and nothing depends on it.
}
const { convert } = (await import(module)) as { convert: (source: string, target: string) => Promise<void> };
await convert(source, target);
process.send?.({ kind: 'done', files: await describeFolder(target) } satisfies Converted, () => process.exit(0));
