// Kamailio and rtpengine with the configuration of deploy/kamailio, word for word but for addresses, ports and paths, in a folder of their own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { missing } from '../../transports/sip/programs.ts';
import { changed, freePort, listening } from './proxies.ts';

/** Where the proxy is: for callers, and for the Parleys. */
const outside = '127.0.0.1';
export const inside = '127.0.0.2';
/** Where the calls of the trunk come from. */
export const trunkAddress = '127.0.0.9';
/** What a caller shows who comes by no trunk. */
export const credentials = { username: 'desk', password: 'change-me' };

/** A `describe` for tests behind it. Without the programs it is one test that is left out and says why. */
export function describeBehindKamailio(tests: () => void): void {
  const why = missingProxy();
  describe('behind Kamailio and rtpengine', () => {
    if (why === undefined) return tests();
    test('the programs are here', ({ skip }) => {
      skip(why);
      expect(why).toBeUndefined();
    });
  });
}

/** Why it cannot be had here, or nothing where it can. */
function missingProxy(): string | undefined {
  const tls = globSync('/usr/lib/*/kamailio/modules/tls.so').length > 0;
  return (
    missing('kamailio', 'kamailio') ??
    missing('rtpengine', 'rtpengine-daemon') ??
    (tls ? undefined : 'kamailio has no TLS (apt-get install kamailio-tls-modules)')
  );
}

export interface SipProxy {
  /** `127.0.0.1:40123` */
  readonly at: string;
  /** The same for TLS. */
  readonly tlsAt: string;
  /** The Parleys that get new calls, as `127.0.0.3:40125`. */
  takers(): Promise<string[]>;
  /** Keeps new calls from a Parley. */
  takeOut(parley: string): Promise<void>;
  letIn(parley: string): Promise<void>;
  /** Ends rtpengine alone. */
  loseSound(): Promise<void>;
  close(): Promise<void>;
}

export interface SipProxyOptions {
  /** `127.0.0.3:40125` */
  readonly parleys: readonly string[];
  /** Where calls go that the Parleys place. */
  readonly trunk: string;
  /** A folder with `cert.pem` and `key.pem`. */
  readonly certificate: string;
  /** Where the Parleys reach it. */
  readonly insidePort: number;
}

export async function startSipProxy({ parleys, trunk, certificate, insidePort }: SipProxyOptions): Promise<SipProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-kamailio-'));
  const [port, tlsPort, soundPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const write = (name: string, replacements: Parameters<typeof changed>[1]) => {
    writeFileSync(join(folder, name), changed(`deploy/kamailio/${name}`, replacements));
    return join(folder, name);
  };
  write('local.cfg', [
    ['voice.example.com', 'localhost'],
    ['203.0.113.9', outside],
    ['10.0.0.1!', `${inside}!`],
    ['!OUTSIDE_PORT!5060!', `!OUTSIDE_PORT!${port}!`],
    ['!5061!', `!${tlsPort}!`],
    ['!5080!', `!${insidePort}!`],
    ['/etc/kamailio/fullchain.pem', join(certificate, 'cert.pem')],
    ['/etc/kamailio/privkey.pem', join(certificate, 'key.pem')],
    ['127.0.0.1:2223', `127.0.0.1:${soundPort}`],
    ['(src_ip==198.51.100.0/24 || src_ip==192.0.2.7)', `(src_ip==${trunkAddress})`],
    ['sip.company.example', trunk],
    ['##!define WITH_PASSWORDS', '#!define WITH_PASSWORDS'],
  ]);
  write(
    'dispatcher.list',
    ['sip:10.0.0.11:5060', 'sip:10.0.0.12:5060'].map((word, at) => [`1 ${word}\n`, `1 sip:${parleys[at]}\n`]),
  );
  const main = write('kamailio.cfg', [
    ['/etc/kamailio/dispatcher.list', join(folder, 'dispatcher.list')],
    ['/run/kamailio/', `${folder}/`],
    // Nobody has to wait for five seconds until a Parley is known to have come or gone.
    ['"ds_ping_interval", 5', '"ds_ping_interval", 1'],
    ['log_stderror=no', 'log_stderror=yes'],
  ]);
  const soundConfig = write('rtpengine.conf', [
    ['outside/203.0.113.9;inside/10.0.0.1', `outside/${outside};inside/${inside}`],
    ['127.0.0.1:2223', `127.0.0.1:${soundPort}`],
  ]);
  const soundOptions = [
    `--config-file=${soundConfig}`,
    '--foreground',
    '--log-stderr',
    '--log-level=6',
    `--pidfile=${folder}/rtpengine.pid`,
  ];
  const sound = new Program('rtpengine', soundOptions);
  await sound.writes('Startup complete');
  const proxy = new Program('kamailio', ['-f', main, '-DD', '-E', '-w', folder, '-Y', folder]);
  const tell = async (...args: string[]) =>
    (await promisify(execFile)('kamcmd', ['-s', `unix:${join(folder, 'kamailio_ctl')}`, ...args])).stdout;
  const close = async () => {
    await Promise.all([proxy.end(), sound.end()]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listening(proxy.child, port);
  } catch (error) {
    await close();
    throw new Error(`kamailio does not start:\n${proxy.written}`, { cause: error });
  }
  const takers = async () => {
    const list = await tell('dispatcher.list');
    return [...list.matchAll(/URI: sip:(\S+)\s+FLAGS: A/g)].map(([, parley]) => parley as string);
  };
  const setState = (parley: string, state: string) => tell('dispatcher.set_state', state, '1', `sip:${parley}`);
  return {
    at: `${outside}:${port}`,
    tlsAt: `${outside}:${tlsPort}`,
    takers,
    async takeOut(parley) {
      // The answer to a question that was on its way lets it in again.
      do {
        await setState(parley, 'dx');
        await new Promise((resolve) => setTimeout(resolve, 300));
      } while ((await takers()).includes(parley));
    },
    letIn: async (parley) => void (await setState(parley, 'ap')),
    loseSound: () => sound.end(),
    close,
  };
}

class Program {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown>;
  written = '';

  constructor(name: string, args: readonly string[]) {
    this.child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#ended = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.written = (this.written + text).slice(-50_000)));
  }

  async writes(what: string): Promise<void> {
    while (!this.written.includes(what)) {
      if (this.child.exitCode !== null) throw new Error(`A program ended with ${this.child.exitCode}:\n${this.written}`);
      await Promise.race([once(this.child.stderr as NodeJS.ReadableStream, 'data'), this.#ended]);
    }
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.#ended;
  }
}

/** What comes back within half a second for SIP messages that are sent as they are, from an address of this machine. */
export async function sendRaw(from: string, to: string, messages: readonly string[]): Promise<string[]> {
  const [host = '', port = ''] = to.split(':');
  const socket = createSocket('udp4');
  const received: string[] = [];
  socket.on('message', (bytes) => received.push(bytes.toString('latin1')));
  await new Promise<void>((resolve) => socket.bind(0, from, resolve));
  for (const message of messages) socket.send(message.replaceAll('\n', '\r\n'), Number(port), host);
  await new Promise((resolve) => setTimeout(resolve, 500));
  socket.close();
  return received;
}
