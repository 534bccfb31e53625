// Access upon a real store, with a clock that stands still, and a client that signs as Inworld's sample does.
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Access, type AccessOptions, type Purpose } from '../../src/access/access.ts';
import { type IssuedKey, makeKey, revokeKey } from '../../src/access/issue.ts';
import { Vault } from '../../src/access/vault.ts';
import { ManualClock, systemClock } from '../../src/lib/clock.ts';
import { randomToken } from '../../src/lib/ids.ts';
import { EmbeddedStore, type StoreBounds, storeFile } from '../../src/store/embedded.ts';
import { storeFor } from '../store/shared.ts';

export const plainKey = 'configured-key-0123456789';

export interface RigOptions extends Partial<Pick<AccessOptions, 'configuredKeys' | 'hosts' | 'queryCredentials'>> {
  bounds?: Partial<StoreBounds>;
}

export function accessRig({ bounds, ...options }: RigOptions = {}) {
  const { dataDir, store, close } = storeFor(bounds);
  const clock = new ManualClock();
  const vault = new Vault('m'.repeat(40), randomToken);
  const issuing = { store, vault, clock, random: randomToken };
  const make = (settings: Partial<AccessOptions> = {}) => new Access({ ...issuing, configuredKeys: [plainKey], ...options, ...settings });
  const access = make();
  const parallel: EmbeddedStore[] = [];
  return {
    dataDir,
    clock,
    store,
    vault,
    access,
    /** The same server with other settings, upon the same store. */
    make,
    /** The store as another process has it open. */
    elsewhere() {
      const other = new EmbeddedStore(storeFile(dataDir), { clock: systemClock, ...(bounds ? { bounds } : {}) });
      parallel.push(other);
      return other;
    },
    makeKey: (workspace = 'acme') => makeKey(issuing, { name: 'test', workspace }),
    revoke: (id: string) => revokeKey(issuing, id),
    who: (headers: IncomingHttpHeaders, query = '', purpose: Purpose = 'api', by = access) =>
      by.authenticate(headers, new URLSearchParams(query), purpose),
    bearer: (credential: string, purpose: Purpose = 'api') =>
      access.authenticate({ authorization: `Bearer ${credential}` }, new URLSearchParams(), purpose),
    /** A token for the key, as its holder gets one. */
    async token(key: IssuedKey): Promise<string> {
      const grant = await access.exchange(tokenRequest(key, clock));
      if (grant.outcome !== 'granted') throw new Error(`no token: ${grant.outcome}`);
      return grant.token;
    },
    async secret(key: IssuedKey, seconds = 600): Promise<string> {
      const by = { kind: 'key', keyId: key.id, workspace: key.workspace } as const;
      const minted = await access.mintSecret(by, { session: { type: 'realtime', instructions: 'Be brief.' }, dialect: 'ga', seconds });
      if (minted.outcome !== 'minted') throw new Error(`no secret: ${minted.outcome}`);
      return minted.value;
    },
    async close() {
      await Promise.all([close(), ...parallel.map((each) => each.close())]);
    },
  };
}

export interface Signing {
  host?: string;
  hex?: boolean;
  /** What the signature is for. */
  method?: string;
  nonce?: string;
  secret?: string;
  /** How far the client's clock is off. */
  skewMs?: number;
}

export const methods = {
  token: 'ai.inworld.engine.WorldEngine/GenerateToken',
  sessionToken: 'ai.inworld.engine.v1.SessionTokens/GenerateSessionToken',
};

let signed = 0;

/** The header of a client that holds key and secret. */
export function signature(key: { key: string; secret: string }, clock: Pick<ManualClock, 'wallMs'>, signing: Signing = {}): string {
  const dateTime = new Date(clock.wallMs() + (signing.skewMs ?? 0)).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  signed += 1;
  const nonce = signing.nonce ?? signed.toString(16).padStart(11, '0');
  let link: Buffer | string = `IW1${signing.secret ?? key.secret}`;
  for (const element of [dateTime, signing.host ?? 'api-engine.inworld.ai', signing.method ?? methods.token, nonce]) {
    link = signing.hex ? createHmac('sha256', link).update(element).digest('hex') : createHmac('sha256', link).update(element).digest();
  }
  const proof = createHmac('sha256', link).update('iw1_request').digest('hex');
  return `IW1-HMAC-SHA256 ApiKey=${key.key},DateTime=${dateTime},Nonce=${nonce},Signature=${proof}`;
}

type TokenWish = Signing & { resources?: string[]; ownHost?: string; signedFor?: 'token' | 'sessionToken' };

export function tokenRequest(
  key: IssuedKey,
  clock: ManualClock,
  { resources = [], ownHost = 'localhost:8080', signedFor = 'token', ...signing }: TokenWish = {},
) {
  return { authorization: signature(key, clock, signing), host: ownHost, key: key.key, resources, signedFor };
}
