// Where what was measured stays: raw in bench/results/, and as tables between two marks of docs/performance.md.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/lib/clock.ts';

/** Raw figures, in a file of their own that is named by the time. */
export async function keepRaw(prefix: string, results: object): Promise<void> {
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  const name = prefix + new Date(systemClock.wallMs()).toISOString().replaceAll(/[:.]/g, '-');
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(results, undefined, 2)}\n`);
}

/** Puts `tables` between `<!-- mark -->` and `<!-- /mark -->` of the page, in the place of what was there. */
export async function writeTables(mark: string, tables: string): Promise<void> {
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const page = join(import.meta.dirname, '..', 'docs', 'performance.md');
  const text = await readFile(page, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for the tables: ${begin} ... ${end}`);
  await writeFile(page, `${text.slice(0, from + begin.length)}\n${tables}\n${text.slice(to)}`);
}
