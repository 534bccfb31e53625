// A process that writes to the store without pause, says what was acknowledged, a line each, and is killed at a moment that it was told: so many
// milliseconds after its start, or after the first acknowledgement. See kill.test.ts.
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/lib/clock.ts';
import { EmbeddedStore } from '../../src/store/embedded.ts';

const [path = '', run = '', from = '', afterMs = '0'] = process.argv.slice(2);
const die = () => systemClock.after(Number(afterMs), () => process.kill(process.pid, 'SIGKILL'));
if (from === 'start') die();
const store = new EmbeddedStore(path, { clock: systemClock });
const nowMs = 1_700_000_000_000;
let acknowledged = 0;

function say(line: string): void {
  if (acknowledged++ === 0 && from === 'writing') die();
  writeSync(1, `${line}\n`);
}

/** One of several that are under way at once. */
async function write(writer: string): Promise<never> {
  for (let at = 0; ; at++) {
    const id = `${run}_${writer}_${at}`;
    await store.addKey({ id, key: id, digest: id, sealedSecret: 's', workspace: 'acme', name: '', createdMs: nowMs, revokedMs: null });
    say(`key ${id}`);
    // Most are of some bytes, some of many pages.
    const sealedSession = 'x'.repeat(at % 4 === 3 ? 60_000 : 300);
    const life = { createdMs: nowMs, expiresMs: nowMs + 600_000 };
    const kept = await store.addSecret({ digest: id, keyId: run, workspace: 'acme', dialect: 'ga', sealedSession, ...life }, nowMs);
    if (kept === 'kept') say(`secret ${id}`);
    if ((await store.claimNonce(run, id, nowMs + 1000, nowMs)) === 'new') say(`nonce ${id}`);
    if (at % 2 === 1 && (await store.revokeKey(id, nowMs))) say(`revoked ${id}`);
  }
}

await Promise.all(['a', 'b', 'c'].map(write));
