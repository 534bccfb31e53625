// `npm start -- --check`, and names of settings that are none.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkConfiguration } from '../../src/cli/check.ts';
import { readConfig } from '../../src/config.ts';

const goodKey = 'k'.repeat(40);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-check-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (lines: readonly string[], name: string) => lines.find((text) => text.trimStart().startsWith(`${name} `))?.replace(/ +/g, ' ');

test('it prints every setting with where it comes from, and no secret', () => {
  writeFileSync(join(folder, 'parley.json'), JSON.stringify({ PORT: 9000, PARLEY_MODEL: 'a/b', PARLEY_TURN_SECRET: 'turn-secret-1234' }));
  const environment = {
    PARLEY_API_KEY: `${goodKey},${goodKey}x`,
    PORT: '9001',
    OPENAI_API_KEY: 'sk-something',
    PARLEY_MODELS_MIRROR: 'https://user:password@mirror.example/',
  };
  const { lines, wrong } = checkConfiguration(environment, folder);
  expect(wrong).toEqual([]);
  expect(line(lines, 'PORT')).toBe(' PORT 9001 (environment)');
  expect(line(lines, 'PARLEY_MODEL')).toBe(` PARLEY_MODEL a/b (${join(folder, 'parley.json')})`);
  expect(line(lines, 'PARLEY_CONSOLE')).toBe(' PARLEY_CONSOLE key (default)');
  expect(line(lines, 'PARLEY_API_KEY')).toContain('2 set, of 40 characters, 41 characters');
  expect(line(lines, 'OPENAI_API_KEY')).toContain('set, 12 characters');
  const text = lines.join('\n');
  for (const secret of [goodKey, 'turn-secret-1234', 'sk-something', 'password']) expect(text).not.toContain(secret);
  expect(lines.at(-1)).toBe('Nothing is wrong.');
});

test('it names all that is wrong at once, not only the first', () => {
  const { lines, wrong } = checkConfiguration(
    { PORT: '70000', PARLEY_LOG: 'loud', PARLEY_ALLOW_HOSTS: 'http://x', PARLEY_MASTER_KEY: 'short', PARLEY_MAX_SESION: '5' },
    folder,
  );
  const faults = ['PARLEY_MAX_SESION', 'PARLEY_MASTER_KEY', 'PORT', 'PARLEY_LOG', 'PARLEY_ALLOW_HOSTS'];
  expect(wrong.map((fault) => fault.split(' ')[0])).toEqual(faults);
  for (const fault of wrong) expect(lines).toContain(`Wrong: ${fault}`);
});

test('a file that cannot be read, and a fault that no single setting can be blamed for, are told as well', () => {
  writeFileSync(join(folder, 'parley.json'), '{');
  expect(checkConfiguration({}, folder).wrong).toEqual([expect.stringContaining('parley.json')]);
  rmSync(join(folder, 'parley.json'));
  expect(checkConfiguration({ HOST: '0.0.0.0' }, folder).wrong).toEqual([expect.stringContaining('PARLEY_API_KEY')]);
});

test.each([
  ['a key that is too short, beside an address that needs one', { PARLEY_API_KEY: 'short', HOST: '0.0.0.0' }, ['PARLEY_API_KEY']],
  ['half of a certificate that is not there', { PARLEY_TLS_CERT: 'nothing.pem', PARLEY_TLS_KEY: 'nothing.pem' }, ['PARLEY_TLS_CERT']],
  ['a port that is none, beside one that would be the default', { PORT: 'x', PARLEY_METRICS_PORT: '8080' }, ['PORT']],
])('%s is one fault, not two', (_what, environment, names) => {
  expect(checkConfiguration(environment, folder).wrong.map((fault) => fault.split(' ')[0])).toEqual(names);
});

test.each(['taken', 'taken/below', 'taken/below/that'])(
  'a data folder %s, where taken is a file, is found before the start',
  (PARLEY_DATA_DIR) => {
    writeFileSync(join(folder, 'taken'), '');
    const wrong = [expect.stringMatching(/^PARLEY_DATA_DIR names no folder, since \S+taken is a file/)];
    expect(checkConfiguration({ PARLEY_DATA_DIR }, folder).wrong).toEqual(wrong);
  },
);

test('the command starts nothing, and its exit code says whether something is wrong', async () => {
  const run = (more: Record<string, string>, ...argv: string[]) =>
    promisify(execFile)(process.execPath, [resolve('src/main.ts'), ...argv], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...more },
    }).then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, text: error.stdout + error.stderr }),
    );
  const good = await run({}, '--check');
  expect(good).toMatchObject({ code: 0, text: expect.stringContaining('Nothing is wrong.') });
  expect(good.text).not.toContain('Parley is ready');
  expect(await run({ PARLEY_PORT: '1' }, '--check')).toMatchObject({ code: 1, text: expect.stringContaining('PARLEY_PORT') });
  expect(await run({}, '--chec')).toMatchObject({ code: 2, text: expect.stringContaining('--check') });
});

test.each([
  ['PARLEY_API_KEYS', 'PARLEY_API_KEY'],
  ['PARLEY_ALOW_HOSTS', 'PARLEY_ALLOW_HOSTS'],
  ['PARLEY_MODLE', 'PARLEY_MODEL'],
  ['PARLEY_MAX_SESSION', 'PARLEY_MAX_SESSIONS'],
  ['PARLEY_LLM_BASEURL', 'PARLEY_LLM_BASE_URL'],
])('%s is misspelt, and the start says that %s is meant', (name, meant) => {
  expect(readConfig({ [name]: 'x' }, folder).warnings).toEqual([`${name} is no setting of this server: is ${meant} meant?`]);
});

test('a name that is nothing like any is told, names of other programs are not, and in the file no name is another program’s', () => {
  expect(readConfig({ PARLEY_SOMETHING_ELSE_ENTIRELY: 'x', PATH: '/bin', PORTS: '1' }, folder).warnings).toEqual([
    'PARLEY_SOMETHING_ELSE_ENTIRELY is no setting of this server, and does nothing.',
  ]);
  writeFileSync(join(folder, 'parley.json'), JSON.stringify({ PORTS: 1, PARLEY_MODEL: 'a/b' }));
  expect(readConfig({}, folder).warnings).toEqual(['PORTS is no setting of this server: is PORT meant?']);
});

test('the telephony file is looked at with its secrets from the environment', () => {
  const twilio = { account_sid: 'AC1', auth_token: 'env:TWILIO_TOKEN' };
  const file = { public_url: 'https://voice.example.com', carriers: { twilio }, routes: [{ name: 'desk', numbers: ['*'] }] };
  writeFileSync(join(folder, 'telephony.json'), JSON.stringify(file));
  const environment = { PARLEY_TELEPHONY: 'telephony.json' };
  expect(checkConfiguration({ ...environment, TWILIO_TOKEN: 'tok-12345' }, folder).wrong).toEqual([]);
  const { wrong } = checkConfiguration(environment, folder);
  expect(wrong).toEqual([expect.stringContaining('names the environment variable TWILIO_TOKEN, which is not set')]);
});
