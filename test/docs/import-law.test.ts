// The import law is really looked at: a forbidden import and a circle are found, and the run over the sources sees all of them.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { paths, root } from './pages.ts';

const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const law = join(root, '.dependency-cruiser.cjs');

interface Cruise {
  modules: { source: string }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Cruises a tree of these files under the real law. */
function cruise(files: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'parley-law-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { stdout } = spawnSync(process.execPath, [program, 'src', '--config', law, '--output-type', 'json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { violations } = (JSON.parse(stdout) as Cruise).summary;
  return violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`);
}

const leaf = 'export const leaf = 1;\n';

test('a session that reaches into media is found out, even for a type', () => {
  const files = {
    'src/media/leaf.ts': leaf,
    'src/session/turn.ts': "import type { leaf } from '../media/leaf.ts';\nexport type Leaf = typeof leaf;\n",
  };
  expect(cruise(files)).toContain('law-session: src/session/turn.ts → src/media/leaf.ts');
});

test('a session that imports a module of Node is found out', () => {
  const files = { 'src/session/turn.ts': "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n" };
  expect(cruise(files).join()).toContain('session-imports-nothing-else: src/session/turn.ts');
});

test('a room of the session that knows a guest is found out, and a guest that knows another', () => {
  const files = {
    'src/session/guests/mcp.ts': leaf,
    'src/session/guests/asides.ts': leaf,
    'src/session/floor/turn.ts': "import { leaf } from '../guests/mcp.ts';\nexport const turn = leaf;\n",
    'src/session/guests/filler.ts':
      "import { leaf } from './mcp.ts';\nimport { leaf as shared } from './asides.ts';\nexport const both = [leaf, shared];\n",
  };
  expect(cruise(files)).toEqual([
    'guests-apart: src/session/guests/filler.ts → src/session/guests/mcp.ts',
    'guests-on-top: src/session/floor/turn.ts → src/session/guests/mcp.ts',
  ]);
});

test('a circle is found out', () => {
  const files = {
    'src/lib/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
    'src/lib/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
  };
  expect(cruise(files).join()).toContain('no-circle');
});

test('what the law allows passes', () => {
  const files = { 'src/lib/leaf.ts': leaf, 'src/media/pcm.ts': "export { leaf } from '../lib/leaf.ts';\n" };
  expect(cruise(files)).toEqual([]);
});

test('the run over the sources looks at every file there is', () => {
  const output = execFileSync(process.execPath, [program, 'src', '--config', law, '--output-type', 'json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const { modules, summary } = JSON.parse(output) as Cruise;
  const seen = new Set(modules.map(({ source }) => source));
  expect(seen.size).toBeGreaterThan(50);
  expect(paths('src/**/*.ts').filter((path) => !seen.has(path))).toEqual([]);
  expect(summary.violations).toEqual([]);
});
