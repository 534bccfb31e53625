// A start that cannot succeed says why in one sentence, naming what to change, and never with a stack (A16).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-serve-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a server says on standard error that ends by itself. */
function start(settings: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const serve = resolve(import.meta.dirname, '../../src/cli/serve.ts');
  const env = { PATH: process.env['PATH'] ?? '', PORT: '0', PARLEY_MODELS: 'off', PARLEY_DATA_DIR: join(folder, 'data'), ...settings };
  const child = spawn(process.execPath, [serve], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((done, reject) => {
    child.on('error', reject);
    child.on('close', (code) => done({ code, said }));
  });
}

test('an unwritable data folder is named, and so is the setting', async () => {
  writeFileSync(join(folder, 'file'), '');
  const path = join(folder, 'file', 'data');
  expect(await start({ PARLEY_DATA_DIR: path })).toEqual({
    code: 1,
    said: `parley: The folder ${path}, which PARLEY_DATA_DIR can change, cannot be written: a part of its path is no folder (ENOTDIR).\n`,
  });
});

test('a bad PARLEY_ALLOW_HOSTS is named with the entry that is wrong', async () => {
  expect(await start({ PARLEY_ALLOW_HOSTS: 'mcp.example.org,http://10.0.0.1/' })).toEqual({
    code: 2,
    said: `parley: PARLEY_ALLOW_HOSTS cannot be used: 'http://10.0.0.1/' is not a host: write host, host:port, *.example.org or an address.\n`,
  });
});

test('a master key that is too short is named', async () => {
  expect(await start({ PARLEY_MASTER_KEY: 'short' })).toEqual({
    code: 2,
    said: 'parley: PARLEY_MASTER_KEY must have at least 32 characters, and they must be random.\n',
  });
});
