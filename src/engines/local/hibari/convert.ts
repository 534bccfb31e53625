// Makes of the files of the voice's package what the engine reads: once, when they were fetched.
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileWordLists } from '../../text/compile.ts';
import { expose } from './expose.ts';
import { DURATIONS, EXACT_DURATIONS, LETTERS_FILE, NET_FILE } from './files.ts';

/** `source` has the files under their plain names; `target` is empty. */
export async function convert(source: string, target: string): Promise<void> {
  const net = await readFile(join(source, NET_FILE));
  await writeFile(join(target, NET_FILE), expose(expose(net, DURATIONS, 'int64'), EXACT_DURATIONS, 'float32'));
  await copyFile(join(source, LETTERS_FILE), join(target, LETTERS_FILE));
  await compileWordLists(source, target);
}
