// The whole server places telephone calls by a simulated Twilio, which tells what becomes of them; keys and limits of calls; and the telephony file that is
// read again while the server runs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { makeKey, revokeKey } from '../../src/access/issue.ts';
import { masterKey, Vault } from '../../src/access/vault.ts';
import { readConfig } from '../../src/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { randomToken } from '../../src/lib/ids.ts';
import { EmbeddedStore, storeFile } from '../../src/store/embedded.ts';
import { Client } from './support/client.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { askForInstructions, callSid, post as postAsTwilio, publicUrl, TelephoneLine, twilioToken } from './support/telephone-line.ts';

vi.setConfig({ testTimeout: 30_000 });

interface Hook {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const hooks: Hook[] = [];
/** What Twilio was asked through its API. */
const asked: { readonly url: string; readonly form: URLSearchParams }[] = [];
let receiver: Server;
let twilio: Server;
let folder: string;
let running: RunningServer | undefined;
const lines: TelephoneLine[] = [];
const clients: Client[] = [];

const listening = async (server: Server) => {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
};
const address = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  receiver = await listening(
    createServer((request, response) => {
      void json(request).then((event) => {
        hooks.push(event as Hook);
        response.end();
      });
    }),
  );
  twilio = await listening(
    createServer((request, response) => {
      void text(request).then((body) => {
        asked.push({ url: request.url ?? '', form: new URLSearchParams(body) });
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ sid: callSid, status: 'queued' }));
      });
    }),
  );
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-placed-'));
  hooks.length = 0;
  asked.length = 0;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const line of lines.splice(0)) line.hangUp();
  await running?.close();
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

afterAll(() => {
  receiver.close();
  twilio.close();
});

const route = { name: 'desk', numbers: ['+15550002'], session: { instructions: 'The first ones.' } };

function file(more: object = {}): object {
  return {
    public_url: publicUrl,
    carriers: { twilio: { account_sid: 'AC1', auth_token: twilioToken, api_url: address(twilio) } },
    routes: [route],
    webhooks: [{ url: address(receiver), secret: `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}` }],
    outbound: { by: 'twilio', from: '+15550001111', prefixes: ['+1'] },
    ...more,
  };
}

const filePath = () => join(folder, 'telephony.json');
const write = (content: object) => writeFileSync(filePath(), JSON.stringify(content));
const settings = () => ({ PARLEY_TELEPHONY: filePath(), PARLEY_DATA_DIR: join(folder, 'data') });

async function start(content: object, more: Record<string, string> = {}): Promise<RunningServer> {
  write(content);
  running = await startServer({ engines: 'scripted', settings: { ...settings(), ...more } });
  return running;
}

const server = (): RunningServer => running as RunningServer;

