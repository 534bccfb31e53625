// A process that may read the store and not write it: says what comes of each request, as JSON. See trouble.test.ts.
import { systemClock } from '../../src/lib/clock.ts';
import { EmbeddedStore } from '../../src/store/embedded.ts';
import { StoreError } from '../../src/store/store.ts';

const store = new EmbeddedStore(process.argv[2] ?? '', { clock: systemClock });
const reasonOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'done',
    (error: unknown) => (error instanceof StoreError ? error.reason : String(error)),
  );
const secret = { digest: 'd', keyId: 'key_1', workspace: 'acme', dialect: 'ga', sealedSession: 's', createdMs: 1, expiresMs: 2 } as const;
const key = { id: 'key_2', key: 'p', digest: 'e', sealedSecret: 's', workspace: 'acme', name: '', createdMs: 1, revokedMs: null };
const outcome = {
  key: await store.keyByDigest('digest_key_1').catch((error: unknown) => String(error)),
  makes: await reasonOf(store.addKey(key)),
  mints: await reasonOf(store.addSecret(secret, 1)),
  checks: await reasonOf(store.check()),
  problem: store.problem?.advice,
};
await store.close();
process.stdout.write(JSON.stringify(outcome));
