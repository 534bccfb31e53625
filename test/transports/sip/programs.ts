// Other people's SIP programs, run against a user agent of ours on this machine's own addresses.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/lib/clock.ts';
import { randomIds, randomInteger, randomToken } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { IncomingCall } from '../../../src/transports/sip/agent.ts';
import type { SipOptions } from '../../../src/transports/sip/options.ts';
import { openSipAgent, type UserAgent } from '../../../src/transports/sip/user-agent.ts';

/** Why tests with the program are left out, or nothing where it is here. */
export function missing(program: string, aptPackage: string): string | undefined {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  return found ? undefined : `${program} is not installed (apt-get install ${aptPackage})`;
}

export const sdpAt = (host: string, port: number): string =>
  `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n`;

export const local = { trunks: [{ name: 'local', addresses: ['127.0.0.0/8'] }], strangers: 'refuse' } as const;

/** A user agent with real sockets. Its addresses are on loopback, at any port. */
export function realAgent(options: Partial<SipOptions>, onIncoming: (call: IncomingCall) => void): Promise<UserAgent> {
  const listen = options.listen ?? [
    { transport: 'udp', host: '127.0.0.1', port: 0 },
    { transport: 'tcp', host: '127.0.0.1', port: 0 },
  ];
  return openSipAgent(
    { ...local, ...options, listen },
    {
      clock: systemClock,
      chance: { ids: randomIds, token: randomToken, integer: randomInteger },
      log: silentLog,
      resolver: {
        pointers: () => Promise.resolve([]),
        services: () => Promise.resolve([]),
        addresses: (host) => Promise.resolve(host === 'localhost' ? ['127.0.0.1'] : []),
      },
    },
    { onIncoming },
  );
}

export function portOf(agent: UserAgent, transport: 'udp' | 'tcp' | 'tls'): number {
  return agent.addresses.find((address) => address.transport === transport)?.port ?? 0;
}

/**
 * Runs a program to its end, in a folder of its own, and gives what it has said; ends it after so long.
 * @throws Error with what it has said, where it fails.
 */
export function run(program: string, args: readonly string[], mostMs = 60_000, cwd = mkdtempSync(join(tmpdir(), 'sip-'))): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: mostMs,
      env: { ...process.env, TERM: 'dumb', HOME: cwd },
    });
    let output = '';
    const keep = (text: Buffer) => {
      output = (output + text.toString('latin1')).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${program} ended with ${code}:\n${output}`))));
  });
}

/** Runs a program that is told what to do by lines: `first` once it has said `prompt`, and `last` when that promise is over. */
export function converse(
  program: string,
  args: readonly string[],
  talk: { prompt: string; first: string; last: Promise<string> },
  home: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: home,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 25_000,
      env: { ...process.env, HOME: home },
    });
    let output = '';
    let asked = false;
    child.stdin.on('error', () => {});
    child.stdout.on('data', (text: Buffer) => {
      output = (output + text.toString('latin1')).slice(-20_000);
      if (asked || !output.includes(talk.prompt)) return;
      asked = true;
      child.stdin.write(talk.first);
    });
    child.stderr.resume();
    child.on('error', reject);
    child.on('close', () => resolve(output));
    void talk.last.then((line) => child.stdin.write(line));
  });
}

/** Runs a program until it is told to end, by what this gives. */
export function serve(program: string, args: readonly string[]): () => Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const closed = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
    child.on('error', () => resolve());
  });
  return () => {
    child.kill();
    return closed;
  };
}
