// What werift gets to see of the datagrams that come to a call's ports. It trusts them too far by itself: any sender's alert in plain text, or a
// record of a type that does not exist, closes its DTLS at any time; a ClientHello in plain text makes it begin anew; a request of STUN that
// nobody signed turns its ICE role round or is answered; and whatever comes counts as received. Here only the caller comes in, by the address
// that it proved to be its own, and once DTLS stands only what DTLS or SRTP can authenticate.
import type { Server } from 'node:net';
import {
  type CandidatePair,
  CandidatePairState,
  classes,
  type DtlsSocket,
  methods,
  parseMessage,
  type Protocol,
  type RTCDtlsTransport,
} from 'werift';

/** Requests of a caller that are answered: browsers send some 20 a second until they are connected. */
const ANSWERED_PER_SECOND = 50;
const MOST_ANSWERED_AT_ONCE = 200;
/** Our own checks of addresses that the caller named: whoever they lead to did not ask for them. */
const CHECKS_PER_SECOND = 20;
const MOST_CHECKS_AT_ONCE = 100;
/** Addresses that are learnt from a caller's requests: one that moves from network to network makes a new one each time. */
const MOST_LEARNT = 64;
/** Connections to a port of a call, where calls may come over TCP. */
const MOST_CONNECTIONS = 16;

/** The first octet says what a datagram is (RFC 7983). */
const FIRST = { stunEnd: 4, dtls: 20, dtlsEnd: 64, media: 128, mediaEnd: 192 } as const;
/** Both zero in a request (RFC 8489, 5). */
const STUN_CLASS_BITS = 0x0110;
/** Types of records (RFC 5246, 6.2.1). */
const RECORD = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
const RECORD_HEADER_BYTES = 13;
const HANDSHAKE_HEADER_BYTES = 12;
const FINISHED = 20;
const FATAL = 2;
const CLOSE_NOTIFY = 0;

type Address = Parameters<Protocol['sendStun']>[1];
/** Where packets enter werift: over UDP, over TCP, and by way of a TURN server. */
const entrances = ['datagramReceived', 'handleFrame', 'handleStunMessage'] as const;
type Entrances = { [name in (typeof entrances)[number]]?: (data: Buffer, from: Address) => void } & { readonly server?: Server };

export class PacketGuard {
  readonly #transport: RTCDtlsTransport;
  readonly #nowMs: () => number;
  readonly #answers = new Allowance(ANSWERED_PER_SECOND, MOST_ANSWERED_AT_ONCE);
  readonly #checksOfCaller = new Allowance(ANSWERED_PER_SECOND, MOST_ANSWERED_AT_ONCE);
  readonly #checksOfNamed = new Allowance(CHECKS_PER_SECOND, MOST_CHECKS_AT_ONCE);

  constructor(transport: RTCDtlsTransport, nowMs: () => number) {
    this.#transport = transport;
    this.#nowMs = nowMs;
  }

  /** Stands at every socket the transport will have; it must not have any yet. */
  stand(): void {
    // Every socket of a connection passes through here before anything is heard from it.
    const connection = this.#connection as unknown as { ensureProtocol(protocol: Protocol): void };
    const adopt = connection.ensureProtocol.bind(connection);
    connection.ensureProtocol = (protocol) => {
      this.#watch(protocol);
      adopt(protocol);
    };
  }

