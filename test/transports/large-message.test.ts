// Large messages are looked through before they are parsed: what is parsed in one go is little, whatever a client sends, and means what it says.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { countingIds } from '../../src/lib/ids.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import { eventJson } from '../../src/transports/event-json.ts';
import { EventText } from '../../src/transports/event-text.ts';
import { lightened, mostRestBytes } from '../../src/transports/lifted-fields.ts';
import type { Inbound } from '../../src/transports/transport.ts';
import { turnsDuring } from '../rig.ts';

const mib = 1024 * 1024;
const base64 = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 37) % 256)).toString('base64');
const url = `data:image/png;base64,${base64}`;
const create = (...content: object[]) =>
  JSON.stringify({ type: 'conversation.item.create', event_id: 'e', item: { type: 'message', role: 'user', content } });
const image = (image_url: string) => ({ type: 'input_image', image_url });
const update = (session: object) => JSON.stringify({ type: 'session.update', event_id: 'e', session });

function read(message: string): Promise<Inbound> {
  return new EventText(countingIds(), ga).readBytes(Buffer.from(message));
}

async function eventOf(message: string): Promise<unknown> {
  const inbound = await read(message);
  return inbound.kind === 'event' ? inbound.event : inbound;
}

afterEach(() => void vi.restoreAllMocks());

describe('an image in a large message', () => {
  test.each([
    ['as it is', create(image(url))],
    ['in the letters of URLs', create(image(`data:image/png;base64,${Buffer.from(base64, 'base64').toString('base64url')}`))],
    ['with line breaks', create(image(`data:image/png;base64,${base64.replaceAll(/.{76}/g, '$&\r\n')}`))],
    ['with its strokes escaped', create(image(url)).replaceAll('/', '\\/')],
    ['with its signs escaped', create(image(url)).replaceAll('+', '\\u002B')],
    ['of a kind in capitals', create(image(url.replace('image/png', 'IMAGE/PNG')))],
    ['of a part that does not say what it is', create({ image_url: url })],
  ])('is read %s', async (_, message) => {
    expect(await eventOf(message)).toMatchObject({ item: { content: [{ type: 'input_image', image_url: url }] } });
  });

  test('is no part of what is parsed, and takes many turns to read', async () => {
    const lifting = lightened(Buffer.from(create(image(`data:image/png;base64,${'A-_b'.repeat(mib)}`))));
    const turns = await turnsDuring(lifting);
    const light = await lifting;
    if ('error' in light) throw light.error;
    expect(light.text.length).toBeLessThan(250);
    expect(light.lifted).toMatchObject([{ value: 'A+/b'.repeat(mib) }]);
    expect(turns).toBeGreaterThan(20);
  });

  test('is the one of the part that it stands in, in whichever item of a response', async () => {
    const other = `data:image/gif;base64,${'B'.repeat(80_000)}`;
    const input = [
      { type: 'message', role: 'user', content: [image('https://pictures.example/a'), image(other)] },
      { type: 'message', role: 'user', content: [image(url)] },
    ];
    expect(await eventOf(JSON.stringify({ type: 'response.create', response: { input } }))).toMatchObject({ response: { input } });
  });

  test.each([
    ['stray letters', `${url.slice(0, 200_000)}*${url.slice(200_001)}`],
    ['a letter too many', `${url.replace(/=+$/, '')}A`],
    ['a kind that is none', url.replace('png', 'tiff')],
  ])('with %s is refused as ever', async (_, wrong) => {
    const inbound = await read(create(image(wrong)));
    expect(inbound).toMatchObject({ kind: 'fault', error: { code: 'invalid_value', param: 'item.content[0].image_url' }, eventId: 'e' });
  });
});

