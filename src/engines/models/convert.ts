// Has a model converted in a process of its own: the converter may block and take what memory it needs, and the server goes on.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../lib/clock.ts';
import { DiskError, isDiskFull, type NamedFile } from './disk.ts';
import type { Converter } from './manifest.ts';

/** Far more than the 20 s of a slow core that a converter is allowed. */
const LIMIT_MS = 180_000;
const MOST_HEAP_MB = 1500;
const KEPT_STDERR = 4000;

/** What the process says when it is done. */
export interface Converted {
  readonly kind: 'done';
  /** What lies in the target now. */
  readonly files: readonly NamedFile[];
}

/** Runs the converter on two folders. @throws Error that says why it failed; the target may then hold anything. */
export function convertModel(
  { module }: Converter,
  source: string,
  target: string,
  { clock, signal, limitMs = LIMIT_MS }: { readonly clock: Clock; readonly signal: AbortSignal; readonly limitMs?: number },
): Promise<readonly NamedFile[]> {
  return new Promise((resolve, reject) => {
    // The built server is .js beside .js, a checkout is .ts beside .ts.
    const program = new URL(import.meta.url.replace(/convert(\.[jt]s)$/, 'convert-child$1'));
    const child = fork(fileURLToPath(program), [module.href, source, target], {
      execArgv: [`--max-old-space-size=${MOST_HEAP_MB}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let stderr = '';
    let files: readonly NamedFile[] | undefined;
    let ended: string | undefined;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-KEPT_STDERR);
    });
    child.on('message', (message: Converted) => {
      if (message.kind === 'done') files = message.files;
    });
    const end = (why: string) => {
      ended ??= why;
      child.kill('SIGKILL');
    };
    const timer = clock.after(limitMs, () => end(`it took more than ${Math.round(limitMs / 1000)} s`));
    const onAbort = () => end('it was stopped');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const fail = (why: string) =>
      reject(isDiskFull(why) ? new DiskError('the disk is full', { cause: why }) : new Error(`it could not be converted: ${why}`));
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, killedBy) => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      if (files && ended === undefined) resolve(files);
      else fail(ended ?? reasonIn(stderr) ?? `the converter ended with ${killedBy ?? code}`);
    });
  });
}

/** The line that says what was wrong, out of what Node prints of an uncaught error. */
function reasonIn(stderr: string): string | undefined {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.find((line) => /^(?:[A-Za-z]*Error\b.*|FATAL ERROR.*)/.test(line)) ?? lines.at(-1);
}
