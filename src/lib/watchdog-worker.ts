// The thread that watches the main loop. It logs by itself, and where the loop stands it asks the main thread's inspector, which answers in the middle of a
// loop that never ends; code outside of JavaScript (a system call) gives no answer.
import { Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import { createLog } from './log.ts';
import type { WatchdogData } from './watchdog.ts';

/** What the main thread has to end by itself; then it is killed. */
const endingMs = 1000;

const { beats, everyMs, noticeMs, mostMs, exitCode, logLevel } = workerData as WatchdogData;
const log = createLog(logLevel);

let seen = Atomics.load(beats, 0);
let lookedAtMs = systemClock.now();
let stalledMs = 0;
let told = false;

setInterval(() => {
  const atMs = systemClock.now();
  // A process that was stopped as a whole (SIGSTOP, a machine put to sleep) has had no time in which its loop could have run.
  const passedMs = Math.min(atMs - lookedAtMs, 2 * everyMs);
  lookedAtMs = atMs;
  const beat = Atomics.load(beats, 0);
  if (beat !== seen) {
    if (told) log.warn({ stalledMs: Math.round(stalledMs) }, 'the main loop runs again: nobody was served meanwhile');
    seen = beat;
    stalledMs = 0;
    told = false;
    return;
  }
  stalledMs += passedMs;
  if (stalledMs >= noticeMs && !told) {
    told = true;
    log.error({ stalledMs: Math.round(stalledMs) }, 'the main loop stands still: nobody is served');
    inspect('new Error().stack', (stack) => log.error({ stack }, 'this is where the main loop stands'));
  }
  if (mostMs > 0 && stalledMs >= mostMs) end();
}, everyMs);

function end(): void {
  log.error({ stalledMs: Math.round(stalledMs), exitCode }, 'the main loop stood still for too long: the process ends');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), endingMs);
  stalledMs = Number.NEGATIVE_INFINITY;
  // Not process.exit: handlers of the exit would run in the middle of what stands still.
  inspect(`process.reallyExit(${exitCode})`, () => {});
}

/** Has the main thread evaluate that, in the middle of whatever it does. */
function inspect(expression: string, told: (value: unknown) => void): void {
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', { expression }, (_error, answer) => {
    told(answer?.result.value);
    session.disconnect();
  });
}
