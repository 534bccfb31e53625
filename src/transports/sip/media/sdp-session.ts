// The offers and answers of one call (RFC 3264, RFC 4568): what is agreed upon, and what is written back. Each answer stands for itself; what
// is refused changes nothing.
import { isIP } from 'node:net';
import type { Direction } from '../../rtp/sdp-lines.ts';
import type { MasterKey, Suite } from '../../rtp/srtp-transform.ts';
import { type CryptoLine, cryptoAttribute, newKey } from './crypto-lines.ts';
import { type CodecName, codecs } from './media-codecs.ts';
import { everyCodec, type MediaHow } from './media-how.ts';
import { eventOf, explained, formatNamed, isAmong, isCodec, isSecure, rejected } from './sdp-formats.ts';
import { type AudioSection, type PayloadFormat, type Place, readDescription, refused } from './sdp-offer.ts';

/** Where this side is. */
export interface LocalPlace {
  readonly address: string;
  readonly port: number;
  readonly rtcpPort: number;
}

/** Payload types of one direction. */
interface Types {
  readonly voice: number;
  readonly event: number | undefined;
}

export interface Agreement {
  readonly codec: CodecName;
  readonly send: Types;
  readonly receive: Types & { readonly noise: number | undefined };
  /** Of the clock that keys of a telephone are counted with. */
  readonly eventRateHz: number;
  readonly place: Place | undefined;
  readonly rtcpPlace: Place | undefined;
  readonly mux: boolean;
  readonly keys: { readonly send: MasterKey; readonly receive: MasterKey } | undefined;
  /** Whether the far side wants to hear anything, and whether what it says is for us: music that is played to who waits is not. */
  readonly speaks: boolean;
  readonly listens: boolean;
  readonly held: boolean;
}

export interface SessionSources {
  /** New bytes that nobody can guess. */
  readonly random: (bytes: number) => Uint8Array;
  /** Of `o=`: a number that no other session of this machine has. */
  readonly id: number;
}

interface Offered {
  readonly profile: string;
  readonly keys: readonly CryptoLine[];
  readonly formats: readonly PayloadFormat[];
}

/** What stands at each place of the description; an offer of ours has but one. */
type Layout = readonly (string | undefined)[];

const offeredSuites: readonly Suite[] = ['AEAD_AES_256_GCM', 'AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'];
const EVENT_TYPE = 101;
const EVENT_48_TYPE = 102;
const OPPOSITE = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' } as const;

export class SdpSession {
  readonly #local: LocalPlace;
  readonly #how: MediaHow;
  readonly #sources: SessionSources;
  #agreement: Agreement | undefined;
  #layout: Layout = [undefined];
  #time = 't=0 0';
  #offered: Offered | undefined;
  #profile: string | undefined;
  #version = 0;
  #written = '';

  constructor(local: LocalPlace, how: MediaHow, sources: SessionSources) {
    this.#local = local;
    this.#how = how;
    this.#sources = sources;
  }

