// The table of what null says, as docs/protocol.md prints it, is the one of the code.
import { expect, test } from 'vitest';
import { meaningsOfNull } from '../../src/protocol/nulls.ts';
import { read } from './pages.ts';

test('docs/protocol.md prints what null says, field by field', () => {
  const [, table = ''] = /\| field \| what null says \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(read('docs/protocol.md')) ?? [];
  const rows = [...table.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, field, meaning]) => [field, meaning]);
  expect(rows).toEqual(Object.entries(meaningsOfNull));
});
