// The real server as a process of its own, with scripted engines: to be signalled, and to be seen ending.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { apiKey } from '../e2e/support/server.ts';
import { recordingSettings } from '../tapes/recorded.ts';

const repository = resolve(import.meta.dirname, '../..');

export class ParleyProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: string | null; atMs: number }>;
  http = '';
  ws = '';
  written = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = once(child, 'exit').then(([code, signal]) => ({ code, signal, atMs: performance.now() }) as never);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.written += text;
      });
    }
  }

  /** Ends with the test, whatever becomes of it. Tests that run side by side give their own `onTestFinished`. */
  static async start(
    settings: Record<string, string> = {},
    atEnd: (task: () => Promise<void>) => void = onTestFinished,
  ): Promise<ParleyProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'parley-process-'));
    const { NODE_OPTIONS: _, ...inherited } = process.env;
    const child = spawn(
      process.execPath,
      ['--import', join(import.meta.dirname, 'misbehaving.ts'), join(repository, 'src/cli/scripted.ts')],
      {
        cwd: folder,
        env: {
          ...inherited,
          PORT: '0',
          PARLEY_API_KEY: apiKey,
          PARLEY_DATA_DIR: folder,
          PARLEY_MODELS: 'off',
          PARLEY_LOG: 'info',
          ...recordingSettings(),
          ...settings,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const server = new ParleyProcess(child);
    atEnd(async () => {
      child.kill('SIGKILL');
      await server.exited;
      rmSync(folder, { recursive: true, force: true });
    });
    const address = /http:\/\/127\.0\.0\.1:\d+/;
    const listens = Promise.withResolvers<void>();
    child.stdout?.on('data', () => address.test(server.written) && listens.resolve());
    const end = await Promise.race([listens.promise, server.exited]);
    if (end) throw new Error(`The server ended with ${String(end.code)}:\n${server.written}`);
    server.http = address.exec(server.written)?.[0] ?? '';
    server.ws = server.http.replace(/^http/, 'ws');
    return server;
  }

  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGUSR2' | 'SIGKILL'): void {
    this.#child.kill(name);
  }

  /** Lines of its log with that message. */
  logged(message: string): Record<string, unknown>[] {
    return this.written
      .split('\n')
      .filter((line) => line.startsWith('{') && line.includes(JSON.stringify(message)))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
