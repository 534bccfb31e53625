// The server under fire, in a process of its own: it tells where it listens, what it logged as an error, and, when asked, what its memory
// holds once the garbage is gone.
import { setImmediate } from 'node:timers/promises';
import type { Log } from '../../src/lib/log.ts';
import { startServer } from '../e2e/support/server.ts';

/** What the child says: its address once, errors as they come, an account whenever it is asked for one. */
export type Told = { address: string } | { logged: string } | { account: Account };

export interface Account {
  /** Bytes in use, by the engine's own reckoning, and bytes that the system has given the process. */
  usedBytes: number;
  residentBytes: number;
  /** Keys that somebody has put on every object. */
  polluted: string[];
}

const log: Log = {
  debug() {},
  info() {},
  warn() {},
  error(fields, message) {
    const cause = 'err' in fields && fields.err instanceof Error ? fields.err.stack : JSON.stringify(fields);
    tell({ logged: `${message}: ${cause}` });
  },
  child: () => log,
};

function tell(told: Told): void {
  process.send?.(told);
}

async function account(): Promise<Account> {
  // What was let go in the first sweep lets go of more: finalizers run between the two.
  for (let sweep = 0; sweep < 3; sweep++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const polluted: string[] = [];
  for (const key in {}) polluted.push(key);
  return { usedBytes: heapUsed + external, residentBytes: rss, polluted };
}

// Everything there is to be refused is to be met; a limit would come before it.
// Those that vanish are waited for, and are gone when it is looked at what is left.
const settings = { PARLEY_LIMITS: 'none', PARLEY_RESUME_SECONDS: '2', PARLEY_SCRIPTED: 'stt=2,llm=2,rate=2000,tokens=6,tts=2' };
const running = await startServer({ engines: 'scripted', settings, log, recorded: false });
process.on('message', () => void account().then((now) => tell({ account: now })));
process.on('disconnect', () => void running.close().finally(() => process.exit()));
tell({ address: running.ws });
