// Making, listing and revoking API keys. A key is shown once, when it is made; afterwards only its holder knows it.
import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Store, StoredKey } from '../store/store.ts';
import type { RandomToken, Vault } from './vault.ts';

/** What configured keys belong to, and new ones unless told otherwise. */
export const defaultWorkspace = 'default';

export interface IssuedKey {
  readonly id: string;
  /** The public part. */
  readonly key: string;
  readonly secret: string;
  /** Base64 of `key:secret`: goes verbatim behind `Basic` or `Bearer`, into the api-key header, a subprotocol or the query. */
  readonly credential: string;
  readonly workspace: string;
}

// Key, colon and secret are 66 characters, a multiple of three, and of an alphabet whose base64 has neither `+` nor `/` nor `=`: the
// credential can stand in a URL and in a WebSocket subprotocol as it is.
const keyCharacters = 21;
const secretCharacters = 44;

export interface Issuing {
  readonly store: Store;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: RandomToken;
}

/** @throws when the workspace's or key's name cannot be one. */
export async function makeKey({ store, vault, clock, random }: Issuing, wish: { name: string; workspace: string }): Promise<IssuedKey> {
  if (!/^[\w.-]{1,64}$/.test(wish.workspace))
    throw new Error(`A workspace's name is 1 to 64 of A-Z a-z 0-9 _ . and -, not '${wish.workspace}'.`);
  if (wish.name.length > 128) throw new Error("A key's name has at most 128 characters.");
  const id = `key_${random(12)}`;
  const key = random(keyCharacters);
  const secret = random(secretCharacters);
  await store.addKey({
    id,
    key,
    digest: digestOf(`${key}:${secret}`),
    sealedSecret: vault.seal(secret, id),
    workspace: wish.workspace,
    name: wish.name,
    createdMs: clock.wallMs(),
    revokedMs: null,
  });
  return { id, key, secret, credential: Buffer.from(`${key}:${secret}`).toString('base64'), workspace: wish.workspace };
}

/** Revokes by id or public part. Undefined when there is no such key; a key that is revoked already stays so. */
export async function revokeKey({ store, clock }: Issuing, idOrKey: string): Promise<StoredKey | undefined> {
  const found = (await store.keyById(idOrKey)) ?? (await store.keyByPublicPart(idOrKey));
  if (found) await store.revokeKey(found.id, clock.wallMs());
  return found && store.keyById(found.id);
}

/** What a credential is looked up by. Secrets have 256 bits of chance, so a fast hash hides them well. */
export function digestOf(credential: string): string {
  return createHash('sha256').update(credential).digest('hex');
}
