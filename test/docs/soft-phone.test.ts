// What docs/soft-phone.md shows can be typed: its telephony file is one, and its command lines are understood.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { callProgram } from '../../src/cli/phone-call.ts';
import { phoneProgram } from '../../src/cli/phone.ts';
import { routesSchema } from '../../src/telephony/routes-schema.ts';
import { read, root } from './pages.ts';

const page = read('docs/soft-phone.md');
const folder = mkdtempSync(join(tmpdir(), 'soft-phone-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** Files are read from the repository, and would be written elsewhere. */
const argumentsOf = (line: string) => line.split(' ').map((word) => (word.startsWith('samples/') ? join(root, word) : word));

test('the telephony file leads calls for the number that is called, and calls out to where the phone waits', () => {
  const file = routesSchema({}).parse(JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? ''));
  const lines = [...page.matchAll(/npm run call -- (sip:.*)/g)].map(([, line = '']) => callProgram.read(argumentsOf(line), folder));
  expect(lines.length).toBeGreaterThan(1);
  for (const options of lines) expect(options?.uri).toBe(`sip:${file.routes[0]?.numbers[0]}@${file.sip?.listen[0]?.replace('udp:', '')}`);
  const waiting = phoneProgram.read(argumentsOf(/npm run phone -- (--say.*)/.exec(page)?.[1] ?? ''), folder);
  expect(waiting?.listen).toEqual([{ transport: 'udp', host: '127.0.0.1', port: 5070 }]);
  expect(file.sip?.trunks[0]?.proxy).toBe('127.0.0.1:5070');
  const to = /"to": "([^"]+)"/.exec(page)?.[1] ?? '';
  expect(file.outbound.prefixes.some((prefix) => to.startsWith(prefix))).toBe(true);
});

test('every option that is named is one', () => {
  const named = new Set(page.match(/--[a-z][a-z-]+/g));
  expect(named.size).toBeGreaterThan(12);
  const help = `${callProgram.help}${phoneProgram.help}`;
  expect([...named].filter((option) => !help.includes(`  ${option}`))).toEqual([]);
});