describe('what only has the name of a sound or an image', () => {
  test.each([
    ['in providerData', { providerData: { audio: base64, content: [{ audio: base64, image_url: url }] } }],
    [
      'in the parameters of a tool',
      { tools: [{ type: 'function', name: 'f', parameters: { type: 'object', properties: { a: { enum: [base64] } }, audio: base64 } }] },
    ],
  ])('stays what it is %s', async (_, session) => {
    expect(await eventOf(update({ type: 'realtime', ...session }))).toMatchObject({ session });
  });

  test('and in the result of a tool', async () => {
    const content = [{ type: 'input_audio', audio: base64 }];
    const item = { role: 'tool', call_id: 'c', content };
    expect(await eventOf(JSON.stringify({ type: 'conversation.item.create', item }))).toMatchObject({
      item: { type: 'function_call_output', output: JSON.stringify(content) },
    });
  });
});

describe('a large message', () => {
  test.each([
    ['many fields', update({ providerData: Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`k${at}`, 0])) }), null],
    ['many places', update({ tools: Array.from({ length: 300_000 }, () => 0) }), null],
    ['many levels', `{"type":"session.update","event_id":"e","session":${'['.repeat(400_000)}${']'.repeat(400_000)}}`, null],
    [
      'much text',
      create({ type: 'input_text', text: 'x' }, { type: 'input_text', text: 'x'.repeat(mostRestBytes) }),
      'item.content[1].text',
    ],
    ['an image that is none', create(image(`${url}${'*'.repeat(mostRestBytes)}`)), 'item.content[0].image_url'],
  ])('of %s is refused before it is parsed, with the field that is too much if there is one', async (_, message, param) => {
    const parse = vi.spyOn(JSON, 'parse');
    const inbound = await read(message);
    expect(Math.max(...parse.mock.calls.map(([text]) => text.length))).toBeLessThan(512);
    expect(inbound).toMatchObject({ kind: 'fault', error: { code: 'invalid_value', param }, eventId: 'e' });
    expect(inbound.kind === 'fault' && inbound.error.message).toMatch(/^The event is too much: it (is nested|holds) more than [0-9]+ /);
  });

  test('C01: holds what a session may have: instructions of 1,000,000 characters in any script, tools, a prompt, 50,000 values', async () => {
    const session = {
      type: 'realtime',
      instructions: '語'.repeat(1_000_000),
      tools: Array.from({ length: 128 }, (_, at) => ({ type: 'function', name: `f${at}`, description: 'x'.repeat(8000) })),
      prompt: { id: 'p', variables: { a: 'x'.repeat(100_000) } },
      providerData: { x: '"\\'.repeat(250_000), many: Array.from({ length: 40_000 }, () => 0) },
    };
    expect(await eventOf(update(session))).toMatchObject({ session });
  });

  test('comes without halves of surrogate pairs, and with whole ones', async () => {
    const escapes = String.raw`\ud83d\ude00 \ud83d \uDE00 \\ud83d \ud83d\ud83d\ude00 \u00e9`;
    const padding = 'x'.repeat(300_000);
    const message = create({ type: 'input_text', text: '#' }).replace('#', `${padding}${escapes}`);
    expect(await eventOf(message)).toMatchObject({
      item: { content: [{ text: `${padding}😀 \ufffd \ufffd ${String.raw`\ud83d`} \ufffd😀 é` }] },
    });
  });

  test('weighs what it was written in, with the sound that was taken out of it', async () => {
    const message = create({ type: 'input_audio', audio: base64 });
    expect(await read(message)).toMatchObject({ kind: 'event', characters: message.length });
  });
});

describe('an event that tells of a large image', () => {
  test('is written as any other', () => {
    const text = '"image_url":"#"';
    const content = [image(url), { type: 'input_text', text }, image('https://pictures.example/#'), image(`${url}AAAA`)];
    const event = { type: 'conversation.item.added', event_id: 'e', item: { id: 'i', type: 'message', role: 'user', content } };
    expect(eventJson(event)).toBe(JSON.stringify(event));
  });

  test('is not looked through for what is to be escaped', () => {
    const stringify = vi.spyOn(JSON, 'stringify');
    eventJson({ type: 'conversation.item.added', item: { content: [image(url)] } });
    expect(Math.max(...stringify.mock.results.map(({ value }) => String(value).length))).toBeLessThan(1000);
  });
});
