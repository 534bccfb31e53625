// Who is let in at the WebSocket door, in every form a key may come, and how the others are turned away.
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';

let running: RunningServer;

beforeAll(async () => {
  running = await startServer({ engines: 'scripted' });
});

afterAll(async () => {
  await running.close();
});

interface Outcome {
  /** 101 when let in. */
  readonly status: number;
  readonly headers: Record<string, unknown>;
  /** The body of a refusal, or the first message of the session. */
  readonly body: unknown;
  /** What the server chose of the subprotocols and extensions. */
  readonly protocol: string;
  readonly extensions: string;
}

/** Knocks at the path, and leaves again when it has been let in. */
function knock(path: string, options: ClientOptions = {}, protocols: string[] = []): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${running.ws}${path}`, protocols, options);
    let headers: Record<string, unknown> = {};
    socket.on('upgrade', (response) => {
      headers = response.headers;
    });
    socket.on('message', (data) => {
      const { protocol, extensions } = socket;
      resolve({ status: 101, headers, body: JSON.parse((data as Buffer).toString('utf8')), protocol, extensions });
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text), protocol: '', extensions: '' });
      });
    });
    socket.on('error', reject);
  });
}

const openai = '/v1/realtime?model=gpt-realtime';
const inworld = '/api/v1/realtime/session?key=my-session&protocol=realtime';
const encoded = (text: string) => Buffer.from(text).toString('base64');
const authorization = (value: string): ClientOptions => ({ headers: { Authorization: value } });
const keyProtocol = `openai-insecure-api-key.${apiKey}`;

test.each<[form: string, path: string, options: ClientOptions, protocols?: string[]]>([
  ['a bearer token', openai, authorization(`Bearer ${apiKey}`)],
  ['a bearer token, whatever the case of the scheme', openai, authorization(`bearer ${apiKey}`)],
  ['a Basic key exactly as it was issued', inworld, authorization(`Basic ${apiKey}`)],
  ['a Basic key that the client encoded', inworld, authorization(`Basic ${encoded(apiKey)}`)],
  ['a Basic user without a password', inworld, authorization(`Basic ${encoded(`${apiKey}:`)}`)],
  ['a Basic password without a user', inworld, authorization(`Basic ${encoded(`:${apiKey}`)}`)],
  ['a subprotocol, which is all that a browser can send', openai, {}, ['realtime', keyProtocol, 'openai-agents-sdk.0.20.0']],
  ['a token in the query', `${openai}&token=${apiKey}`, {}],
  ['an authorization in the query', `${inworld}&authorization=${encodeURIComponent(`Bearer ${apiKey}`)}`, {}],
  ['an api-key header', openai, { headers: { 'api-key': apiKey } }],
])('A01 A02 A05 A06: %s opens the door', async (_form, path, options, protocols) => {
  expect(await knock(path, options, protocols)).toMatchObject({ status: 101, body: { type: 'session.created' } });
});

test('E01 A05: of the subprotocols only `realtime` is answered, and the key comes back nowhere', async () => {
  const { protocol, headers } = await knock(openai, {}, ['realtime', keyProtocol]);
  expect(protocol).toBe('realtime');
  expect(JSON.stringify(headers)).not.toContain(apiKey);
  // Nothing offered, nothing answered.
  expect((await knock(openai, authorization(`Bearer ${apiKey}`))).protocol).toBe('');
});

test('nothing is compressed, even for a client that offers to', async () => {
  const { extensions, headers } = await knock(openai, { ...authorization(`Bearer ${apiKey}`), perMessageDeflate: true });
  expect(extensions).toBe('');
  expect(headers).not.toHaveProperty('sec-websocket-extensions');
});

test.each<[what: string, path: string, options: ClientOptions, protocols?: string[]]>([
  ['no key', openai, {}],
  ['a wrong key', openai, authorization('Bearer wrong')],
  ['a part of the key', openai, authorization(`Bearer ${apiKey.slice(0, -1)}`)],
  ['a wrong Basic key', inworld, authorization(`Basic ${encoded('wrong')}`)],
  ['a wrong subprotocol', openai, {}, ['realtime', 'openai-insecure-api-key.wrong']],
  ['a wrong token', `${openai}&token=wrong`, {}],
  // `key` is the name of a session there, which the client makes up.
  ['the key as the name of a session', `/api/v1/realtime/session?key=${apiKey}&protocol=realtime`, {}],
])('A07: %s is refused with 401 before there is a WebSocket, and told why in JSON', async (_what, path, options, protocols) => {
  const { status, headers, body } = await knock(path, options, protocols);
  expect(status).toBe(401);
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'www-authenticate': 'Bearer' });
  expect(body).toEqual({
    error: { type: 'invalid_request_error', code: 'invalid_api_key', param: null, message: expect.stringMatching(/key/) as string },
  });
});

test('a path at which nothing is gets 404, key or no key', async () => {
  for (const path of ['/', '/v1/realtime/nothing', '/v2/realtime']) {
    const { status, body } = await knock(path, authorization(`Bearer ${apiKey}`));
    expect(status).toBe(404);
    expect(body).toMatchObject({ error: { code: 'not_found' } });
  }
  expect((await knock('/nowhere')).status).toBe(404);
});

test('a slash at the end makes no difference', async () => {
  expect((await knock(`/v1/realtime/?model=gpt-realtime`, authorization(`Bearer ${apiKey}`))).status).toBe(101);
});

test('a request line that is no URL is refused like any other, and the server lives', async () => {
  for (const target of ['//', '//[', 'http://[', '*', '/%']) {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(running.http).port), '127.0.0.1');
      let text = '';
      socket.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      socket.on('error', reject).on('close', () => resolve(text));
      socket.write(`GET ${target} HTTP/1.1\r\nHost: parley\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  }
  expect((await fetch(`${running.http}/health`)).status).toBe(200);
});