async function ask(method: 'GET' | 'POST', path: string, body?: object) {
  const response = await fetch(`${server().http}/v1/realtime/calls${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const content = await response.text();
  return { status: response.status, body: content === '' ? undefined : (JSON.parse(content) as Record<string, unknown>) };
}

async function hook(type: string): Promise<Hook> {
  const found = () => hooks.find((each) => each.type === `realtime.call.${type}`);
  await vi.waitFor(() => expect(found()).toBeDefined(), { timeout: 10_000 });
  return found() as Hook;
}

/** A call that Twilio has taken, and how Twilio tells what becomes of it. */
async function place(wish: object = {}) {
  const { status, body } = await ask('POST', '', { to: '+15552345678', ...wish });
  expect(status).toBe(201);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  const form = asked[0]?.form ?? new URLSearchParams();
  const path = (form.get('StatusCallback') ?? '').slice(publicUrl.length);
  const tell = (CallStatus: string, signature?: string) =>
    postAsTwilio(server().http, path, { CallSid: callSid, CallStatus, From: '+15550001111', To: '+15552345678' }, signature);
  const answer = async () => {
    const line = await TelephoneLine.follow(server().http, form.get('Twiml') ?? '');
    lines.push(line);
    await hook('answered');
    return line;
  };
  return { id: String(body?.['id']), form, tell, answer };
}

async function beside(id: string): Promise<Client> {
  const client = await Client.open(server().ws, `/v1/realtime?call_id=${id}`);
  clients.push(client);
  return client;
}

test('E28: a call that is placed rings, and is known to be busy at once, by the webhook of the provider', async () => {
  await start(file());
  const { id, tell, form } = await place();
  expect(form.getAll('StatusCallbackEvent')).toEqual(['ringing', 'completed']);
  expect((await ask('GET', `/${id}`)).body).toMatchObject({ object: 'realtime.call', state: 'connecting', direction: 'outbound' });
  expect((await tell('busy', 'AAAA')).status).toBe(403);
  expect((await tell('ringing')).status).toBe(200);
  expect((await hook('ringing')).data).toMatchObject({ call_id: id, direction: 'outbound', to: '+15552345678' });
  expect((await ask('GET', '')).body).toMatchObject({ data: [{ id, state: 'ringing' }], has_more: false });
  const toldAt = Date.now();
  await tell('busy');
  const end = { cause: 'busy', status: 486, reason: 'The line is busy.', duration_seconds: 0 };
  expect((await hook('ended')).data).toMatchObject({ call_id: id, ...end });
  expect(Date.now() - toldAt).toBeLessThan(2000);
  expect((await ask('GET', '')).body).toMatchObject({ data: [] });
  expect((await ask('GET', `/${id}`)).body).toMatchObject({ id, state: 'ended', ...end });
});

test('a call that is placed by a route has its session, and ends at once when the provider says that it has', async () => {
  await start(file({ routes: [{ ...route, numbers: [], overridable: ['audio.output.speed'], tools: ['hang_up'], recording: {} }] }), {
    PARLEY_RECORDINGS_DIR: join(folder, 'recordings'),
  });
  const { id, tell, answer } = await place({ route: 'desk', session: { audio: { output: { speed: 1.2 } } } });
  const line = await answer();
  const created = await (await beside(id)).log.wait('session.created');
  expect(created).toMatchObject({ session: { instructions: 'The first ones.', audio: { output: { speed: 1.2 } } } });
  expect(JSON.stringify(created)).toContain('"allowed_tools":["hang_up"]');
  expect((await ask('GET', `/${id}`)).body).toMatchObject({ state: 'talking', route: 'desk' });
  await tell('completed');
  expect((await hook('ended')).data).toMatchObject({ call_id: id, cause: 'far_side_hung_up', recording: `${id}.wav` });
  await vi.waitFor(() => expect(line.closed).toBe(true));
});

test('a call ends when the seconds of its key’s day are used up, and they are so after a restart, too', async () => {
  const content = file({ outbound: { by: 'twilio', from: '+15550001111', prefixes: ['+1'], seconds_per_day: 2 } });
  await start(content);
  const { id, answer } = await place();
  const line = await answer();
  expect((await hook('ended')).data).toMatchObject({ call_id: id, cause: 'limit_reached', limit: 'seconds_per_day' });
  await vi.waitFor(() => expect(line.closed).toBe(true));
  await server().close();
  await start(content);
  expect(await ask('POST', '', { to: '+15552345678' })).toMatchObject({ status: 429, body: { error: { code: 'rate_limit_exceeded' } } });
});

test('calls count against the sessions of their key', async () => {
  await start(file(), { PARLEY_LIMIT_SESSIONS: '1' });
  lines.push(await TelephoneLine.call(server().http, '+15550002'));
  await hook('answered');
  const second = await TelephoneLine.call(server().http, '+15550002');
  lines.push(second);
  await vi.waitFor(() => expect(second.closed).toBe(true));
  expect((await hook('ended')).data).toMatchObject({ cause: 'limit_reached', limit: 'sessions' });
});

test('a route’s key is one that holds: none else starts the server, and one that is revoked answers no more', async () => {
  const dataDir = join(folder, 'data');
  await expect(start(file({ routes: [{ ...route, key: 'not-a-key-id' }] }))).rejects.toThrow(
    /^The telephony file cannot be used: routes\[0\]\.key is the id of no key that holds\. Those of this server are: configured_[0-9a-f]{16}\.$/,
  );
  const store = new EmbeddedStore(storeFile(dataDir), { clock: systemClock });
  const vault = new Vault(masterKey(dataDir, undefined, randomToken), randomToken);
  const issuing = { store, vault, clock: systemClock, random: randomToken };
  const key = await makeKey(issuing, { name: 'desk', workspace: 'acme' });
  await start(file({ routes: [{ ...route, key: key.id }] }));
  lines.push(await TelephoneLine.call(server().http, '+15550002'));
  const { call_id: id } = (await hook('answered')).data;
  expect((await ask('GET', '')).body).toMatchObject({ data: [] });
  const theirs = await fetch(`${server().http}/v1/realtime/calls`, { headers: { authorization: `Bearer ${key.credential}` } });
  expect(await theirs.json()).toMatchObject({ data: [{ id }] });
  await revokeKey(issuing, key.id);
  await store.close();
  expect(await (await askForInstructions(server().http, '+15550002')).text()).toContain('<Reject/>');
  // The call that goes on is not cut off.
  expect(lines[0]?.closed).toBe(false);
});

test('the file is read again while the server runs: for new calls, and only as a whole', async () => {
  await start(file());
  lines.push(await TelephoneLine.call(server().http, '+15550002'));
  const { call_id: first } = (await hook('answered')).data;
  const reload = () => server().server.reload(readConfig({ ...settings(), PARLEY_API_KEY: apiKey }, folder));

  write(file({ routes: [{ ...route, numbers: ['+15550009'], session: { instructions: 'The second ones.' } }] }));
  await reload();
  expect(await (await askForInstructions(server().http, '+15550002')).text()).toContain('<Reject/>');
  expect(await (await beside(String(first))).log.wait('session.created')).toMatchObject({ session: { instructions: 'The first ones.' } });
  hooks.length = 0;
  lines.push(await TelephoneLine.call(server().http, '+15550009'));
  const { call_id: second } = (await hook('answered')).data;
  expect(await (await beside(String(second))).log.wait('session.created')).toMatchObject({ session: { instructions: 'The second ones.' } });

  write(file({ routes: [{ ...route, tools: ['fly'] }] }));
  await expect((async () => reload())()).rejects.toThrow(/routes\[0\]\.tools\[0\] must be one of/);
  write(file({ routes: [{ ...route, key: 'key_of_nobody' }] }));
  await expect(reload()).rejects.toThrow(/routes\[0\]\.key is the id of no key/);
  expect(await (await askForInstructions(server().http, '+15550009')).text()).toContain('<Connect>');
});
