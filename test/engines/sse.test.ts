import { describe, expect, it } from 'vitest';
import { readSse, type SseEvent } from '../../src/engines/cloud/sse.ts';

async function read(...chunks: (string | Uint8Array)[]): Promise<SseEvent[]> {
  const bytes = (async function* () {
    for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
  })();
  const events: SseEvent[] = [];
  for await (const event of readSse(bytes)) events.push(event);
  return events;
}
const data = async (...chunks: (string | Uint8Array)[]) => (await read(...chunks)).map((event) => event.data);

describe('server-sent events', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n'],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n'],
    ['CR', 'data: a\r\rdata: b\r\r'],
  ])('end their lines with %s', async (_, text) => {
    expect(await data(text)).toEqual(['a', 'b']);
    expect(await data(...text.split(''))).toEqual(['a', 'b']);
  });

  it('join the lines of one event', async () => {
    expect(await data('data: one\ndata: two\n\n')).toEqual(['one\ntwo']);
  });

  it('carry a name', async () => {
    expect(await read('event: ping\ndata: {}\n\ndata: x\n\n')).toEqual([
      { event: 'ping', data: '{}' },
      { event: 'message', data: 'x' },
    ]);
  });

  it('pass over comments, empty events and unknown fields', async () => {
    expect(await data(': keep-alive\n\nid: 7\nretry: 10\n\ndata\n\ndata:x\n\n')).toEqual(['', 'x']);
  });

  it('put characters together that were cut between two chunks', async () => {
    const bytes = new TextEncoder().encode('data: grüße 🎈\n\n');
    expect(await data(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(['grüße 🎈']);
  });

  it('deliver the last event of a stream that ends without a blank line', async () => {
    expect(await data('data: a\n\ndata: b')).toEqual(['a', 'b']);
    expect(await data('data: a\n\ndata: b\n')).toEqual(['a', 'b']);
  });

  it('refuse a line without end', async () => {
    const endless = (async function* () {
      for (;;) yield new Uint8Array(1024 * 1024).fill(97);
    })();
    await expect(readSse(endless).next()).rejects.toThrow(RangeError);
  });
});
