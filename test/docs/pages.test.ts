// What the pages point at exists: npm scripts, links, and the files they name.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { pages, prose, read, root } from './pages.ts';

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test('every npm script that a page names is in package.json', () => {
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/\bnpm (?:run ([a-z:-]+)|(start|test)\b)/g)].map(([, script, short]) => ({
      page,
      script: script ?? short ?? '',
    })),
  );
  expect(named.filter(({ page }) => page === 'README.md').length).toBeGreaterThan(3);
  expect(named.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
});

test.each(pages)('the links of %s lead somewhere', (page) => {
  const links = [...prose(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
  const local = links.filter((target) => !/^[a-z]+:/.test(target));
  expect(local.filter((target) => !existsSync(normalize(join(root, dirname(page), target))))).toEqual([]);
});

/** Files that a page tells its reader to make. */
const examples = ['src/engines/local/morse.ts', 'test/contract/morse.test.ts'];

test.each(pages)('the source files that %s names are there', (page) => {
  const named = [...prose(page).matchAll(/`((?:src|test|bench|scripts|docs|samples)\/[\w./-]+\.\w+)`/g)].map(([, path = '']) => path);
  // The architecture page leaves `src/` away.
  const rooms = [...prose(page).matchAll(/`((?:lib|protocol|session|media|engines|transports|pipeline|http|access|cli)\/[\w./-]+\.ts)`/g)];
  const all = [...named, ...rooms.map(([, path = '']) => `src/${path}`)];
  expect(all.filter((path) => !existsSync(join(root, path)) && !examples.includes(path))).toEqual([]);
});
