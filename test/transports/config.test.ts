// Settings that decide who can reach the server: address, keys and certificate.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { assemble } from '../../src/assemble.ts';
import { ConfigError, keyFile, readConfig } from '../../src/config.ts';
import { defaultSessions } from '../../src/config-settings.ts';
import { silentLog } from '../../src/lib/log.ts';
import { Client } from '../e2e/support/client.ts';
import { type RunningServer, startServer, trust } from '../e2e/support/server.ts';

let folder: string;
let running: RunningServer | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-config-'));
});

afterEach(async () => {
  await running?.close();
  running = undefined;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each(['0.0.0.0', '::', '192.168.1.5', 'example.com'])('listening on %s, which others can reach, takes a key', (HOST) => {
  expect(() => readConfig({ HOST }, folder)).toThrow(ConfigError);
  expect(() => readConfig({ HOST }, folder)).toThrow(/PARLEY_API_KEY/);
  expect(() => readConfig({ HOST, PARLEY_API_KEY: ' , ' }, folder)).toThrow(ConfigError);
  expect(readConfig({ HOST, PARLEY_API_KEY: 'long-enough-key' }, folder).host).toBe(HOST);
});

test.each(['127.0.0.1', 'localhost', '::1'])('listening on %s takes none', (HOST) => {
  expect(readConfig({ HOST }, folder)).toMatchObject({ host: HOST, apiKeys: [] });
});

test('a second language model is asked as well after a delay only where one is set', () => {
  for (const settings of [{}, { PARLEY_LLM_HEDGE_MS: 'off' }]) expect(readConfig(settings, folder).llmHedgeMs).toBeUndefined();
  expect(readConfig({ PARLEY_LLM_HEDGE_MS: '400' }, folder).llmHedgeMs).toBe(400);
  expect(() => readConfig({ PARLEY_LLM_HEDGE_MS: '0' }, folder)).toThrow('PARLEY_LLM_HEDGE_MS must be a whole number from 50 to 60000');
});

test('which addresses of callers are checked is one of three rules, or left to the addresses that are offered', () => {
  expect(readConfig({}, folder).calls.candidates).toBeUndefined();
  expect(readConfig({ PARLEY_CALL_CANDIDATES: 'private' }, folder).calls.candidates).toBe('private');
  expect(() => readConfig({ PARLEY_CALL_CANDIDATES: 'all' }, folder)).toThrow('PARLEY_CALL_CANDIDATES must be one of public, private, any');
});

test('nothing is recorded unless a folder is named, which is seen from the working directory; sound only if that is said as well', () => {
  expect(readConfig({ PARLEY_RECORD_SOUND: 'on' }, folder).record).toBeUndefined();
  expect(readConfig({ PARLEY_RECORD: 'tapes' }, folder).record).toEqual({ folder: join(folder, 'tapes'), sound: false });
  for (const PARLEY_RECORD_SOUND of ['on', '1'])
    expect(readConfig({ PARLEY_RECORD: '/tapes', PARLEY_RECORD_SOUND }, folder).record).toEqual({ folder: '/tapes', sound: true });
  expect(() => readConfig({ PARLEY_RECORD_SOUND: 'yes' }, folder)).toThrow('PARLEY_RECORD_SOUND must be one of on, off, 1');
});

test('a key is limited as the default says, as Inworld promises, or not at all, and each limit has a setting of its own above that', () => {
  const none = Number.POSITIVE_INFINITY;
  const limits = (settings: Record<string, string>) => readConfig(settings, folder).limits;
  const usual = { sessions: none, requests: 1000, responses: 4, recognition: none, speech: none, mints: 600 };
  expect(limits({})).toEqual(usual);
  expect(limits({ PARLEY_LIMITS: 'inworld' })).toEqual({ ...usual, sessions: 20 });
  expect(Object.values(limits({ PARLEY_LIMITS: 'none' }))).toEqual([none, none, none, none, none, none]);
  expect(limits({ PARLEY_LIMITS: 'none', PARLEY_LIMIT_SPEECH_SECONDS: '90' })).toMatchObject({ requests: none, speech: 90 });
  expect(limits({ PARLEY_LIMITS: 'inworld', PARLEY_LIMIT_SESSIONS: '3', PARLEY_LIMIT_REQUESTS: 'none', PARLEY_LIMIT_MINTS: '5' })).toEqual({
    ...usual,
    sessions: 3,
    requests: none,
    mints: 5,
  });
  const each = { PARLEY_LIMIT_RESPONSES: '1', PARLEY_LIMIT_RECOGNITION_SECONDS: '60' };
  expect(limits(each)).toEqual({ ...usual, responses: 1, recognition: 60 });
  for (const wrong of ['0', '-1', 'many', '1.5'])
    expect(() => readConfig({ PARLEY_LIMIT_REQUESTS: wrong }, folder)).toThrow(/PARLEY_LIMIT_REQUESTS/);
  expect(() => readConfig({ PARLEY_LIMITS: 'generous' }, folder)).toThrow('PARLEY_LIMITS must be one of default, inworld, none');
});

test('keys are a list, and one that is short enough to guess is refused', () => {
  expect(readConfig({ PARLEY_API_KEY: 'first-key-1, second-key-2' }, folder).apiKeys).toEqual(['first-key-1', 'second-key-2']);
  expect(() => readConfig({ PARLEY_API_KEY: 'first-key-1,short' }, folder)).toThrow(/PARLEY_API_KEY/);
});

test('a key of less than 32 characters still opens the door, and the start says from when on it will not', () => {
  const { warnings } = readConfig({ PARLEY_API_KEY: `first-key-1,${'k'.repeat(32)}` }, folder);
  expect(warnings).toEqual([expect.stringMatching(/PARLEY_API_KEY holds a key of less than 32 characters.*version \d+\.\d+.*refused/)]);
  expect(warnings.join()).not.toContain('first-key-1');
  expect(readConfig({ PARLEY_API_KEY: 'k'.repeat(32) }, folder).warnings).toEqual([]);
});

test('with keys that are set, the console takes nobody without one, unless the operator says so', () => {
  expect(readConfig({}, folder).console).toBe('local');
  expect(readConfig({ PARLEY_API_KEY: 'k'.repeat(32) }, folder).console).toBe('key');
  expect(readConfig({ PARLEY_API_KEY: 'k'.repeat(32), HOST: '0.0.0.0' }, folder).console).toBe('key');
  expect(readConfig({ PARLEY_API_KEY: 'k'.repeat(32), PARLEY_CONSOLE: 'local' }, folder).console).toBe('local');
});

test('a certificate and its key go together, must be there and must be usable', async () => {
  writeFileSync(join(folder, 'cert.pem'), '');
  expect(() => readConfig({ PARLEY_TLS_CERT: 'cert.pem' }, folder)).toThrow(/PARLEY_TLS_KEY/);
  expect(() => readConfig({ PARLEY_TLS_KEY: 'cert.pem' }, folder)).toThrow(/PARLEY_TLS_CERT/);
  expect(() => readConfig({ PARLEY_TLS_CERT: 'cert.pem', PARLEY_TLS_KEY: 'nowhere.pem' }, folder)).toThrow(/PARLEY_TLS_KEY.*nowhere\.pem/);
  expect(() => readConfig({ PARLEY_TLS_CERT: 'cert.pem', PARLEY_TLS_KEY: 'cert.pem' }, folder)).toThrow(/cannot be used/);
  const made = await generate([{ name: 'commonName', value: 'localhost' }]);
  writeFileSync(join(folder, 'good-cert.pem'), made.cert);
  writeFileSync(join(folder, 'good-key.pem'), made.private);
  const { tls } = readConfig({ PARLEY_TLS_CERT: 'good-cert.pem', PARLEY_TLS_KEY: 'good-key.pem' }, folder);
  expect(tls?.certPath).toBe(join(folder, 'good-cert.pem'));
});

test('SIP by TLS needs a certificate', () => {
  const listen = ['udp:127.0.0.1:5060', 'tls:127.0.0.1:5061'];
  writeFileSync(join(folder, 'encrypted.json'), JSON.stringify({ sip: { listen } }));
  writeFileSync(join(folder, 'plain.json'), JSON.stringify({ sip: { listen: listen.slice(0, 1) } }));
  const start = (file: string) => () => readConfig({ PARLEY_TELEPHONY: file }, folder);
  expect(start('encrypted.json')).toThrow(ConfigError);
  expect(start('encrypted.json')).toThrow(/sip\.listen\[1\].*PARLEY_TLS_CERT/);
  expect(start('plain.json')).not.toThrow();
});

test('a value that cannot be used is named, in the file as in the environment', () => {
  for (const [name, value] of Object.entries({
    PORT: '70000',
    PARLEY_MAX_SESSIONS: '0',
    PARLEY_LOG: 'loud',
    PARLEY_STT: 'ears',
    PARLEY_ALLOW_HOSTS: 'http://x',
    PARLEY_TRUST_PROXY: 'nginx',
    PARLEY_MASTER_KEY: 'short',
  })) {
    expect(() => readConfig({ [name]: value }, folder)).toThrow(new RegExp(`^${name} `));
    writeFileSync(join(folder, 'wrong.json'), JSON.stringify({ [name]: value }));
    expect(() => readConfig({ PARLEY_CONFIG: 'wrong.json' }, folder)).toThrow(new RegExp(`^${name} `));
  }
  writeFileSync(join(folder, 'wrong.json'), '{');
  expect(() => readConfig({ PARLEY_CONFIG: 'wrong.json' }, folder)).toThrow(/wrong\.json/);
  writeFileSync(join(folder, 'right.json'), JSON.stringify({ PORT: 1234, PARLEY_API_KEY: ['first-key-1', 'second-key-2'] }));
  expect(readConfig({ PARLEY_CONFIG: 'right.json', PORT: '4321' }, folder)).toMatchObject({
    port: 4321,
    apiKeys: ['first-key-1', 'second-key-2'],
  });
});

test('as many sessions and calls are let in as the cores serve on time, unless the operator says otherwise', () => {
  expect([1, 2, 64].map(defaultSessions)).toEqual([100, 150, 150]);
  expect([100, 150]).toContain(readConfig({}, folder).maxSessions);
  expect(readConfig({ PARLEY_MAX_SESSIONS: '7' }, folder).maxSessions).toBe(7);
  const cores = availableParallelism();
  expect(readConfig({ PARLEY_MAX_CALLS: '3' }, folder).calls).toMatchObject({ most: 3, mostSip: 60 * cores });
  expect(readConfig({ PARLEY_MAX_SIP_CALLS: '3' }, folder).calls).toMatchObject({ most: 15 * cores, mostSip: 3 });
});

test('with a certificate the server speaks https and wss, and nothing else', async () => {
  running = await startServer({ engines: 'scripted', tls: true });
  trust(running.certificate);
  expect(running.http).toMatch(/^https:/);
  expect((await fetch(`${running.http}/health`)).status).toBe(200);
  const client = await Client.open(running.ws);
  client.close();
  await expect(fetch(`${running.http.replace('https', 'http')}/health`)).rejects.toThrow('fetch failed');
});

test('a server without a key makes one, keeps it to its owner, and has it again the next time', async () => {
  const environment = { PORT: '0', PARLEY_DATA_DIR: folder, PARLEY_STT: 'scripted', PARLEY_TTS: 'scripted', PARLEY_LLM: 'scripted' };
  const config = readConfig(environment, folder);
  const first = await assemble(config, silentLog, () => {});
  const [key = ''] = first.keys;
  await first.close();
  expect(first.keyMade).toBe(true);
  expect(key.length).toBeGreaterThan(30);
  expect(readFileSync(keyFile(folder), 'utf8').trim()).toBe(key);
  expect(statSync(keyFile(folder)).mode & 0o777).toBe(0o600);
  const second = await assemble(config, silentLog, () => {});
  await second.close();
  expect(second.keys).toEqual([key]);
  expect(second.keyMade).toBe(false);
});

const selfSigned = async (name: string): Promise<string> => {
  const made = await generate([{ name: 'commonName', value: name }]);
  writeFileSync(join(folder, 'renewed-cert.pem'), made.cert);
  writeFileSync(join(folder, 'renewed-key.pem'), made.private);
  return made.cert;
};

/** The name in the certificate that a new connection is shown. */
function shownBy({ http }: RunningServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port: Number(new URL(http).port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('a running server takes over another certificate and other keys, and keeps what it has when they cannot be used', async () => {
  await selfSigned('first.example');
  const tls = { PARLEY_TLS_CERT: join(folder, 'renewed-cert.pem'), PARLEY_TLS_KEY: join(folder, 'renewed-key.pem') };
  running = await startServer({ engines: 'scripted', settings: tls });
  expect(await shownBy(running)).toBe('first.example');
  await selfSigned('second.example');
  const next = readConfig({ ...tls, PARLEY_API_KEY: 'another-key-0123456789' }, folder);
  await running.server.reload(next);
  expect(await shownBy(running)).toBe('second.example');
  expect(running.server.keys).toEqual(['another-key-0123456789']);
  writeFileSync(join(folder, 'renewed-key.pem'), 'no key');
  await expect(running.server.reload({ ...next, apiKeys: ['third-key-0123456789'] })).rejects.toThrow(/PEM|DECODER/);
  expect(await shownBy(running)).toBe('second.example');
  expect(running.server.keys).toEqual(['another-key-0123456789']);
});
