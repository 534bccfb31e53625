// Whether the other end of a DTLS handshake holds the key of the certificate it has shown. werift compares the certificate with the fingerprint of
// the offer and leaves it at that; but a certificate is no secret, and whoever sits on the way could show the caller's and talk in its stead.
import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import { DtlsClient, type DtlsSocket, type RTCDtlsTransport } from 'werift';

/** Types of messages of a handshake (RFC 5246, 7.4). */
const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_VERIFY = 15;
/** Hashes by the numbers of TLS 1.2. */
const hashes: Readonly<Record<number, string>> = { 4: 'sha256', 5: 'sha384', 6: 'sha512' };

/** From now on the transport is not connected before the other end has given the proof. */
export function demandProof(transport: RTCDtlsTransport): void {
  const checked = transport as unknown as { verifyRemoteCertificateFingerprint(): void };
  const compare = checked.verifyRemoteCertificateFingerprint.bind(checked);
  checked.verifyRemoteCertificateFingerprint = () => {
    compare();
    const { dtls } = transport;
    if (!dtls || !isProved(dtls)) throw new Error('the other end does not hold the key of its certificate');
  };
}

function isProved(dtls: DtlsSocket): boolean {
  const { remoteCertificate } = dtls;
  if (!remoteCertificate) return false;
  const key = new X509Certificate(remoteCertificate).publicKey;
  return dtls instanceof DtlsClient ? keyExchangeIsSigned(dtls, key) : handshakeIsSigned(dtls, key);
}

/** RFC 8422, 5.4: a server signs both random numbers and its half of the key exchange, which must be the half that was used. */
function keyExchangeIsSigned({ dtls, cipher }: DtlsSocket, key: KeyObject): boolean {
  const exchange = dtls.sortedHandshakeCache.find(({ msg_type }) => msg_type === SERVER_KEY_EXCHANGE)?.fragment;
  const half = cipher.remoteKeyPair.publicKey;
  if (!exchange || !half) return false;
  const parametersEnd = 4 + (exchange[3] ?? 0);
  if (!exchange.subarray(4, parametersEnd).equals(half)) return false;
  const signed = [cipher.localRandom.serialize(), cipher.remoteRandom.serialize(), exchange.subarray(0, parametersEnd)];
  return isSigned(Buffer.concat(signed), exchange.subarray(parametersEnd), key);
}

/** RFC 5246, 7.4.8: a client signs all messages there were until then. */
function handshakeIsSigned({ dtls }: DtlsSocket, key: KeyObject): boolean {
  const messages = dtls.sortedHandshakeCache;
  const end = messages.findIndex(({ msg_type }) => msg_type === CERTIFICATE_VERIFY);
  const proof = messages[end]?.fragment;
  if (!proof) return false;
  return isSigned(Buffer.concat(messages.slice(0, end).map((message) => message.serialize())), proof, key);
}

/** `proof` is the number of the hash, that of the kind of signature, the length of the signature, and the signature. */
function isSigned(content: Buffer, proof: Buffer, key: KeyObject): boolean {
  const hash = hashes[proof[0] ?? 0];
  if (hash === undefined || proof.length < 4) return false;
  const signature = proof.subarray(4, 4 + proof.readUInt16BE(2));
  return verify(hash, content, key, signature);
}