  get #connection() {
    return this.#transport.iceTransport.connection;
  }

  #watch(protocol: Protocol): void {
    const doors = protocol as unknown as Entrances;
    if (doors.server) doors.server.maxConnections = MOST_CONNECTIONS;
    const known = entrances.flatMap((name) => doors[name] ?? []);
    if (known.length === 0) throw new Error('packets enter werift by a way that is not guarded');
    for (const name of entrances) {
      const enter = doors[name]?.bind(protocol);
      if (!enter) continue;
      doors[name] = (data, from) => {
        const admitted = this.#admit(protocol, data, from);
        if (admitted) enter(admitted, from);
      };
    }
    const send = protocol.sendStun.bind(protocol);
    protocol.sendStun = async (message, to) => {
      // What is held back is lost like any other packet, and sent again later.
      if (message.messageClass !== classes.REQUEST || this.#mayCheck(protocol, to)) await send(message, to);
    };
  }

  /** What is checked because the caller asked from there does not wait for what it only named. */
  #mayCheck(protocol: Protocol, to: Address): boolean {
    return (this.#isCaller(protocol, to) ? this.#checksOfCaller : this.#checksOfNamed).take(this.#nowMs());
  }

  /** What of a datagram may enter, if anything. */
  #admit(protocol: Protocol, data: Buffer, from: Address): Buffer | undefined {
    const [first = FIRST.mediaEnd] = data;
    if (first < FIRST.stunEnd) return this.#admitsStun(protocol, data, from) ? data : undefined;
    if (!this.#isCaller(protocol, from)) return undefined;
    if (first >= FIRST.dtls && first < FIRST.dtlsEnd) return this.#admittedRecords(data);
    // Media is authenticated packet by packet (SRTP), and werift drops what is not.
    return first >= FIRST.media && first < FIRST.mediaEnd ? data : undefined;
  }

  /** Whether the address was proved to be the caller's: by a check that it signed, or by its answer to one of ours. */
  #isCaller(protocol: Protocol, from: Address): boolean {
    return this.#connection.candidatePairs.some(
      (pair) => leads(pair, protocol, from) && (pair.requestsReceived > 0 || pair.state === CandidatePairState.SUCCEEDED),
    );
  }

  #admitsStun(protocol: Protocol, data: Buffer, from: Address): boolean {
    const { localUsername, remoteUsername, localPassword, candidatePairs } = this.#connection;
    // Answers are to requests of ours, which werift knows by their ids, and it asks for the signature.
    if (data.length >= 2 && (data.readUInt16BE(0) & STUN_CLASS_BITS) !== 0) return true;
    const request = parseMessage(data, Buffer.from(localPassword, 'utf8'));
    if (request?.messageMethod !== methods.BINDING) return false;
    if (request.getAttributeValue('USERNAME') !== `${localUsername}:${remoteUsername}`) return false;
    const learnt = candidatePairs.filter(({ remoteCandidate }) => remoteCandidate.type === 'prflx').length;
    if (learnt >= MOST_LEARNT && !candidatePairs.some((pair) => leads(pair, protocol, from))) return false;
    return this.#answers.take(this.#nowMs());
  }

  #admittedRecords(data: Buffer): Buffer | undefined {
    const { dtls } = this.#transport;
    if (!dtls) return undefined;
    const admitted: Buffer[] = [];
    for (let at = 0; at + RECORD_HEADER_BYTES <= data.length; ) {
      const end = at + RECORD_HEADER_BYTES + data.readUInt16BE(at + RECORD_HEADER_BYTES - 2);
      if (end > data.length) break;
      const record = data.subarray(at, end);
      if (admitsRecord(dtls, record)) admitted.push(record);
      at = end;
    }
    return admitted.length > 1 ? Buffer.concat(admitted) : admitted[0];
  }
}

/** Whether a pair is the way between a socket of ours and an address. */
function leads(pair: CandidatePair, protocol: Protocol, [host, port]: Address): boolean {
  return pair.protocol === protocol && pair.remoteCandidate.host === host && pair.remoteCandidate.port === port;
}

function admitsRecord(dtls: DtlsSocket, record: Buffer): boolean {
  const encrypted = record.readUInt16BE(3) > 0;
  const fragment = record.subarray(RECORD_HEADER_BYTES);
  const [type = 0] = record;
  switch (type) {
    case RECORD.applicationData:
      // werift drops what it cannot decrypt, and so it does with messages of a handshake that say they are encrypted.
      return true;
    case RECORD.handshake:
      return encrypted || (!dtls.connected && !holdsFinished(fragment));
    case RECORD.changeCipherSpec:
      return !dtls.connected;
    case RECORD.alert:
      // werift believes alerts without decrypting them, so it is told of a goodbye and never sees one.
      if (encrypted && isGoodbye(decrypted(dtls, record))) dtls.onClose.execute();
      return false;
    default:
      return false;
  }
}

/** The last message of a handshake, at which werift takes it for done, is never in plain text. */
function holdsFinished(messages: Buffer): boolean {
  for (let at = 0; at + HANDSHAKE_HEADER_BYTES <= messages.length; ) {
    if (messages[at] === FINISHED) return true;
    at += HANDSHAKE_HEADER_BYTES + messages.readUIntBE(at + HANDSHAKE_HEADER_BYTES - 3, 3);
  }
  return false;
}

function isGoodbye(alert: Buffer | undefined): boolean {
  return alert !== undefined && alert.length >= 2 && (alert[0] === FATAL || alert[1] === CLOSE_NOTIFY);
}

/** Undefined where the record was not made by the other end of this DTLS. */
function decrypted(dtls: DtlsSocket, record: Buffer): Buffer | undefined {
  const [contentType = 0, major = 0, minor = 0] = record;
  const fragment = record.subarray(RECORD_HEADER_BYTES);
  const recordLayerHeader = {
    contentType,
    protocolVersion: { major, minor },
    epoch: record.readUInt16BE(3),
    sequenceNumber: record.readUIntBE(5, 6),
    contentLen: fragment.length,
  };
  try {
    return dtls.cipher.decryptPacket({ recordLayerHeader, fragment } as Parameters<DtlsSocket['cipher']['decryptPacket']>[0]);
  } catch {
    return undefined;
  }
}

/** So many in each second, and more at once after a pause. */
class Allowance {
  readonly #perSecond: number;
  readonly #most: number;
  #left: number;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, most: number) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#left = most;
  }

  take(nowMs: number): boolean {
    this.#left = Math.min(this.#most, this.#left + ((nowMs - this.#atMs) * this.#perSecond) / 1000);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
