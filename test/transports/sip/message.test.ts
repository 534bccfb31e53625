// Messages, their headers and URIs, and how they are cut out of a stream.
import { describe, expect, test } from 'vitest';
import { noteSource, responseTo } from '../../../src/transports/sip/build.ts';
import { Framing } from '../../../src/transports/sip/framing.ts';
import { HeaderList, splitList } from '../../../src/transports/sip/header-list.ts';
import { parseNameAddress, parseVia } from '../../../src/transports/sip/headers.ts';
import { parseMessage, type SipRequest, writeMessage } from '../../../src/transports/sip/message.ts';
import { parseUri, writeUri } from '../../../src/transports/sip/uri.ts';
import { requestText } from './rig.ts';

const read = (text: string): SipRequest => {
  const parsed = parseMessage(Buffer.from(text), 'datagram');
  if (parsed.kind !== 'message' || parsed.message.kind !== 'request') throw new Error(`no request: ${JSON.stringify(parsed)}`);
  return parsed.message;
};

test('compact names are written out, folded lines joined, and repeated headers kept in their order', () => {
  const request = read(requestText({ headers: ['k: timer,', '\t100rel', 's: x', 'X-A: 1', 'x-a: 2', 'K: replaces'] }));
  expect(request.headers.values('Supported')).toEqual(['timer', '100rel', 'replaces']);
  expect([...request.headers].filter(({ name }) => name.toLowerCase() === 'x-a').map(({ value }) => value)).toEqual(['1', '2']);
  expect(request.headers.first('Subject')).toBe('x');
});

test('what is written is read as the same', () => {
  const request = read(requestText({ body: 'v=0\r\n', headers: ['Record-Route: <sip:a;lr>, <sip:b;lr>'] }));
  const again = read(writeMessage(request).toString());
  expect([...again.headers].filter(({ name }) => name !== 'Content-Length')).toEqual(
    [...request.headers].filter(({ name }) => name !== 'Content-Length'),
  );
  expect(again.body.toString()).toBe('v=0\r\n');
});

test('bytes that are no UTF-8 are read as Latin-1, and none is lost', () => {
  const parsed = parseMessage(Buffer.from(requestText({ from: '"M\xfcller" <sip:m@x>;tag=1' }), 'latin1'), 'datagram');
  expect(parsed).toMatchObject({ kind: 'message', message: { from: { display: 'Müller' } } });
});

test('Content-Length cuts a datagram and may be missing there', () => {
  const text = requestText({ body: 'v=0\r\nrest' });
  expect(read(text.replace(/Content-Length: \d+/, 'Content-Length: 5')).body.toString()).toBe('v=0\r\n');
  expect(read(text.replace(/Content-Length: \d+\r\n/, '')).body.toString()).toBe('v=0\r\nrest');
  expect(parseMessage(Buffer.from('\r\n\r\n'), 'datagram')).toEqual({ kind: 'empty' });
});

test('a response has a line break of its own only where we have written one', () => {
  const request = read(requestText({ from: '"a\\\r\n b" <sip:a@b>;tag=1' }));
  const response = responseTo(request, 486, { reason: 'No\r\nInjected: yes', toTag: 't' });
  expect(writeMessage(response).toString()).not.toMatch(/^Injected/m);
  expect(response.headers.first('To')).toBe('<sip:100@parley.example>;tag=t');
});

test('too many headers are too many', () => {
  const parsed = parseMessage(
    Buffer.from(requestText({ headers: Array.from({ length: 300 }, (_, index) => `X-${index}: 1`) })),
    'datagram',
  );
  expect(parsed).toMatchObject({ kind: 'malformed', answer: { status: 400 } });
});

test('an ACK and what is no SIP are never answered', () => {
  expect(parseMessage(Buffer.from(requestText({ method: 'ACK' }).replace('CSeq: 1', 'CSeq: x')), 'datagram')).not.toHaveProperty('answer');
  for (const junk of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\0\x01\x02', 'SIP', 'INVITE sip:x SIP/2.0\r\n\r\n']) {
    const parsed = parseMessage(Buffer.from(junk), 'datagram');
    expect(parsed.kind).toBe('malformed');
    expect(parsed).not.toHaveProperty('answer');
  }
});

test('where a request came from is noted in its topmost Via only', () => {
  const request = read(
    requestText({}).replace(
      /Via: (.*)\r\n/,
      'Via: SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bKx, SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKy\r\n',
    ),
  );
  noteSource(request, '203.0.113.1', 40_000);
  expect(request.headers.values('Via')).toEqual([
    'SIP/2.0/UDP 10.0.0.1:5060;rport=40000;branch=z9hG4bKx;received=203.0.113.1',
    'SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKy',
  ]);
});

