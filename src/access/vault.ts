// The master key and what is made of it: one key that encrypts secrets at rest, another that signs tokens, a third that names what must not
// be told. It refuses to guess: a box that does not open is an error, never an empty secret.
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { keepFile, openFolder, SetupError } from '../lib/own-file.ts';

/** `length` characters of [0-9A-Za-z], unguessable: `randomToken` of lib/ids, or a test's own. */
export type RandomToken = (length: number) => string;

export const leastMasterKeyCharacters = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** 256 bits for a purpose; one purpose's key says nothing about another's. */
function derive(masterKey: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, 'parley', purpose, 32));
}

export class Vault {
  readonly #sealingKey: Buffer;
  readonly #namingKey: Buffer;
  readonly #random: RandomToken;
  /** Signs and checks tokens (HS256). */
  readonly tokenKey: Uint8Array;

  constructor(masterKey: string, random: RandomToken) {
    this.#sealingKey = derive(masterKey, 'secrets at rest');
    this.#namingKey = derive(masterKey, 'names');
    this.tokenKey = derive(masterKey, 'tokens');
    this.#random = random;
  }

  /**
   * 16 hex digits that stand for the text in logs and tokens: always the same ones, and without the master key of no use to whoever would guess
   * the text. `kind` keeps apart what is named for different ends.
   */
  nameOf(text: string, kind: string): string {
    return createHmac('sha256', this.#namingKey).update(`${kind}\0${text}`).digest('hex').slice(0, 16);
  }

  /** AES-256-GCM. `label` says whose text it is; a box moved to another's row does not open there. */
  seal(text: string, label: string): string {
    // Hashed down from 256 bits of chance to the 96 that GCM takes.
    const nonce = createHash('sha256').update(this.#random(43)).digest().subarray(0, nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#sealingKey, nonce).setAAD(Buffer.from(label));
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /** @throws when the box was sealed with another master key, for another label, or was changed. */
  open(sealed: string, label: string): string {
    const box = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#sealingKey, box.subarray(0, nonceBytes), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(label)).setAuthTag(box.subarray(-tagBytes));
      return decipher.update(box.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new Error(`What is stored for ${label} cannot be decrypted: the master key is not the one it was made with.`, { cause });
    }
  }
}

/**
 * The master key: the configured one, else that of the data directory, made (mode 0600) when there is none.
 * @throws when it is too short to be one, and SetupError when its file can be neither read nor made.
 */
export function masterKey(dataDir: string, configured: string | undefined, random: RandomToken): string {
  if (configured !== undefined) return checked(configured, 'PARLEY_MASTER_KEY');
  const path = join(dataDir, 'master-key');
  if (!existsSync(path)) openFolder(dataDir, 'PARLEY_DATA_DIR');
  return checked(keepFile(path, () => random(43)).text, path);
}

function checked(key: string, where: string): string {
  if (key.length < leastMasterKeyCharacters) {
    throw new SetupError(`The master key in ${where} is too short: it must have at least ${leastMasterKeyCharacters} random characters.`);
  }
  return key;
}
