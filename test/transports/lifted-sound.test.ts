// Sound is taken out of large messages before they are parsed, and what is read of them is the same as ever.
import { describe, expect, test } from 'vitest';
import { countingIds } from '../../src/lib/ids.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import { EventText } from '../../src/transports/event-text.ts';
import { lightened } from '../../src/transports/lifted-fields.ts';
import type { Inbound } from '../../src/transports/transport.ts';
import { turnsDuring } from '../rig.ts';

const bytesOf = (length: number) => Buffer.from(Array.from({ length }, (_, at) => (at * 37) % 256));
const large = bytesOf(300_001);
const base64 = large.toString('base64');
const append = (audio: string) => `{"type":"input_audio_buffer.append","event_id":"e","audio":"${audio}"}`;

function read(message: string): Promise<Inbound> {
  return new EventText(countingIds(), ga).readBytes(Buffer.from(message));
}

/** What an append gave, as far as it is sound. */
async function soundOf(message: string): Promise<Buffer | undefined> {
  const inbound = await read(message);
  return inbound.kind === 'audio' ? Buffer.from(inbound.bytes) : undefined;
}

describe('B13: the sound of a large message', () => {
  test.each([
    ['as it is', base64],
    ['without its padding', base64.replace(/=+$/, '')],
    ['in the letters of URLs', large.toString('base64url')],
    ['with line breaks', base64.replaceAll(/.{76}/g, '$&\\r\\n')],
    ['with its strokes escaped', base64.replaceAll('/', '\\/')],
  ])('C06: is read %s', async (_, audio) => {
    expect((await soundOf(append(audio)))?.equals(large)).toBe(true);
  });

  test('is no string any more when the message is parsed, and takes many turns to decode', async () => {
    const lifting = lightened(Buffer.from(append(bytesOf(3 * 1024 * 1024).toString('base64'))));
    const turns = await turnsDuring(lifting);
    const light = await lifting;
    if ('error' in light) throw light.error;
    expect(light.text.length).toBeLessThan(200);
    expect(light.lifted.map(({ value }) => value.length)).toEqual([3 * 1024 * 1024]);
    expect(turns).toBeGreaterThan(20);
  });

  test('C19: is the sound of the part that it stands in, among several', async () => {
    const other = bytesOf(200_000);
    const content = [
      { type: 'input_text', text: 'Say "audio": "' },
      { type: 'input_audio', audio: base64 },
      { type: 'input_audio', audio: 'AAAA' },
      { type: 'input_audio', audio: other.toString('base64') },
    ];
    const inbound = await read(
      JSON.stringify({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } }, null, 2),
    );
    const event = inbound.kind === 'event' ? inbound.event : undefined;
    if (event?.type !== 'conversation.item.create' || event.item.type !== 'message') throw new Error('it was not read');
    const sounds = event.item.content.map((part) => ('audio' in part ? part.audio : undefined));
    expect(sounds.map((sound) => (sound instanceof Uint8Array ? Buffer.from(sound).length : sound))).toEqual([
      undefined,
      large.length,
      'AAAA',
      other.length,
    ]);
  });

  test('is left alone where it is only text that looks like it', async () => {
    const text = `\\"audio\\":\\"${base64}`;
    const inbound = await read(
      `{"type":"conversation.item.create","item":{"role":"user","content":[{"type":"input_text","text":"say \\"audio"},{"text":"${text}"}]}}`,
    );
    const event = inbound.kind === 'event' ? inbound.event : undefined;
    expect(event).toMatchObject({ item: { content: [{ text: 'say "audio' }, { text: `"audio":"${base64}` }] } });
  });

  test.each([
    ['stray letters', append(`${base64.slice(0, 200_000)}*${base64.slice(200_001)}`), 'invalid_value'],
    ['a letter too many', append(`${base64.replace(/=+$/, '')}AAA`), 'invalid_value'],
    ['more than 15 MiB', append(Buffer.alloc(15 * 1024 * 1024 + 1).toString('base64')), 'invalid_value'],
    ['no end', append(base64).slice(0, -3), 'invalid_json'],
  ])('C06: with %s is refused as ever', async (_, message, code) => {
    const inbound = await read(message);
    expect(inbound.kind === 'fault' && [inbound.error.code, inbound.eventId]).toEqual([code, code === 'invalid_json' ? null : 'e']);
  });
});
