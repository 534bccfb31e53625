// Who may come in, as whom, and how that right is handed on: keys, the tokens and ephemeral secrets minted for them. Every look goes to the
// store, so that a revoked key is refused from the next request on, together with everything that was minted for it.
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import { isRecord } from '../protocol/json.ts';
import type { Excess } from '../protocol/limits.ts';
import type { Principal, SecretDialect } from '../store/principal.ts';
import { holdsAt, type Store, StoreError } from '../store/store.ts';
import { defaultWorkspace, digestOf } from './issue.ts';
import { Keys, offeredKeys } from './keys.ts';
import { isSignedWith, readSignedRequest, type SignedFor } from './signature.ts';
import { looksLikeToken, Tokens } from './tokens.ts';
import type { RandomToken, Vault } from './vault.ts';

/** `realtime`: the doors of a session, which an ephemeral secret may open. `api`: everything else. */
export type Purpose = 'realtime' | 'api';

export interface AccessOptions {
  readonly store: Store;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: RandomToken;
  /** Keys of the configuration; they belong to the workspace `default`. */
  readonly configuredKeys: readonly string[];
  /** Further host names that a token request may be signed for, beside its own Host header and Inworld's. */
  readonly hosts?: readonly string[];
  /** Takes one of the secrets and tokens that a key may mint; why there is none left, if so. */
  readonly mint?: (keyId: string) => Excess | undefined;
  /** Whether `?token=` and `?Authorization=` are looked at; query strings end up in logs. On unless false. */
  readonly queryCredentials?: boolean;
  /** Life of a token. */
  readonly tokenMs?: number;
}

export interface TokenRequest {
  readonly authorization: string | undefined;
  /** The request's own Host header. */
  readonly host: string | undefined;
  /** `key` of the body: must be the key that signed, when it is there. */
  readonly key: string | undefined;
  readonly resources: readonly string[];
  /** Which of Inworld's two routes it came to: the signature must be for that one. */
  readonly signedFor: SignedFor;
}

export type TokenGrant =
  | { readonly outcome: 'granted'; readonly token: string; readonly expiresMs: number; readonly sessionId: string }
  /** No valid, fresh signature of a key that holds. Which of these it was is not for the caller to know. */
  | { readonly outcome: 'refused' }
  /** The signature is right, but the resource belongs to another workspace. */
  | { readonly outcome: 'forbidden'; readonly resource: string }
  /** The key has used up the nonces it may have alive. */
  | { readonly outcome: 'exhausted' }
  | TooOften;

export type SecretGrant =
  | { readonly outcome: 'minted'; readonly value: string; readonly expiresAt: number }
  /** The session is longer than one may be, as JSON. */
  | { readonly outcome: 'too_large'; readonly bytes: number; readonly mostBytes: number }
  /** The key has as many alive as it may have, or as many bytes of them. */
  | { readonly outcome: 'too_many' }
  | { readonly outcome: 'too_much' }
  | TooOften;

/** The key has minted as much as it may for now. */
interface TooOften {
  readonly outcome: 'too_often';
  readonly excess: Excess;
}

/** A million characters of instructions and some tools. */
const mostSessionBytes = 1024 * 1024;
/** How far a signed request's clock may be off, either way. */
const signatureWindowMs = 5 * 60_000;
const inworldHosts = ['api-engine.inworld.ai', 'api.inworld.ai'];
/** What Inworld's samples name when nobody has told them otherwise: the key's own. A token opens no other anyway. */
const sampleWorkspace = 'default-workspace';
const secretPrefix = 'ek_';
/** Of a secret: 160 bits. Behind them stands what the vault calls them. */
const secretRandomCharacters = 27;
const noQuery = new URLSearchParams();

