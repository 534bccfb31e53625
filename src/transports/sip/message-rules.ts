// What every message must have, once, and well formed (RFC 3261 sections 8.1.1 and 20); RFC 4475 has an example of each rule.
import type { HeaderList } from './header-list.ts';
import { type CSeq, type NameAddress, parseCSeq, parseNameAddress, parseVia, type Via } from './headers.ts';

export interface Essentials {
  /** The topmost Via. */
  readonly via: Via;
  readonly from: NameAddress;
  readonly to: NameAddress;
  readonly callId: string;
  readonly cseq: CSeq;
}

/** Headers that say one thing: a second one would leave open which of them holds. */
const single = ['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Length', 'Content-Type'] as const;
const count = /^\d+$/;

/** The headers that routing and matching need, or what is wrong with one of them; its Via where that could be read. */
export function essentialsOf(headers: HeaderList): Essentials | { readonly fault: string; readonly via: Via | undefined } {
  const vias = headers.values('Via').map(parseVia);
  const via = vias[0];
  const fault = (why: string) => ({ fault: why, via });
  for (const name of single) if (headers.all(name).length > 1) return fault(`${name} occurs more than once`);
  if (!via || vias.includes(undefined)) return fault('Via is missing or malformed');
  const callId = headers.first('Call-ID');
  const from = parseNameAddress(headers.first('From') ?? '');
  const to = parseNameAddress(headers.first('To') ?? '');
  const cseq = parseCSeq(headers.first('CSeq') ?? '');
  if (callId === undefined || callId === '' || /\s/.test(callId)) return fault('Call-ID is missing or malformed');
  if (!from) return fault('From is missing or malformed');
  if (!to) return fault('To is missing or malformed');
  if (!cseq) return fault('CSeq is missing or malformed');
  const forwards = headers.first('Max-Forwards');
  if (forwards !== undefined && (!count.test(forwards) || Number(forwards) > 255)) return fault('Max-Forwards is no number from 0 to 255');
  const contacts = headers.values('Contact');
  if (contacts.some((contact) => contact !== '*' && !parseNameAddress(contact))) return fault('Contact is malformed');
  for (const name of ['Route', 'Record-Route']) {
    if (headers.values(name).some((route) => !parseNameAddress(route))) return fault(`${name} is malformed`);
  }
  return { via, from, to, callId, cseq };
}

/** How many bytes the body has, or what is wrong with its Content-Length (RFC 3261 sections 18.3 and 20.14). */
export function faultOfBody(headers: HeaderList, bytes: number, carriage: 'datagram' | 'stream'): number | string {
  const written = headers.first('Content-Length');
  if (written === undefined) return carriage === 'datagram' ? bytes : 0;
  if (!count.test(written)) return 'Content-Length is no number';
  // What a datagram has beyond its body is not looked at.
  return Number(written) > bytes ? 'Content-Length is more than there is' : Number(written);
}
