import { expect, test } from 'vitest';
import { effectJson, factJson, plain, revived } from '../../../src/pipeline/tape/plain.ts';
import { silence } from '../../../src/pipeline/tape/replay.ts';
import { Secrets } from '../../../src/pipeline/tape/secrets.ts';
import type { Effect } from '../../../src/session/effects.ts';
import type { Fact } from '../../../src/session/facts.ts';

const png = `data:image/png;base64,${'ABCD'.repeat(100)}`;

/** A client's event with everything in it that a tape writes otherwise. */
const event = {
  type: 'conversation.item.create',
  item: {
    type: 'message',
    role: 'user',
    content: [
      { type: 'input_text', text: 'my password is swordfish' },
      { type: 'input_audio', audio: new Uint8Array(960) },
      { type: 'input_audio', audio: 'AAECAwQF' },
      { type: 'input_image', image_url: png, detail: 'auto' },
      { type: 'input_image', image_url: 'https://images.example.com/cat.png?signature=abcdefgh', detail: 'auto' },
    ],
  },
} as const;

test('sound and pictures are written by their size, words as they are', () => {
  const text = factJson({ kind: 'client', event } as unknown as Fact, new Secrets());
  expect(JSON.parse(text).event.item.content).toEqual([
    { type: 'input_text', text: 'my password is swordfish' },
    { type: 'input_audio', audio: { $bytes: 960 } },
    { type: 'input_audio', audio: { $base64: 8 } },
    { type: 'input_image', image_url: { $picture: 'data:image/png;base64,', characters: png.length }, detail: 'auto' },
    { type: 'input_image', image_url: 'https://images.example.com/cat.png?secret-1----------', detail: 'auto' },
  ]);
});

test('a session of the tape has as much of them, and what it makes of that is written the same', () => {
  const fact = JSON.parse(factJson({ kind: 'client', event } as unknown as Fact, new Secrets()));
  const again = revived(fact, silence);
  const [, bytes, base64, image, address] = (again as typeof fact).event.item.content;
  expect(bytes.audio).toEqual(new Uint8Array(960));
  expect(base64.audio).toBe('AAAAAAAA');
  expect([image.image_url.length, image.image_url.startsWith('data:image/png;base64,A')]).toEqual([png.length, true]);
  expect(address.image_url).toHaveLength('https://images.example.com/cat.png?signature=abcdefgh'.length);
  expect(JSON.parse(factJson(again as Fact, undefined))).toEqual(fact);
});

test('sound of answers, of asides and of items that are to be transcribed is written by its size', () => {
  const bytes = new Uint8Array(96);
  const effects = [
    { kind: 'send.audio', bytes },
    { kind: 'send.backchannel', bytes },
    { kind: 'transcribe', item: 'item_1', audio: bytes },
    { kind: 'transcribe', item: 'item_1', audio: 'AAAA' },
  ] as unknown as Effect[];
  expect(effects.map((effect) => effectJson(effect, undefined)).join()).toBe(
    '{"kind":"send.audio","bytes":{"$bytes":96}},{"kind":"send.backchannel","bytes":{"$bytes":96}},' +
      '{"kind":"transcribe","item":"item_1","audio":{"$bytes":96}},{"kind":"transcribe","item":"item_1","audio":{"$base64":4}}',
  );
  for (const kind of ['run.audio', 'aside.spoken'])
    expect(factJson({ kind, bytes } as unknown as Fact, undefined)).toContain('{"$bytes":96}');
});

test('what opens an MCP server is hidden wherever it is named, the same each time; what fills the blanks of a prompt is not', () => {
  const tool = {
    type: 'mcp',
    server_label: 'cal',
    server_url: 'https://user:geheim@cal.example.com/mcp?key=geheim',
    authorization: 'Bearer geheim',
    headers: { 'X-Key': 'geheim-2', Cookie: 'geheim-3' },
  };
  const secrets = new Secrets();
  const told = plain({ session: { tools: [tool], prompt: { id: 'p', variables: { password: 'öffne dich' } } } }, secrets);
  const again = plain({ kind: 'mcp.configure', servers: [tool] }, secrets);
  expect(JSON.stringify([told, again])).not.toContain('geheim');
  expect(JSON.stringify(told)).toContain('{"password":"öffne dich"}');
  expect((told as { session: { tools: unknown[] } }).session.tools).toEqual((again as { servers: unknown[] }).servers);
  // A function may have parameters by such names.
  const parameters = { type: 'object', properties: { authorization: { type: 'string' }, headers: { type: 'object' } } };
  expect(plain({ tools: [{ type: 'function', name: 'f', parameters }] }, secrets)).toEqual({
    tools: [{ type: 'function', name: 'f', parameters }],
  });
});

test('the token by which a session is taken up again is hidden wherever it is offered', () => {
  const offer = { token: 'geheim-0123456789', seconds: 30 };
  const told = plain([{ session: { parley: { resume: offer } } }, { type: 'session.resumed', resume: offer }], new Secrets());
  const shown = { token: 'secret-1---------', seconds: 30 };
  expect(told).toEqual([{ session: { parley: { resume: shown } } }, { type: 'session.resumed', resume: shown }]);
});

test('a field called __proto__ is a field', () => {
  const fields = JSON.parse('{"__proto__":{"a":1}}');
  expect(JSON.stringify(plain(fields, undefined))).toBe('{"__proto__":{"a":1}}');
  expect(JSON.stringify(revived(fields, silence))).toBe('{"__proto__":{"a":1}}');
});
