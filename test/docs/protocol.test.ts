// docs/protocol.md against the code: every point of the checklist has one row, and no row promises an event that is not there.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clientEventTypes } from '../../src/protocol/client-events.ts';
import { beta, betaNames } from '../../src/protocol/dialects/beta.ts';
import type { StampedEvent } from '../../src/protocol/server-events.ts';
import { errors } from '../../src/protocol/errors.ts';
import { read, root } from './pages.ts';
import { named, page, type Row, rows, withTests } from './protocol-rows.ts';

/** The literals of `type:` at the top level of each member of the union. */
function serverEventTypes(): string[] {
  const source = read('src/protocol/server-events.ts');
  const union = source.slice(source.indexOf('export type ServerEvent ='), source.indexOf('export type ServerEventType'));
  const members = [...union.matchAll(/^ {2}\| \(?\{\s*type: ([^;}]+)/gm)];
  return members.flatMap(([, type = '']) => [...type.matchAll(/'([^']+)'/g)].map(([, name = '']) => name));
}

/** What a connection may say in the beta only: what its dialect reads as an event of another name. */
function betaClientTypes(): string[] {
  const cases = [...read('src/protocol/dialects/beta.ts').matchAll(/^ {4}case '([^']+)':/gm)].map(([, type = '']) => type);
  return cases.filter((type) => (beta.toGa({ type }) as { type: string }).type !== type);
}

/** What a connection may hear in the beta only. A session that only writes down has events of its own there. */
function betaServerTypes(): string[] {
  const sessions = (['session.created', 'session.updated'] as const).flatMap((type) =>
    beta.fromGa({ type, event_id: 'event_1', session: { type: 'transcription' } } as StampedEvent),
  );
  return [...Object.values(betaNames), ...sessions.map((event) => (event as { type: string }).type)];
}

/** Event types a row names in its item. */
function events({ item }: Row): string[] {
  return [...item.matchAll(/`([a-z_]+(?:\.[a-z_]+)+|error)`/g)].map(([, name = '']) => name);
}

test('each of the 214 points has exactly one row, group by group and in order', () => {
  const groups = { C: 52, S: 63, O: 11, E: 32, A: 8, F: 48 };
  const wanted = Object.entries(groups).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, index) => `${group}${String(index + 1).padStart(2, '0')}`),
  );
  expect(wanted).toHaveLength(214);
  expect(rows.map(({ id }) => id)).toEqual(wanted);
});

test('a row says yes, partly or no; whatever is not a plain yes says why', () => {
  expect(rows.filter(({ supported }) => !['yes', 'partly', 'no'].includes(supported))).toEqual([]);
  expect(rows.filter(({ supported, remark }) => supported !== 'yes' && remark === '')).toEqual([]);
  expect(rows.filter(({ supported, file }) => supported !== 'no' && !/^`src\/.+\.ts`$/.test(file))).toEqual([]);
  const count = (wanted: string) => rows.filter(({ supported }) => supported === wanted).length;
  expect(read(page)).toContain(`${count('yes')} yes, ${count('partly')} partly, ${count('no')} no`);
});

test('every row that is not a plain no is named in the title of a test', () => {
  const shown = new Set([...named.values()].flat(2));
  expect(shown.size).toBeGreaterThan(150);
  expect(rows.filter(({ id, supported }) => supported !== 'no' && !shown.has(id)).map(({ id }) => id)).toEqual([]);
});

test('no test names a row that there is not', () => {
  const ids = new Set(rows.map(({ id }) => id));
  const wrong = [...named].flatMap(([path, titles]) => titles.flat().flatMap((id) => (ids.has(id) ? [] : [`${id} in ${path}`])));
  expect(wrong).toEqual([]);
});

test('every row says where it is tested (else: UPDATE_DOCS=1 npx vitest run test/docs/protocol.test.ts)', () => {
  if (process.env.UPDATE_DOCS === '1' && !process.env.CI) writeFileSync(join(root, page), withTests(read(page)));
  expect(read(page)).toBe(withTests(read(page)));
});

