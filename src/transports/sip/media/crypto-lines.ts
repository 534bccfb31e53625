// Keys of SRTP as SDP carries them (RFC 4568): `a=crypto:<tag> <suite> inline:<key and salt>`. A line with something that is not done here
// (a key identifier, a session parameter that changes the packets) is as good as one with an unknown suite.
import { type MasterKey, masterLengths, type Suite, suites } from '../../rtp/srtp-transform.ts';

export interface CryptoLine extends MasterKey {
  readonly tag: number;
}

/** The values of attributes as keys, in their order; what cannot be used is left out. */
export function readCryptoLines(values: readonly string[]): CryptoLine[] {
  return values.flatMap((value) => readCryptoLine(value) ?? []);
}

function readCryptoLine(value: string): CryptoLine | undefined {
  const [tag = '', name = '', parameters = '', ...session] = value.split(/\s+/);
  const suite = suites.find((suite) => suite === name.toUpperCase());
  // A hint on how far packets may be out of order asks for nothing.
  const asks = session.some((parameter) => !/^WSH=\d+$/i.test(parameter));
  if (!suite || asks || !/^\d{1,9}$/.test(tag)) return undefined;
  const [, inline = '', rest = ''] = /^inline:([A-Za-z0-9+/]+=*)((?:\|[^;]*)?)$/i.exec(parameters) ?? [];
  // A lifetime is longer than any call; a colon stands in a key identifier, which would be in each packet.
  if (inline === '' || rest.includes(':')) return undefined;
  const bytes = Buffer.from(inline, 'base64');
  const lengths = masterLengths(suite);
  if (bytes.length !== lengths.key + lengths.salt) return undefined;
  return { tag: Number(tag), suite, key: bytes.subarray(0, lengths.key), salt: bytes.subarray(lengths.key) };
}

export function cryptoAttribute({ tag, suite, key, salt }: CryptoLine): string {
  return `a=crypto:${tag} ${suite} inline:${Buffer.concat([key, salt]).toString('base64')}`;
}

/** @param random new bytes that nobody can guess. */
export function newKey(suite: Suite, random: (bytes: number) => Uint8Array): MasterKey {
  const lengths = masterLengths(suite);
  const bytes = random(lengths.key + lengths.salt);
  return { suite, key: bytes.subarray(0, lengths.key), salt: bytes.subarray(lengths.key) };
}

export function isSameKey(a: MasterKey | undefined, b: MasterKey | undefined): boolean {
  if (!a || !b) return a === b;
  return a.suite === b.suite && Buffer.compare(a.key, b.key) === 0 && Buffer.compare(a.salt, b.salt) === 0;
}
