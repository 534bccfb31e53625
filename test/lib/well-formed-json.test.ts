// JSON that every parser takes, whatever a client has written and wherever a text was cut.
import { expect, test } from 'vitest';
import { countingIds } from '../../src/lib/ids.ts';
import { wellFormedJson } from '../../src/lib/well-formed-json.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import { EventText } from '../../src/transports/event-text.ts';

const pair = String.raw`\ud83d\ude00`;

test.each([
  ['a pair stays', `"${pair}"`, '😀'],
  ['and so do two of them', `"${pair}${pair.toUpperCase().replaceAll('\\U', '\\u')}"`, '😀😀'],
  ['a first half alone goes', String.raw`"a\ud83d b"`, 'a\ufffd b'],
  ['and one before a pair', String.raw`"\ud83d${pair}"`, '\ufffd😀'],
  ['a second half alone goes', String.raw`"\uDE00"`, '\ufffd'],
  ['a backslash before it is another matter', String.raw`"\\ud83d"`, String.raw`\ud83d`],
  ['so is one more', String.raw`"\\\ud83d"`, '\\\ufffd'],
  ['what is no surrogate stays', String.raw`"\u00e9\ud7ff\ue000"`, 'é\ud7ff\ue000'],
])('%s', (_, json, text) => {
  expect(JSON.parse(wellFormedJson(json))).toBe(text);
});

test('a half of a pair comes from no client and goes to none', () => {
  const text = new EventText(countingIds(), ga);
  expect(text.read(String.raw`{"type":"session.update","session":{"instructions":"\ud83d"}}`)).toMatchObject({
    event: { session: { instructions: '\ufffd' } },
  });
  const [written = ''] = text.write({ type: 'conversation.item.deleted', item_id: 'x\ud83d' });
  expect(JSON.parse(written)).toMatchObject({ item_id: 'x\ufffd' });
});