test('lists are cut at commas outside of quotes and brackets', () => {
  expect(splitList('"a, b" <sip:x,y@z>, <sip:c>;q="1,2", d')).toEqual(['"a, b" <sip:x,y@z>', '<sip:c>;q="1,2"', 'd']);
});

test('setting a header replaces all of its name, and copies are their own', () => {
  const headers = new HeaderList([
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
    { name: 'A', value: '3' },
  ]);
  const copy = headers.copy().set('A', '4');
  expect([...copy]).toEqual([
    { name: 'A', value: '4' },
    { name: 'B', value: '2' },
  ]);
  expect(headers.all('A')).toEqual(['1', '3']);
});

test.each([
  'sip:alice@example.com',
  'sips:alice@example.com:5061;transport=tcp?Replaces=x%3By',
  'sip:+1(555)123;phone-context=x@gw.example;user=phone',
  'sip:[2001:db8::1]:5060;lr',
  'tel:+49-30-123;ext=5',
  'http://www.example.com',
])('%s is read and written again', (text) => {
  const uri = parseUri(text);
  expect(uri && writeUri(uri)).toBe(text);
});

test.each([
  'sip:',
  'sip:a@',
  'sip:a b@c',
  'sip:a@b:99999',
  'sip:%4@b',
  'sip:a@b;',
  'sip:a@b?',
  'alice',
  'tel:',
  '<sip:a@b>',
  'sip:a@b;x=\r\n',
])('%j is no URI', (text) => {
  expect(parseUri(text)).toBeUndefined();
});

test('without brackets parameters are the header’s, within them the URI’s', () => {
  expect(parseNameAddress('sip:a@b;tag=1')).toMatchObject({ uriText: 'sip:a@b', parameters: new Map([['tag', '1']]) });
  expect(parseNameAddress('<sip:a@b;x=1>;tag=2')).toMatchObject({ uriText: 'sip:a@b;x=1', parameters: new Map([['tag', '2']]) });
  expect(parseVia('SIP/2.0/UDP [2001:db8::1]:5062;branch=z9hG4bKx')).toMatchObject({ host: '2001:db8::1', port: 5062 });
});

describe('a stream', () => {
  const kinds = (framing: Framing, ...pieces: string[]) =>
    pieces.flatMap((piece) => framing.take(Buffer.from(piece)).map(({ kind }) => kind));

  test('is cut at its messages, however its bytes come', () => {
    const text = requestText({ body: 'v=0\r\n' }) + requestText({ method: 'BYE' });
    const whole = new Framing(() => 65_536);
    expect(kinds(whole, text)).toEqual(['message', 'message']);
    const single = new Framing(() => 65_536);
    expect(kinds(single, ...text)).toEqual(['message', 'message']);
    expect(single.waitingBytes).toBe(0);
  });

  test('has pings between its messages, and other line breaks are passed over', () => {
    const framing = new Framing(() => 65_536);
    expect(kinds(framing, '\r\n\r\n', '\r\n', '\r\n')).toEqual(['ping', 'ping']);
    expect(kinds(framing, `\r\n${requestText({})}`)).toEqual(['message']);
  });

  test('is broken where no length is to be had, or too much comes', () => {
    expect(kinds(new Framing(() => 65_536), requestText({}).replace('Content-Length: 0', 'Content-Length: -1'))).toEqual(['broken']);
    expect(kinds(new Framing(() => 65_536), requestText({ headers: ['l: 7'] }))).toEqual(['broken']);
    expect(kinds(new Framing(() => 1000), 'x'.repeat(1001))).toEqual(['broken']);
    expect(kinds(new Framing(() => 1000), requestText({}).replace('Content-Length: 0', 'Content-Length: 5000'))).toEqual(['broken']);
    const framing = new Framing(() => 1000);
    expect(kinds(framing, 'x'.repeat(1001), requestText({}))).toEqual(['broken']);
  });

  test('that comes a byte at a time costs what it has bytes', () => {
    const framing = new Framing(() => 65_536);
    const text = requestText({ headers: Array.from({ length: 200 }, (_, index) => `X-${index}: ${'y'.repeat(200)}`) });
    const began = process.cpuUsage();
    for (let at = 0; at < text.length; at += 16) framing.take(Buffer.from(text.slice(at, at + 16)));
    const { user } = process.cpuUsage(began);
    expect(framing.waitingBytes).toBe(0);
    expect(user / 1000).toBeLessThan(1000);
  });
});
