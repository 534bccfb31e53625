// docs/providers.md, held against the table of language providers: who there is, by which key and with which model, and the pages each was written from.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { providerTable } from '../../src/engines/cloud/provider-table.ts';

const section = /\n## Language\n([^]*?)\n## /.exec(readFileSync('docs/providers.md', 'utf8'))?.[1] ?? '';
const lines = section.split('\n').filter((line) => line.startsWith('| '));

test.each(providerTable.map((row) => [row.name, row] as const))(
  '%s has its row, with what opens it, its usual model and its pages',
  (name, row) => {
    const line = lines.find((each) => each.startsWith(`| ${name} |`));
    const opens = row.local ? `${row.settings}_BASE_URL` : `${row.settings}_API_KEY`;
    const hint = row.conversation && ('field' in row.conversation ? row.conversation.field : row.conversation.header);
    for (const said of [opens, row.defaultModel ?? 'the first it lists', hint ?? '', ...row.source]) expect(line).toContain(said);
    expect(row.source.length).toBeGreaterThan(0);
  },
);
