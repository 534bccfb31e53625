// nginx and Caddy with the configurations of deploy/, word for word but for ports, names and paths, in a folder of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';

export type ProxyName = 'nginx' | 'caddy';

export interface RunningProxy {
  readonly port: number;
  /** `https://localhost:40123` */
  readonly http: string;
  readonly ws: string;
  close(): Promise<void>;
}

const repository = resolve(import.meta.dirname, '../../..');

/** Where the program is; Debian has nginx where only root looks. */
export function findProxy(name: ProxyName): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** A `describe` for tests behind this proxy. Without the program it is one test that is left out and says why. */
export function describeBehind(name: ProxyName, tests: () => void): void {
  const there = findProxy(name) !== undefined;
  describe(`behind ${name}`, () => {
    if (there) return tests();
    test('the program is here', ({ skip }) => {
      skip(`${name} is not here: apt-get install ${name}`);
      expect(there).toBe(true);
    });
  });
}

/** What is put in the place of the committed configuration's own. */
interface Places {
  /** Where Parley is. */
  readonly upstreamPort: number;
  /** Of `localhost`: a folder with `cert.pem` and `key.pem`. */
  readonly certificate: string;
  readonly folder: string;
  readonly port: number;
  readonly plainPort: number;
}

export async function startProxy(
  name: ProxyName,
  program: string,
  { upstreamPort, certificate }: Pick<Places, 'upstreamPort' | 'certificate'>,
): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), `parley-${name}-`));
  const [port, plainPort] = await Promise.all([freePort(), freePort()]);
  const places = { upstreamPort, certificate, folder, port, plainPort };
  const child = name === 'nginx' ? startNginx(program, places) : startCaddy(program, places);
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (written += text));
  const close = async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listening(child, port);
  } catch (error) {
    await close();
    throw new Error(`${name} does not start:\n${written}`, { cause: error });
  }
  return { port, http: `https://localhost:${port}`, ws: `wss://localhost:${port}`, close };
}

function startNginx(program: string, { upstreamPort, certificate, folder, port, plainPort }: Places): ChildProcess {
  const site = changed('deploy/nginx/parley.conf', [
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['listen [::]:80;', ''],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['listen [::]:443 ssl;', ''],
    ['server_name voice.example.com;', 'server_name localhost;'],
    ['/etc/letsencrypt/live/voice.example.com/fullchain.pem', join(certificate, 'cert.pem')],
    ['/etc/letsencrypt/live/voice.example.com/privkey.pem', join(certificate, 'key.pem')],
    ['/var/log/nginx/parley.access.log', join(folder, 'access.log')],
    ['127.0.0.1:8080', `127.0.0.1:${upstreamPort}`],
  ]);
  writeFileSync(join(folder, 'parley.conf'), site);
  const main = [
    'daemon off; worker_processes 1; error_log stderr warn;',
    `pid ${join(folder, 'nginx.pid')};`,
    // Its workers would else be somebody who may not look into the folder.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'events { worker_connections 256; }',
    'http {',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${join(folder, kind)};`),
    `include ${join(folder, 'parley.conf')};`,
    '}',
  ];
  writeFileSync(join(folder, 'nginx.conf'), main.join('\n'));
  return spawn(program, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
}

function startCaddy(program: string, { upstreamPort, certificate, folder, port, plainPort }: Places): ChildProcess {
  const site = changed('deploy/caddy/Caddyfile', [
    // Another Caddy may run here, with its own port for commands.
    ['\n{\n', `\n{\n\tadmin off\n\tauto_https disable_redirects\n\thttp_port ${plainPort}\n`],
    // It gets no certificate for this name.
    [
      'voice.example.com {',
      `https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${join(certificate, 'cert.pem')} ${join(certificate, 'key.pem')}`,
    ],
    ['127.0.0.1:8080', `127.0.0.1:${upstreamPort}`],
  ]);
  writeFileSync(join(folder, 'Caddyfile'), site);
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const options = ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
  return spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'], env });
}

/** The file with these words replaced. @throws when one of them is not in it any more. */
export function changed(path: string, replacements: readonly (readonly [word: string, other: string])[]): string {
  let text = readFileSync(join(repository, path), 'utf8');
  for (const [word, other] of replacements) {
    if (!text.includes(word)) throw new Error(`${path} does not say '${word}' any more.`);
    text = text.replaceAll(word, () => other);
  }
  return text;
}

export async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`);
    const socket = connect(port, '127.0.0.1');
    const [outcome] = await Promise.race([
      once(socket, 'connect').then(() => ['open']),
      once(socket, 'error').then(() => ['closed']),
    ]).catch(() => ['closed']);
    socket.destroy();
    if (outcome === 'open') return;
    await pass(50);
  }
  throw new Error('It does not listen.');
}

/** A port that nobody has at this moment. */
export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
