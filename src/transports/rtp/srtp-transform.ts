// The ciphers of SRTP: how keys come from the master key, and how one packet is sealed and opened with its index known (RFC 3711, 4; RFC 7714).
import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { writeU16, writeU32 } from './packet.ts';

export const suites = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32', 'AEAD_AES_128_GCM', 'AEAD_AES_256_GCM'] as const;
export type Suite = (typeof suites)[number];

/** The lengths of a suite's master key and master salt in bytes. */
export function masterLengths(suite: Suite): { readonly key: number; readonly salt: number } {
  return { key: suite === 'AEAD_AES_256_GCM' ? 32 : 16, salt: isGcm(suite) ? 12 : 14 };
}

export interface MasterKey {
  readonly suite: Suite;
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}

export interface SessionKeys {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  /** Of no use to AES-GCM. */
  readonly authentication: Uint8Array;
}

export interface Transform {
  /** Bytes that a sealed packet has more than a plain one, a trailer's not counted. */
  readonly tagBytes: number;
  /** How many of these stand behind the trailer. */
  readonly tagAfterTrailer: number;
  /** `start` is where the part to be encrypted begins; `trailer` is what RTCP has after it. */
  seal(packet: Uint8Array, start: number, ssrc: number, index: number, trailer?: Uint8Array): Uint8Array;
  /** Undefined when it was not sealed with these keys. */
  open(packet: Uint8Array, start: number, ssrc: number, index: number, trailerAt?: number): Uint8Array | undefined;
}

const BLOCK = 16;
const AUTHENTICATION_KEY_BYTES = 20;
const CM_SALT_BYTES = 14;
const GCM_TAG_BYTES = 16;
const NOTHING = new Uint8Array(0);

function isGcm(suite: Suite): boolean {
  return suite.startsWith('AEAD');
}

export function deriveKeys({ suite, key, salt }: MasterKey): { readonly rtp: SessionKeys; readonly rtcp: SessionKeys } {
  const lengths = masterLengths(suite);
  const keysFrom = (label: number): SessionKeys => ({
    key: derive(key, salt, label, lengths.key),
    authentication: derive(key, salt, label + 1, AUTHENTICATION_KEY_BYTES),
    salt: derive(key, salt, label + 2, lengths.salt),
  });
  return { rtp: keysFrom(0), rtcp: keysFrom(3) };
}

/** RFC 3711, 4.3.3, without a derivation rate. A short salt has zeros behind it (RFC 7714, 11). */
function derive(key: Uint8Array, salt: Uint8Array, label: number, length: number): Uint8Array {
  const counter = new Uint8Array(BLOCK);
  counter.set(salt);
  counter[7] = (counter[7] as number) ^ label;
  return createCipheriv(key.length === 32 ? 'aes-256-ctr' : 'aes-128-ctr', key, counter).update(new Uint8Array(length));
}

export function createTransform(suite: Suite, of: 'rtp' | 'rtcp', keys: SessionKeys): Transform {
  if (isGcm(suite)) return new GcmTransform(keys);
  // Only packets of sound have short tags (RFC 4568, 6.2.2).
  return new CounterTransform(of, keys, suite === 'AES_CM_128_HMAC_SHA1_32' && of === 'rtp' ? 4 : 10);
}

class CounterTransform implements Transform {
  readonly tagBytes: number;
  readonly tagAfterTrailer: number;
  readonly #of: 'rtp' | 'rtcp';
  readonly #key: KeyObject;
  readonly #authentication: KeyObject;
  readonly #salt: Uint8Array;
  readonly #rollovers = new Uint8Array(4);

  constructor(of: 'rtp' | 'rtcp', keys: SessionKeys, tagBytes: number) {
    this.#of = of;
    this.#key = createSecretKey(keys.key);
    this.#authentication = createSecretKey(keys.authentication);
    this.#salt = keys.salt;
    this.tagBytes = tagBytes;
    this.tagAfterTrailer = tagBytes;
  }

