// The process is killed at any moment of opening and writing: the store opens again, has everything that was acknowledged, and nothing by half.
// STORE_KILLS=200 for many; the seed stands in the failure (STORE_KILLS_SEED repeats it).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { Database } from '../../src/store/database.ts';
import { usualBounds } from '../../src/store/embedded.ts';
import { nowMs, storeFolder } from './rig.ts';

const kills = Number(process.env['STORE_KILLS'] ?? 30);
const seed = Number(process.env['STORE_KILLS_SEED'] ?? systemClock.wallMs() % 1_000_000);
/** Every so many of them, the store is a new one, and the kill may come while its tables are made. */
const freshEvery = 5;

function chanceFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The lines that the writer said before it was killed. */
function killed(path: string, run: string, from: 'start' | 'writing', afterMs: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const writer = join(import.meta.dirname, 'writer.ts');
    const child = spawn(process.execPath, [writer, path, run, from, String(afterMs)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let failure = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      failure += text;
    });
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the writer ended by itself: ${failure}`));
      // The last line may have been cut short.
      else resolve(said.split('\n').slice(0, -1));
    });
  });
}

/** Of what was acknowledged, all that is not there. */
function missing(database: Database, said: readonly string[], run: string): string[] {
  const isThere: Record<string, (id: string) => boolean> = {
    key: (id) => database.keyByDigest(id)?.id === id,
    secret: (id) => database.secretByDigest(id)?.digest === id,
    nonce: (id) => database.claimNonce(run, id, nowMs + 1000, nowMs) === 'used',
    revoked: (id) => database.keyById(id)?.revokedMs === nowMs,
  };
  return said.filter((line) => {
    const [kind = '', id = ''] = line.split(' ');
    return isThere[kind]?.(id) !== true;
  });
}

test(
  `a kill at ${kills} moments of writing costs no key that was acknowledged (seed ${seed})`,
  async () => {
    const chance = chanceFrom(seed);
    let place = storeFolder();
    let acknowledged = 0;
    for (let kill = 0; kill < kills; kill++) {
      const run = `run${kill}`;
      const isFresh = kill % freshEvery === 0;
      if (isFresh) place = storeFolder();
      const said = await killed(place.path, run, isFresh ? 'start' : 'writing', chance() * (isFresh ? 200 : 30));
      acknowledged += said.length;
      const database = new Database(place.path, usualBounds);
      database.check();
      expect(missing(database, said, run), `kill ${kill}`).toEqual([]);
      database.close();
      const outside = new DatabaseSync(place.path);
      const integrity = outside.prepare('PRAGMA integrity_check').get();
      expect(integrity, `kill ${kill}`).toEqual({ integrity_check: 'ok' });
      const sums =
        'SELECT keyId, count(*) AS secrets, sum(octet_length(sealedSession) + 512) AS bytes FROM client_secret GROUP BY keyId ORDER BY keyId';
      expect(outside.prepare('SELECT * FROM secret_tally ORDER BY keyId').all(), `kill ${kill}`).toEqual(outside.prepare(sums).all());
      outside.close();
    }
    expect(acknowledged).toBeGreaterThan(kills);
  },
  kills * 5000,
);
