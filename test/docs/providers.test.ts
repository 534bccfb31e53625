// The page about providers and the README's table of engines, held against the rows of the services.
import { expect, test } from 'vitest';
import { customEarRow, earTable } from '../../src/engines/cloud/ears/rows.ts';
import { customRow, providerTable } from '../../src/engines/cloud/provider-table.ts';
import { customVoiceRow, voiceRows } from '../../src/engines/cloud/voices/rows.ts';
import { paths, read } from './pages.ts';

const page = read('docs/providers.md');
const sections = new Map(page.split(/^## /m).map((section): [string, string] => [section.split('\n', 1)[0] ?? '', section]));

/** The rows of the table in a section, cell by cell. */
function rowsOf(section: string): string[][] {
  const lines = (sections.get(section) ?? '').split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(2).map((line) => line.slice(2, -2).split(' | '));
}

interface Row {
  readonly name: string;
  readonly settings: string;
  readonly local?: unknown;
}

/** What opens it: its key, or the address of a server of one's own. */
function openedBy({ settings, local }: Row, custom: Row): string {
  return local !== undefined || settings === custom.settings ? `\`${settings}_BASE_URL\`` : `\`${settings}_API_KEY\``;
}

test.each([
  ['Language', [...providerTable, customRow], customRow],
  ['Recognition', [...earTable, customEarRow], customEarRow],
  ['Voices', [...voiceRows, customVoiceRow], customVoiceRow],
] as const)('%s has a row for each service, in the order of the code, with what opens it', (section, rows, custom) => {
  // Flux is Deepgram's second service behind the same key.
  const told = rowsOf(section).filter(([name]) => name !== 'Deepgram Flux');
  expect(told.map(([name, opened]) => [name, opened?.match(/`\w+`/)?.[0]])).toEqual(
    rows.map((row: Row) => [row === custom ? 'any other' : row.name, openedBy(row, custom)]),
  );
  const [head] = (sections.get(section) ?? '').split('\n').filter((line) => line.startsWith('| '));
  for (const cells of rowsOf(section)) {
    expect(cells).toHaveLength(head?.slice(2, -2).split(' | ').length ?? 0);
    for (const cell of cells) expect(cell.trim()).not.toBe('');
  }
});

test('what was tried of it is said for all of them', () => {
  for (const section of ['Language', 'Recognition', 'Voices'])
    expect(sections.get(section)).toContain('**Nothing here was tried against a real service');
});

test('every model that the code knows by name is named, the default first', () => {
  for (const { name, prefix, models, defaultModel, local } of earTable) {
    if (local) continue;
    const cells = rowsOf('Recognition').filter(([told]) => told === name || told === `${name} Flux`);
    const named = cells.flatMap(([, , ids]) => ids?.match(/`[^`]+`/g) ?? []).map((id) => id.slice(1, -1));
    const missing = models.filter((model) => !named.includes(`${prefix}/${model}`) && !/-\d{4}-\d\d-\d\d$/.test(model));
    expect([name, missing, named[0]]).toEqual([name, [], `${prefix}/${defaultModel}`]);
  }
  for (const { name, models } of voiceRows) {
    const [cells] = rowsOf('Voices').filter(([told]) => told === name);
    const named = cells?.[2]?.match(/`[^`]+`/g)?.map((id) => id.slice(1, -1)) ?? [];
    expect([name, named]).toEqual([name, [...models]]);
  }
  for (const { name, defaultModel = 'the first it lists', omit = [] } of providerTable) {
    const [, , usual = '', , , unsent = ''] = rowsOf('Language').find(([told]) => told === name) ?? [];
    expect([name, usual.replaceAll('`', '')]).toEqual([name, defaultModel]);
    for (const field of omit) expect(unsent).toContain(field.endsWith('_penalty') ? 'penalties' : field);
  }
});

test('of every provider of language models it says how requests of one session are told to belong together, and the pages it was written from', () => {
  for (const { name, conversation, source } of providerTable) {
    const [, , , , cache = '', , pages = ''] = rowsOf('Language').find(([told]) => told === name) ?? [];
    const hint = conversation && ('field' in conversation ? conversation.field : conversation.header);
    expect(cache).toContain(hint ?? '');
    expect([name, source.length > 0, source.filter((page) => !pages.includes(page))]).toEqual([name, true, []]);
  }
});

test("the README's table of engines names every service that hears and every one that speaks", () => {
  const readme = read('README.md');
  const named = (kind: string, page: string) =>
    readme.match(new RegExp(`^\\| ${kind} \\| (.*?) \\(\\[providers\\]\\(docs/providers.md#${page}\\)\\)`, 'm'))?.[1]?.split(', ') ?? [];
  const sorted = (names: readonly string[]) => [...names].sort();
  expect(sorted(named('recognition', 'recognition'))).toEqual(sorted(earTable.map(({ name }) => name)));
  expect(sorted(named('synthesis', 'voices'))).toEqual(sorted(voiceRows.map(({ name }) => name)));
});

const adapters = [
  ...['assemblyai', 'cartesia', 'deepgram', 'deepgram-flux', 'inworld', 'openai', 'soniox'].map(
    (name) => `src/engines/cloud/ears/${name}.ts`,
  ),
  ...['cartesia', 'deepgram', 'elevenlabs', 'inworld', 'openai'].map((name) => `src/engines/cloud/voices/${name}.ts`),
];

test.each(adapters)('%s has no more than 160 lines, and says what it was written from and that it was not tried', (path) => {
  const text = read(path);
  expect(text.split('\n').length - 1).toBeLessThanOrEqual(160);
  const opening = text.split('\nimport ', 1)[0]?.replaceAll('\n// ', ' ');
  expect(opening).toMatch(/Written from [\w.]+\.(?:com|ai|io)\b/i);
  expect(opening).toMatch(/not tried against/i);
});

test('those are all that the rows are made from, and the adapters of language keep the same limit', () => {
  const imported = ['src/engines/cloud/ears/rows.ts', 'src/engines/cloud/ears/deepgram-ear.ts', 'src/engines/cloud/voices/rows.ts'].flatMap(
    (path) =>
      [...read(path).matchAll(/^import \{[^}]*(?:Wire|Ear|create\w+)\b[^}]*\} from '\.\/([\w-]+)\.ts';$/gm)].map(
        ([, name]) => `${path.slice(0, path.lastIndexOf('/'))}/${name}.ts`,
      ),
  );
  const shared = /\/(?:access|deepgram-ear|streamed-stt|wire|rows)\.ts$/;
  expect([...new Set(imported)].filter((path) => !shared.test(path)).sort()).toEqual([...adapters].sort());
  expect(paths(...adapters)).toHaveLength(adapters.length);
  for (const name of ['openai-chat', 'anthropic-messages', 'anthropic-request'])
    expect(read(`src/engines/cloud/${name}.ts`).split('\n').length - 1).toBeLessThanOrEqual(160);
});