  seal(packet: Uint8Array, start: number, ssrc: number, index: number, trailer = NOTHING): Uint8Array {
    const sealed = new Uint8Array(packet.length + trailer.length + this.tagBytes);
    sealed.set(packet.subarray(0, start));
    sealed.set(this.#crypt(packet.subarray(start), ssrc, index), start);
    sealed.set(trailer, packet.length);
    const end = sealed.length - this.tagBytes;
    sealed.set(this.#tag(sealed.subarray(0, end), index), end);
    return sealed;
  }

  open(packet: Uint8Array, start: number, ssrc: number, index: number, trailerAt?: number): Uint8Array | undefined {
    const end = packet.length - this.tagBytes;
    if (!timingSafeEqual(this.#tag(packet.subarray(0, end), index), packet.subarray(end))) return undefined;
    const opened = new Uint8Array(trailerAt ?? end);
    opened.set(packet.subarray(0, start));
    opened.set(this.#crypt(packet.subarray(start, opened.length), ssrc, index), start);
    return opened;
  }

  #crypt(bytes: Uint8Array, ssrc: number, index: number): Uint8Array {
    const counter = new Uint8Array(BLOCK);
    writeU32(counter, 4, ssrc);
    writeU48(counter, 8, index);
    for (let i = 0; i < CM_SALT_BYTES; i++) counter[i] = (counter[i] as number) ^ (this.#salt[i] as number);
    return createCipheriv('aes-128-ctr', this.#key, counter).update(bytes);
  }

  #tag(bytes: Uint8Array, index: number): Uint8Array {
    const hmac = createHmac('sha1', this.#authentication).update(bytes);
    if (this.#of === 'rtp') {
      writeU32(this.#rollovers, 0, Math.floor(index / 0x1_0000));
      hmac.update(this.#rollovers);
    }
    return hmac.digest().subarray(0, this.tagBytes);
  }
}

class GcmTransform implements Transform {
  readonly tagBytes = GCM_TAG_BYTES;
  readonly tagAfterTrailer = 0;
  readonly #cipher: CipherGCMTypes;
  readonly #key: KeyObject;
  readonly #salt: Uint8Array;

  constructor(keys: SessionKeys) {
    this.#cipher = keys.key.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm';
    this.#key = createSecretKey(keys.key);
    this.#salt = keys.salt;
  }

  seal(packet: Uint8Array, start: number, ssrc: number, index: number, trailer = NOTHING): Uint8Array {
    const cipher = createCipheriv(this.#cipher, this.#key, this.#nonce(ssrc, index));
    cipher.setAAD(joined([packet.subarray(0, start), trailer]));
    const encrypted = cipher.update(packet.subarray(start));
    cipher.final();
    return joined([packet.subarray(0, start), encrypted, cipher.getAuthTag(), trailer]);
  }

  open(packet: Uint8Array, start: number, ssrc: number, index: number, trailerAt = packet.length): Uint8Array | undefined {
    const end = trailerAt - GCM_TAG_BYTES;
    if (end < start) return undefined;
    const decipher = createDecipheriv(this.#cipher, this.#key, this.#nonce(ssrc, index), { authTagLength: GCM_TAG_BYTES });
    decipher.setAAD(joined([packet.subarray(0, start), packet.subarray(trailerAt)]));
    decipher.setAuthTag(packet.subarray(end, trailerAt));
    const opened = decipher.update(packet.subarray(start, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return joined([packet.subarray(0, start), opened]);
  }

  /** RFC 7714, 8.1 and 9.1: the same bytes for both kinds, since an index of RTCP has 31 bits. */
  #nonce(ssrc: number, index: number): Uint8Array {
    const nonce = new Uint8Array(12);
    writeU32(nonce, 2, ssrc);
    writeU48(nonce, 6, index);
    for (let i = 0; i < nonce.length; i++) nonce[i] = (nonce[i] as number) ^ (this.#salt[i] as number);
    return nonce;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function writeU48(bytes: Uint8Array, at: number, value: number): void {
  writeU16(bytes, at, Math.floor(value / 2 ** 32));
  writeU32(bytes, at + 2, value % 2 ** 32);
}