test('every file that a row names is there', () => {
  const files = rows.flatMap(({ file, remark }) => [...`${file} ${remark}`.matchAll(/`(src\/[^`]+)`/g)].map(([, path = '']) => path));
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each([
  ['client', 'C', () => [...clientEventTypes, ...betaClientTypes()]],
  ['server', 'S', () => [...serverEventTypes(), ...betaServerTypes()]],
] as const)('every %s event of the code has a row that owns up to it, and no row claims another', (_side, group, types) => {
  const claimed = new Set(
    rows.flatMap((row) => (row.id.startsWith(group) && row.supported !== 'no' ? events(row) : [])).filter((name) => name !== 'event_id'),
  );
  expect(types().length).toBeGreaterThan(10);
  expect([...claimed].sort()).toEqual([...new Set<string>(types())].sort());
});

test('every event that only the beta knows is among them', () => {
  expect(betaClientTypes()).toEqual(['transcription_session.update']);
  expect(betaServerTypes()).toContain('conversation.item.created');
  expect(betaServerTypes()).toContain('transcription_session.created');
});

test('every HTTP route of the code has a row or a mention, and none that is refused with 404 has a file', () => {
  const routes = ['calls', 'client-secrets', 'models', 'responses', 'routers', 'tokens', 'voices'].flatMap((name) =>
    [...read(`src/http/routes/${name}.ts`).matchAll(/'(\/[a-z0-9]+\/[^']+)'/g)].map(([, path = '']) => path.replace('::', ':')),
  );
  expect(routes.length).toBeGreaterThan(8);
  // A parameter is written in braces here; the wildcard of a model's id and a voice of a workspace go with their lists.
  const shown = routes.map((path) =>
    path
      .replace(/\/\*$/, '')
      .replace(':workspace', '{ws}')
      .replace(':id', '{id}')
      .replace(':name', '{name}')
      .replace(/\/:voice$/, ''),
  );
  expect(shown.filter((path) => !read(page).includes(path))).toEqual([]);
  expect(rows.filter(({ id, file, remark }) => id.startsWith('E') && remark.includes('404') && file !== '—')).toEqual([]);
});

test('the table of errors has every code there is, and no other; what is quoted whole is what is sent', () => {
  const text = read(page);
  const table = text.slice(text.indexOf('\n## Errors'), text.indexOf('\n## Memory'));
  const lines = [...table.matchAll(/^\| (`[a-z_]+`|null) \| (.*?) \| (.*?) \|/gm)].map(([, code = '', message = '']) => ({
    code: code.replaceAll('`', ''),
    message,
  }));
  const sources = ['src/protocol/errors.ts', 'src/transports/calls/call-transport.ts', 'src/transports/calls/large-fields.ts']
    .map(read)
    .join('\n');
  const codes = [...sources.matchAll(/new RealtimeError\(\s*(?:'([a-z_]+)'|null)/g)].map(([, code = 'null']) => code);
  expect(codes.length).toBeGreaterThan(20);
  expect([...new Set(lines.map(({ code }) => code))].sort()).toEqual([...new Set(codes)].sort());
  const sent: Partial<Record<string, string>> = {
    item_create_duplicate_item_id: errors.duplicateItem('…').message,
    item_retrieve_invalid_item_id: errors.retrieveUnknown('…').message,
    item_delete_invalid_item_id: errors.deleteUnknown('…').message,
    item_truncate_invalid_item_id: errors.truncateUnknown('…').message,
    missing_required_parameter: errors.missing('…').message,
    invalid_type: errors.wrongType('…', 'object', '').message,
    invalid_tool_call_id: errors.unknownCall('…').message,
    response_cancel_not_active: errors.cancelNotActive().message,
    conversation_already_has_active_response: errors.activeResponse('resp_…').message,
    input_audio_buffer_commit_empty: errors.commitEmpty(0).message,
    cannot_update_voice: errors.cannotUpdateVoice().message,
    session_expired: errors.sessionExpired(60).message,
    model_not_found: errors.modelNotFound('model', '…').message,
    item_not_found: errors.itemNotFound('previous_item_id', '…').message,
  };
  const known = lines.filter(({ code }) => sent[code] !== undefined);
  expect(known.map(({ code, message }) => [code, message])).toEqual(known.map(({ code }) => [code, sent[code]]));
  expect(known).toHaveLength(Object.keys(sent).length);
});
