// The page on telephone calls, held against the code: its example files can be used, and its tables have every setting, event and cause.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { routesOf } from '../../src/telephony/routes-file.ts';
import { routesSchema } from '../../src/telephony/routes-schema.ts';
import { webhookTypes } from '../../src/telephony/webhook-events.ts';
import { read } from './pages.ts';

const page = read('docs/telephony.md');
const files = [...page.matchAll(/^```json telephony\n([^]*?)^```$/gm)].map(([, text = '']) => JSON.parse(text) as unknown);

/** Every variable that an example names is set. */
const environment = Object.fromEntries(
  [...page.matchAll(/"env:(\w+)"/g)].map(([, name = '']) => [name, `whsec_${Buffer.alloc(32, 7).toString('base64')}`]),
);

test('every example of the file can be used as it stands there', () => {
  expect(files.length).toBeGreaterThan(8);
  for (const file of files) expect(routesOf(file, 'telephony.json', { environment })).toBeDefined();
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  /** One of these, by a setting that they share. */
  readonly oneOf?: readonly Schema[];
}

/** The settings of an object, with dots between their names. Those of one carrier are told of in one row. */
function settingsIn({ properties, oneOf = [] }: Schema, before = ''): string[] {
  const all = properties ?? Object.assign({}, ...oneOf.map((each) => each.properties ?? {}));
  return Object.entries(all as Readonly<Record<string, Schema>>).flatMap(([name, schema]) => {
    const at = before + name;
    if (before === 'carriers.' || at.endsWith('.session') || at.endsWith('.register')) return [at];
    if (schema.items?.properties) return settingsIn(schema.items, `${at}[].`);
    const inner = settingsIn(schema, `${at}.`);
    return inner.length === 0 || at.endsWith('recording') || at.endsWith('collect_digits') ? [at, ...inner] : inner;
  });
}

test('the table of settings has every setting of the file, and no other', () => {
  const schema = z.toJSONSchema(routesSchema({}), { io: 'input', unrepresentable: 'any' }) as Schema;
  const table = page.slice(page.indexOf('\n## All settings of the file'), page.indexOf('\n## Whose call it is'));
  const told = [...table.matchAll(/^\| `([\w.[\]]+)` \|/gm)].map(([, name]) => name);
  expect(told).toEqual(settingsIn(schema));
});

test('what holds without a setting of outbound is what the table says', () => {
  const { outbound } = routesOf({}, 'telephony.json', { environment });
  const limits = ['calls_at_once', 'calls_per_minute', 'calls_per_day', 'seconds_per_day'] as const;
  const told = limits.map((name) => Number(new RegExp(`^\\| \`outbound\\.${name}\` \\|.*\\| (\\d+) \\|$`, 'm').exec(page)?.[1]));
  expect(told).toEqual(limits.map((name) => outbound[name]));
});

test('every event and every cause of an end is told of', () => {
  const events = [...page.matchAll(/^\| `(realtime\.call\.\w+)` \|/gm)].map(([, type]) => type);
  expect(events).toEqual(webhookTypes);
  const [, union = ''] = /export type EndCause =([^;]*);/.exec(read('src/telephony/webhook-events.ts')) ?? [];
  const causes = [...union.matchAll(/'(\w+)'/g)].map(([, cause]) => cause);
  const [, told = ''] = /^`cause` is (.*)$/m.exec(page) ?? [];
  expect(causes.length).toBeGreaterThan(5);
  expect([...told.matchAll(/`(\w+)`/g)].map(([, cause]) => cause)).toEqual(causes);
});
