// The page on routers, held against the code: its examples can be used, its table has every field, and what it shows of a dry run is what one says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { runRouter } from '../../src/cli/router.ts';
import { readConfig } from '../../src/config.ts';
import { readModelTable } from '../../src/engines/routing/smart/model-table.ts';
import { readRouter } from '../../src/engines/routing/smart/router.ts';
import { metrics, routerSchema } from '../../src/engines/routing/smart/router-schema.ts';
import { isRecord } from '../../src/engines/routing/smart/spelling.ts';
import { read } from './pages.ts';

const page = read('docs/routers.md');
const blocks = (kind: string) => [...page.matchAll(new RegExp(`^\`\`\`${kind}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);

test('every example of a router and of the table can be used as it stands there', () => {
  const [table = ''] = blocks('json models');
  expect(readModelTable(JSON.parse(table)).size).toBe(3);
  const routers = blocks('json router');
  expect(routers.length).toBeGreaterThan(0);
  for (const text of routers)
    expect(readRouter(JSON.parse(text), 'support', { table: new Map(), serves: () => true })).toMatchObject({ unread: [], unserved: [] });
});

test('its dry run says what the page shows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-page-'));
  writeFileSync(join(folder, 'support.json'), blocks('json router')[0] ?? '');
  const request = join(folder, 'request.txt');
  writeFileSync(request, blocks('json')[0] ?? '');
  const keys = { OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k', GROQ_API_KEY: 'k' };
  const said: string[] = [];
  expect(await runRouter(['--try', request], readConfig({ ...keys, PARLEY_ROUTERS_DIR: folder }, folder), (line) => said.push(line))).toBe(
    0,
  );
  rmSync(folder, { recursive: true });
  const [, shown = ''] = /^```\n\$ npm run router -- --try request\.json\n([^]*?)\n```$/m.exec(page) ?? [];
  expect(said.join('\n')).toBe(shown);
});

/** The names of all fields of a schema, wherever they are; a field of an object is told with its own name only. */
function fieldsOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(fieldsOf);
  if (!isRecord(schema)) return [];
  const { properties, ...rest } = schema;
  const own = isRecord(properties) ? Object.entries(properties).flatMap(([name, inner]) => [name, ...fieldsOf(inner)]) : [];
  return [...own, ...Object.values(rest).flatMap(fieldsOf)];
}

test('the table of fields has every field', () => {
  const table = page.slice(page.indexOf('\n## All fields'), page.indexOf('\n## Over HTTP'));
  const told = new Set([...table.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => code.split(/\W+/)));
  const fields = new Set(fieldsOf(z.toJSONSchema(routerSchema, { io: 'input', unrepresentable: 'any' })));
  expect(fields.size).toBeGreaterThan(30);
  expect([...fields].filter((field) => !told.has(field))).toEqual([]);
});

test('the table of metrics has every metric', () => {
  expect(Object.keys(metrics).filter((metric) => !new RegExp(`^\\| .*\`${metric}\`.* \\|`, 'm').test(page))).toEqual([]);
});