  /** @throws CallError with a status: 400, 415 or 488. */
  answer(offer: string): { readonly sdp: string; readonly agreement: Agreement } {
    const { heads, audio, time } = readDescription(offer);
    const { section, key } = this.#choose(audio);
    const codec = this.#codecOf(section);
    const voice = formatNamed(section, codec) as PayloadFormat;
    const event = eventOf(section, codecs[codec].clockRateHz);
    const noise = codec === 'opus' ? undefined : section.formats.find(({ name, clockRateHz }) => name === 'cn' && clockRateHz === 8000);
    // One codec, and no choice left: far sides that may change it in mid-call do, and some ask again until it is one.
    const types = [voice, ...(event ? [event] : []), ...(noise ? [noise] : [])];
    const ours = key && this.#ownKey(key.suite);
    const agreement = this.#agreed(section, codec, {
      send: { voice: voice.type, event: event?.type },
      receive: { voice: voice.type, event: event?.type, noise: noise?.type },
      eventRateHz: event?.clockRateHz ?? codecs[codec].clockRateHz,
      keys: key && ours && { send: ours, receive: key },
    });
    this.#agreement = agreement;
    this.#profile = section.profile;
    this.#offered = undefined;
    this.#layout = heads.map((head, at) => (at === section.at ? undefined : head));
    this.#time = time;
    const said: Direction = OPPOSITE[section.isNowhere && section.direction === 'sendrecv' ? 'sendonly' : section.direction];
    const lines = this.#audioLines(section.profile, types, codec, key && ours ? [{ ...ours, tag: key.tag }] : [], said, section.mux);
    return { sdp: this.#write(lines), agreement };
  }

  /** What this side would like. */
  offer(): string {
    const secure = this.#agreement ? this.#agreement.keys !== undefined : this.#how.srtp === 'required';
    const formats = this.#offeredFormats();
    const suites: readonly Suite[] = secure ? (this.#agreement?.keys ? [this.#agreement.keys.send.suite] : offeredSuites) : [];
    const keys = suites.map((suite, i) => ({ ...this.#ownKey(suite), tag: i + 1 }));
    // Keys may have come with a profile that says nothing of them.
    const profile = this.#profile ?? (secure ? 'RTP/SAVP' : 'RTP/AVP');
    this.#offered = { profile, keys, formats };
    const lines = this.#audioLines(profile, formats, undefined, keys, 'sendrecv', this.#agreement?.mux ?? true);
    return this.#write(lines);
  }

  /**
   * The answer to the last offer. A call that rings in several places may get several, of which the latest counts.
   * @throws CallError with the status 400 or 488.
   */
  accept(answer: string): Agreement {
    const offered = this.#offered;
    if (!offered) throw refused(400, 'Nothing was offered that could be answered.');
    const { audio } = readDescription(answer);
    const [section] = audio;
    if (!section) throw refused(488, 'The answer refuses the sound.');
    const key = section.keys.find(({ tag, suite }) => offered.keys.some((own) => own.tag === tag && own.suite === suite));
    const own = offered.keys.find(({ tag }) => tag === key?.tag);
    if (section.profile !== offered.profile || (offered.keys.length > 0 && !key)) {
      throw refused(488, 'The answer does not protect the sound as it was offered.');
    }
    const voice = section.formats.find((format) => everyCodec.some((name) => isCodec(format, name)) && isAmong(offered.formats, format));
    const codec = voice && everyCodec.find((name) => isCodec(voice, name));
    if (!voice || !codec) throw refused(488, 'The answer has no codec that was offered.');
    const ours = offered.formats.find((format) => isCodec(format, codec)) as PayloadFormat;
    const event = eventOf(section, codecs[codec].clockRateHz);
    const ownEvent = event && offered.formats.find(({ name, clockRateHz }) => name === event.name && clockRateHz === event.clockRateHz);
    this.#agreement = this.#agreed(section, codec, {
      send: { voice: voice.type, event: ownEvent && event?.type },
      receive: { voice: ours.type, event: ownEvent?.type, noise: undefined },
      eventRateHz: event?.clockRateHz ?? codecs[codec].clockRateHz,
      keys: key && own && { send: own, receive: key },
    });
    this.#profile = offered.profile;
    return this.#agreement;
  }

  /** The first section of sound that can be had, a protected one before others. */
  #choose(audio: readonly AudioSection[]): { section: AudioSection; key: CryptoLine | undefined } {
    const { srtp, secureSignalling, keysInClear = false } = this.#how;
    const readable = audio.filter(({ profile }) => /^RTP\/S?AVPF?$/.test(profile));
    const mayProtect = srtp !== 'off' && (secureSignalling || keysInClear);
    const guarded = mayProtect ? readable.find(({ keys }) => keys.length > 0) : undefined;
    const key = guarded?.keys[0];
    if (guarded) return { section: guarded, key };
    const plain = readable.find((section) => !isSecure(section));
    if (plain && srtp !== 'required') return { section: plain, key: undefined };
    const [first] = audio;
    if (!first) throw refused(488, 'The offer has no sound.');
    if (readable.length === 0) throw refused(488, `Sound over ${first.profile} is not carried here.`);
    if (srtp === 'off') throw refused(488, 'Encrypted sound is not wanted here.');
    if (!readable.some(({ hadKeys }) => hadKeys)) {
      throw refused(488, plain ? 'Sound has to be encrypted here.' : 'The offer of encrypted sound has no key (a=crypto).');
    }
    throw refused(488, mayProtect ? 'No key of the offer can be used.' : 'Keys are not taken over signalling that is not encrypted.');
  }

  #codecOf(section: AudioSection): CodecName {
    const wanted = this.#how.codecs ?? everyCodec;
    for (const format of section.formats) {
      const codec = wanted.find((name) => isCodec(format, name));
      if (codec) return codec;
    }
    throw refused(488, `The offer has no codec of ${wanted.join(', ')}.`);
  }

  #agreed(section: AudioSection, codec: CodecName, more: Pick<Agreement, 'send' | 'receive' | 'eventRateHz' | 'keys'>): Agreement {
    const { direction, isNowhere } = section;
    const isQuiet = direction === 'inactive' || isNowhere;
    // Who only ever sends is no telephone on hold; who sends only from now on plays music to whoever waits.
    const held = isQuiet || (direction === 'sendonly' && this.#agreement !== undefined);
    return {
      codec,
      ...more,
      place: section.place,
      rtcpPlace: section.rtcpPlace,
      mux: section.mux,
      speaks: !isQuiet && direction !== 'sendonly',
      listens: !held && direction !== 'recvonly',
      held,
    };
  }

  /** The key of this side stays the same as long as its suite does, so that packets under way can be read. */
  #ownKey(suite: Suite): MasterKey {
    const before = this.#agreement?.keys?.send;
    return before?.suite === suite ? before : newKey(suite, this.#sources.random);
  }

  /** Payload types that were agreed upon keep their meaning (RFC 3264, 8.3.2). */
  #offeredFormats(): PayloadFormat[] {
    const agreed = this.#agreement;
    const wanted = this.#how.codecs ?? everyCodec;
    const names = agreed ? [agreed.codec, ...wanted.filter((name) => name !== agreed.codec)] : wanted;
    const voices = names.map((name) => ({
      type: name === agreed?.codec ? agreed.receive.voice : codecs[name].type,
      name: name.toLowerCase(),
      clockRateHz: codecs[name].clockRateHz,
    }));
    const rates = [...new Set(voices.map(({ clockRateHz }) => clockRateHz))].sort((a, b) => a - b);
    const events = rates.map((clockRateHz) => ({
      type: clockRateHz === agreed?.eventRateHz ? (agreed.receive.event ?? EVENT_TYPE) : clockRateHz === 8000 ? EVENT_TYPE : EVENT_48_TYPE,
      name: 'telephone-event',
      clockRateHz,
    }));
    // A number that is taken already goes to nobody else.
    const all = [...voices, ...events];
    return all.filter(({ type }, i) => all.findIndex((other) => other.type === type) === i);
  }

  #audioLines(
    profile: string,
    formats: readonly PayloadFormat[],
    chosen: CodecName | undefined,
    keys: readonly CryptoLine[],
    direction: Direction,
    mux: boolean,
  ): string[] {
    const { port, rtcpPort } = this.#local;
    return [
      `m=audio ${port} ${profile} ${formats.map(({ type }) => type).join(' ')}`,
      ...formats.flatMap((format) => explained(format)),
      'a=ptime:20',
      ...(mux && chosen !== undefined ? [`a=rtcp:${port}`] : rtcpPort === port + 1 ? [] : [`a=rtcp:${rtcpPort}`]),
      ...(mux ? ['a=rtcp-mux'] : []),
      ...keys.map(cryptoAttribute),
      `a=${direction}`,
    ];
  }

  #write(audio: readonly string[]): string {
    const { address } = this.#local;
    const family = isIP(address) === 6 ? 'IP6' : 'IP4';
    const sections = this.#layout.flatMap((head) => (head === undefined ? audio : [rejected(head)]));
    const body = ['s=-', `c=IN ${family} ${address}`, this.#time, ...sections].map((line) => `${line}\r\n`).join('');
    // RFC 3264, 8: one more for each change, and none for the same again.
    if (body !== this.#written) this.#version++;
    this.#written = body;
    return `v=0\r\no=- ${this.#sources.id} ${this.#version} IN ${family} ${address}\r\n${body}`;
  }
}
