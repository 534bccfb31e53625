// The table of docs/protocol.md, and the tests whose titles name its rows.
import { paths, read } from './pages.ts';

export interface Row {
  id: string;
  item: string;
  supported: string;
  file: string;
  /** A file with a test that shows it, or a dash. */
  test: string;
  remark: string;
}

export const page = 'docs/protocol.md';
const dash = '—';
const testCell = /^(?:—|`(test\/[^`]+\.test\.ts)`)$/;

function rowOf(line: string): Row | undefined {
  const [, id, rest] = /^\| ([A-Z]\d\d) \| (.*)\|$/.exec(line) ?? [];
  if (id === undefined || rest === undefined) return undefined;
  const [item = '', supported = '', file = '', ...more] = rest.split('|').map((cell) => cell.trim());
  const hasTest = testCell.test(more[0] ?? '') && more.length > 1;
  return { id, item, supported, file, test: hasTest ? (more[0] ?? '') : '', remark: more[hasTest ? 1 : 0] ?? '' };
}

export const rows: readonly Row[] = read(page)
  .split('\n')
  .flatMap((line) => rowOf(line) ?? []);

/** The ids in each title of a source: a string given to `test`, `it` or `describe`, or to what their `each` returns. */
function namedIn(path: string): string[][] {
  const titles = read(path).matchAll(/(?:\b(?:test|it|describe)(?:\.\w+)*|\))\(\s*(['"`])((?:\\.|(?!\1).)*)\1\s*,/g);
  return [...titles].flatMap(([, , title = '']) => {
    const ids = title.match(/\b[COSEAF]\d\d\b/g);
    return ids ? [ids] : [];
  });
}

/** For each file with tests, the ids that its titles name, title by title. */
export const named: ReadonlyMap<string, readonly string[][]> = new Map(paths('test/**/*.test.ts').map((path) => [path, namedIn(path)]));

function shows(path: string, id: string): boolean {
  return named.get(path)?.some((ids) => ids.includes(id)) ?? false;
}

/** Among the files that show a row, the one whose title names the fewest others beside it; of several, the one nearest to the session. */
function testOf(id: string): string | undefined {
  const all = [...named].flatMap(([path, titles]) => titles.flatMap((ids) => (ids.includes(id) ? [{ path, others: ids.length }] : [])));
  // In the alphabet, session/ and its neighbours come last, and the slow e2e/ early.
  return all.sort((a, b) => a.others - b.others || (a.path < b.path ? 1 : -1))[0]?.path;
}

/** The page with a right test in every row: one that is right stays, and a row that has none yet is given one. */
export function withTests(text: string): string {
  const lines = text.split('\n').map((line) => {
    if (/^\| id \| item \| supported \| file \| (?!test )/.test(line)) return line.replace('| file |', '| file | test |');
    const row = rowOf(line);
    if (!row) return line;
    const shown = testCell.exec(row.test)?.[1];
    const path = row.supported === 'no' ? undefined : shown !== undefined && shows(shown, row.id) ? shown : testOf(row.id);
    const cells = [row.id, row.item, row.supported, row.file, path === undefined ? dash : `\`${path}\``];
    return `| ${cells.join(' | ')} | ${row.remark === '' ? '' : `${row.remark} `}|`;
  });
  // A heading has as many dashes below it as columns.
  return lines.map((line, at) => (lines[at - 1]?.startsWith('| id | item |') ? '| --- | --- | --- | --- | --- | --- |' : line)).join('\n');
}
