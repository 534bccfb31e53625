// Frames that hold no event at all, and events that are malformed by their size or shape. All of them are text by construction.
import type { Chance } from '../session/chance.ts';
import type { Caller, Frame } from './frame.ts';

const plain = [
  '',
  ' ',
  '\u0000',
  'null',
  'true',
  '5',
  '-1e999',
  '"text"',
  '[]',
  '[[]]',
  '[{"type":"input_audio_buffer.clear"}]',
  'NaN',
  'undefined',
  '{',
];
const more = [
  '}',
  '{}{}',
  '{"type"}',
  "{'type':'x'}",
  '{"type":"x",}',
  '{"a":01}',
  '{"a":\t"\t"}',
  '\ufeff{}',
  '<xml/>',
  'GET / HTTP/1.1',
  '{"a":"\\x"}',
];

/** What nobody can read: answered by an error that names no event. `whole` is an event's text, which is cut short. */
export function unreadable(chance: Chance, whole: string): Frame {
  const owed = { echo: null, refused: 'always' } as const;
  switch (chance.weighted({ plain: 5, cut: 4, binary: 3, noise: 2 })) {
    case 'plain':
      return { data: chance.pick([...plain, ...more]), what: 'no event', ...owed };
    case 'cut':
      return { data: whole.slice(0, chance.int(1, whole.length - 1)), what: 'half an event', ...owed };
    case 'binary':
      return { data: Buffer.from(whole), binary: true, what: 'a binary frame', ...owed };
    case 'noise':
      return { data: noise(chance), what: 'noise', ...owed };
  }
}

/** Any characters there are, halves of pairs left out: a text frame is UTF-8. It begins with none that could begin JSON. */
function noise(chance: Chance): string {
  let text = '~';
  for (let count = chance.int(1, 60); count > 0; count--)
    text += String.fromCodePoint(chance.pick([chance.int(0, 0xd7ff), chance.int(0xe000, 0x10ffff)]));
  return text;
}

const depth = 50_000;

/** Events that are too much: too deep, too many, too long. */
const monsters: readonly ((id: string) => string)[] = [
  (id) => update(id, `"providerData":{"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  (id) => update(id, `"providerData":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
  (id) => update(id, `"tracing":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
  (id) => update(id, `"tools":[{"type":"function","name":"f","parameters":${'{"enum":'.repeat(depth)}["x"]${'}'.repeat(depth)}}]`),
  (id) => update(id, `"tools":${'[{"function":'.repeat(depth)}{}${'}]'.repeat(depth)}`),
  (id) => update(id, `"output_modalities":[${'"audio",'.repeat(60_000)}"audio"]`),
  (id) => update(id, `"mcpServers":[${'{},'.repeat(300)}{}]`),
  (id) => update(id, `"mcpServers":[{"url":"ftp://${'_'.repeat(100_000)}a/"}]`),
  (id) => update(id, `"tool_choice":{"type":"mcp","server_label":"${'x'.repeat(500_000)}"}`),
  (id) => update(id, `"tools":[{"type":"mcp","server_label":"a","server_url":"https://10.0.0.1","headers":{"${'x'.repeat(500_000)}":5}}]`),
  (id) => item(id, `{"type":"message","role":"user","content":[${'5,'.repeat(100_000)}5]}`),
  (id) => item(id, `{"type":"message","role":"user","content":[${'"x",'.repeat(100_000)}"x"]}`),
  (id) => item(id, `{"type":"function_call_output","call_id":"no_such","output":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`),
  (id) => item(id, `{"type":"message","role":"user","content":[{"type":"input_image","image_url":"http://${'a'.repeat(300_000)} "}]}`),
  (id) => `{"type":"response.create","event_id":${id},"response":{"metadata":{${pairs(51_000)}}}}`,
  (id) => `{"type":"response.create","event_id":${id},"response":{"conversation":"none","input":[${'"x",'.repeat(50_000)}5]}}`,
  (id) => `{"type":"${'x'.repeat(1_000_000)}","event_id":${id}}`,
];

export function monster(chance: Chance, caller: Caller, id: string): Frame {
  return frameOf(chance.pick(monsters), caller, id);
}

/** Each of them once. */
export function allMonsters(caller: Caller): Frame[] {
  return monsters.map((make, at) => frameOf(make, caller, `monster_${at}`));
}

function frameOf(make: (typeof monsters)[number], { dialect }: Caller, id: string): Frame {
  const data = make(JSON.stringify(id));
  // What the beta has no word for is nothing to it.
  const known = dialect === 'ga' || !data.includes('"mcpServers"');
  return { data, echo: id, refused: known ? 'always' : 'maybe', what: `a monster: ${data.slice(0, 160)}` };
}

const update = (id: string, inside: string) => `{"type":"session.update","event_id":${id},"session":{${inside}}}`;
const item = (id: string, inside: string) => `{"type":"conversation.item.create","event_id":${id},"item":${inside}}`;

function pairs(count: number): string {
  return Array.from({ length: count }, (_, at) => `"k${at}":"x"`).join(',');
}

/** Further keys for an event that change nothing about it, among them those that every object inherits. */
export const extras: readonly string[] = [
  '"__proto__":{"polluted":true}',
  '"constructor":{"prototype":{"polluted":true}}',
  '"prototype":{"polluted":true}',
  '"toString":5',
  '"hasOwnProperty":null',
  '"":""',
  '"then":{}',
  '"toJSON":{"a":1}',
  '"type":"x.y"',
  `"padding":"${'x'.repeat(30_000)}"`,
  `"list":[${'[],'.repeat(500)}null]`,
  '"number":[1e999,-1e999,1e-999,123456789012345678901234567890]',
];
