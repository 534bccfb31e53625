// A thread and a child process seen alike: something that hears messages, says some, and ends.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Transferable, Worker } from 'node:worker_threads';

export interface BodyEvents {
  heard(message: unknown): void;
  /** It is gone; `how` tells why, for people. Called once. */
  exited(how: string, cause?: unknown): void;
}

export interface Body {
  readonly pid?: number;
  /** Throws when the message cannot be sent to anybody; one to a body that is gone is lost. */
  post(message: unknown, transfer: readonly Transferable[]): void;
  /** Whether the process stays alive for it. */
  hold(held: boolean): void;
  /** Ends it whatever it does. */
  kill(): void;
}

const KEPT_STDERR = 2000;

export function threadBody(script: URL, name: string, data: unknown, events: BodyEvents): Body {
  const worker = new Worker(script, { workerData: data, name, execArgv: [] });
  let failure: unknown;
  worker.on('message', (message: unknown) => events.heard(message));
  worker.on('error', (error: unknown) => {
    failure = error;
  });
  worker.on('exit', (code) => {
    const thrown = failure instanceof Error ? failure.message : JSON.stringify(failure);
    events.exited(failure === undefined ? `it exited with code ${code}` : thrown, failure);
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    hold: (held) => {
      if (held) worker.ref();
      else worker.unref();
    },
    kill: () => void worker.terminate(),
  };
}

export interface ChildSettings {
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export function childBody(script: URL, { argv, env }: ChildSettings, events: BodyEvents): Body {
  const child = fork(fileURLToPath(script), argv, {
    serialization: 'advanced',
    execArgv: [],
    ...(env ? { env } : {}),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR);
  });
  let over = false;
  const ended = (how: string) => {
    if (over) return;
    over = true;
    const details = stderr.trim();
    events.exited(details === '' ? how : `${how}: ${details}`);
  };
  child.on('message', (message) => events.heard(message));
  child.on('exit', (code, signal) => ended(signal ?? `it exited with code ${code}`));
  child.on('error', (error) => {
    // A failed send is reported here as well, and the exit that caused it follows.
    if (child.pid === undefined) ended(error.message);
  });
  return {
    ...(child.pid === undefined ? {} : { pid: child.pid }),
    post: (message) => {
      if (child.connected) child.send(message as object, () => {});
    },
    hold: (held) => {
      // Its pipes hold the process as well.
      for (const part of [child, child.channel, child.stderr as { ref?(): void; unref?(): void } | null]) {
        if (held) part?.ref?.();
        else part?.unref?.();
      }
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