export class Access {
  readonly #options: AccessOptions;
  #configured: Keys;
  readonly #tokens: Tokens;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#configured = this.#named(options.configuredKeys);
    this.#tokens = new Tokens(options.vault.tokenKey, options.clock);
  }

  /** From now on these are the keys of the configuration. What was minted for one that is no longer among them ends with it. */
  configure(keys: readonly string[]): void {
    this.#configured = this.#named(keys);
  }

  #named(keys: readonly string[]): Keys {
    return new Keys(keys, (key) => this.#options.vault.nameOf(key, 'configured key'));
  }

  /** The id of a key of the configuration. */
  idOf(key: string): string | undefined {
    return this.#configured.idOf(key);
  }

  /** Whether the key of that id holds. Rejects with StoreError when that is known to the store only, and it cannot be asked. */
  async holds(keyId: string): Promise<boolean> {
    if (this.#configured.hasId(keyId)) return true;
    const key = await this.#options.store.keyById(keyId);
    return key !== undefined && key.revokedMs === null;
  }

  /** The ids of all keys that hold, with those of the configuration as it is or will be. Rejects with StoreError when the store cannot be asked. */
  async keyIds(configuredKeys?: readonly string[]): Promise<ReadonlySet<string>> {
    const configured = configuredKeys ? this.#named(configuredKeys) : this.#configured;
    const issued = (await this.#options.store.keys()).filter(({ revokedMs }) => revokedMs === null);
    return new Set([...configured.ids, ...issued.map(({ id }) => id)]);
  }

  /**
   * Who sends this request: the first of the credentials it offers that holds for the purpose. Rejects with StoreError when none does without
   * the store, and the store cannot be asked.
   */
  async authenticate(headers: IncomingHttpHeaders, query: URLSearchParams, purpose: Purpose): Promise<Principal | undefined> {
    let fault: StoreError | undefined;
    for (const credential of offeredKeys(headers, this.#options.queryCredentials === false ? noQuery : query)) {
      try {
        const principal = await this.#identify(credential, purpose);
        if (principal) return principal;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        fault = error;
      }
    }
    if (fault) throw fault;
    return undefined;
  }

  async #identify(credential: string, purpose: Purpose): Promise<Principal | undefined> {
    const configured = this.#configured.idOf(credential);
    if (configured !== undefined) return { kind: 'key', keyId: configured, workspace: defaultWorkspace };
    if (credential.startsWith(secretPrefix)) return purpose === 'realtime' ? this.#bearerOfSecret(credential) : undefined;
    if (looksLikeToken(credential)) {
      const claims = await this.#tokens.verify(credential);
      return claims && (await this.#holds(claims)) ? { kind: 'token', ...claims } : undefined;
    }
    if (!credential.includes(':')) return undefined;
    const key = await this.#options.store.keyByDigest(digestOf(credential));
    return key && key.revokedMs === null ? { kind: 'key', keyId: key.id, workspace: key.workspace } : undefined;
  }

  async #bearerOfSecret(value: string): Promise<Principal | undefined> {
    const { store, vault, clock } = this.#options;
    const secret = await store.secretByDigest(digestOf(value));
    if (!secret || !holdsAt(secret, clock.wallMs()) || !(await this.#holds(secret))) return undefined;
    const session: unknown = JSON.parse(vault.open(secret.sealedSession, secret.digest));
    const { keyId, workspace, expiresMs, dialect } = secret;
    return { kind: 'secret', keyId, workspace, expiresMs, dialect, session: isRecord(session) ? session : {} };
  }

  /** Whether the key that something was minted for is still a key of that workspace. */
  async #holds({ keyId, workspace }: { keyId: string; workspace: string }): Promise<boolean> {
    if (this.#configured.hasId(keyId)) return workspace === defaultWorkspace;
    const key = await this.#options.store.keyById(keyId);
    return key !== undefined && key.revokedMs === null && key.workspace === workspace;
  }

  /**
   * Whether this credential held once and its time is over: whoever has it came by it honestly, and guesses nothing. One of a key that has been
   * revoked is not meant. Rejects with StoreError when the store cannot be asked.
   */
  async hasExpired(credential: string): Promise<boolean> {
    if (looksLikeToken(credential)) return this.#tokens.hasExpired(credential);
    if (!credential.startsWith(secretPrefix)) return false;
    const secret = await this.#options.store.secretByDigest(digestOf(credential));
    if (secret) return !holdsAt(secret, this.#options.clock.wallMs());
    // The store forgets those that have expired: that it was one of ours is seen by its mark.
    return credential === this.#markedSecret(credential.slice(secretPrefix.length, secretPrefix.length + secretRandomCharacters));
  }

  #markedSecret(random: string): string {
    return `${secretPrefix}${random}${this.#options.vault.nameOf(random, 'client secret')}`;
  }

  /**
   * An ephemeral secret for the realtime doors, bound to a session in GA spelling. It outlives neither `seconds` nor the token it was asked
   * for with.
   */
  async mintSecret(
    by: Principal,
    wish: { session: Readonly<Record<string, unknown>>; dialect: SecretDialect; seconds: number },
  ): Promise<SecretGrant> {
    if (by.kind === 'secret') throw new Error('An ephemeral secret mints no other: authenticate for the purpose api first.');
    const { store, vault, clock, random } = this.#options;
    const session = JSON.stringify(wish.session);
    const bytes = Buffer.byteLength(session);
    if (bytes > mostSessionBytes) return { outcome: 'too_large', bytes, mostBytes: mostSessionBytes };
    const excess = this.#options.mint?.(by.keyId);
    if (excess) return { outcome: 'too_often', excess };
    const nowMs = clock.wallMs();
    const wishedAt = Math.floor(nowMs / 1000) + wish.seconds;
    const expiresAt = by.kind === 'token' ? Math.min(wishedAt, Math.floor(by.expiresMs / 1000)) : wishedAt;
    const value = this.#markedSecret(random(secretRandomCharacters));
    const digest = digestOf(value);
    const outcome = await store.addSecret(
      {
        digest,
        keyId: by.keyId,
        workspace: by.workspace,
        dialect: wish.dialect,
        sealedSession: vault.seal(session, digest),
        createdMs: nowMs,
        expiresMs: expiresAt * 1000,
      },
      nowMs,
    );
    return outcome === 'kept' ? { outcome: 'minted', value, expiresAt } : { outcome };
  }

  /** A token for a request that the holder of a key's secret signed (protocol 7.5). */
  async exchange(request: TokenRequest): Promise<TokenGrant> {
    const { store, clock, random, tokenMs = 15 * 60_000 } = this.#options;
    const nowMs = clock.wallMs();
    const signed = readSignedRequest(request.authorization);
    if (!signed || (request.key !== undefined && request.key !== signed.key)) return { outcome: 'refused' };
    if (Math.abs(nowMs - signed.atMs) > signatureWindowMs) return { outcome: 'refused' };
    const signer = await this.#signer(signed.key);
    if (!signer || !isSignedWith(signed, signer.secret, this.#hosts(request.host), request.signedFor)) return { outcome: 'refused' };
    // Only now, or strangers could fill the list. Once the time is too far off the signature is refused for that, and the nonce forgotten.
    const claim = await store.claimNonce(signer.keyId, signed.nonce, signed.atMs + signatureWindowMs + 1, nowMs);
    if (claim !== 'new') return { outcome: claim === 'full' ? 'exhausted' : 'refused' };
    const foreign = request.resources.find((resource) => ![signer.workspace, sampleWorkspace].includes(workspaceOf(resource) ?? ''));
    if (foreign !== undefined) return { outcome: 'forbidden', resource: foreign };
    const excess = this.#options.mint?.(signer.keyId);
    if (excess) return { outcome: 'too_often', excess };
    const expiresMs = Math.floor((nowMs + tokenMs) / 1000) * 1000;
    const token = await this.#tokens.sign({ keyId: signer.keyId, workspace: signer.workspace, expiresMs }, random(22));
    return { outcome: 'granted', token, expiresMs, sessionId: `default:${uuid(random)}` };
  }

  async #signer(publicPart: string): Promise<{ keyId: string; workspace: string; secret: string } | undefined> {
    const configured = this.#configured.pairWith(publicPart);
    if (configured) return { keyId: configured.id, workspace: defaultWorkspace, secret: configured.secret };
    const key = await this.#options.store.keyByPublicPart(publicPart);
    if (!key || key.revokedMs !== null) return undefined;
    return { keyId: key.id, workspace: key.workspace, secret: this.#options.vault.open(key.sealedSecret, key.id) };
  }

  /** The names a client may know this server by. The Host header proves nothing, but the secret that signed it does. */
  #hosts(own: string | undefined): string[] {
    const named = [...(own === undefined ? [] : [own, own.replace(/:\d+$/, '')]), ...inworldHosts, ...(this.#options.hosts ?? [])];
    return [...new Set(named.map((host) => host.replace(/:443$/, '')))];
  }
}

/** `workspaces/<name>`, with or without more behind it. */
function workspaceOf(resource: string): string | undefined {
  return /^workspaces\/([^/]+)(\/|$)/.exec(resource)?.[1];
}

function uuid(random: RandomToken): string {
  const hex = digestOf(random(22));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
