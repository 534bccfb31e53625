// The session description in a message's body, by itself or as a part of several (RFC 3261 section 7.4, RFC 2046 section 5.1).
import { unquoted } from './headers.ts';
import type { SipMessage } from './message.ts';

export type Description =
  | { readonly kind: 'none' }
  | { readonly kind: 'sdp'; readonly sdp: string }
  /** A body that we would have to understand and do not: 415 with what we take (section 8.2.3). */
  | { readonly kind: 'unsupported' };

const mostParts = 16;

export function descriptionOf(message: SipMessage): Description {
  const { headers, body } = message;
  if (body.length === 0) return { kind: 'none' };
  const encoding = headers.first('Content-Encoding')?.toLowerCase();
  const ignorable = {
    kind: /;[ \t]*handling[ \t]*=[ \t]*optional/i.test(headers.first('Content-Disposition') ?? '') ? 'none' : 'unsupported',
  } as const;
  if (encoding !== undefined && encoding !== 'identity') return ignorable;
  const type = headers.first('Content-Type') ?? '';
  if (mediaType(type) === 'application/sdp') return { kind: 'sdp', sdp: body.toString('utf8') };
  if (!mediaType(type).startsWith('multipart/')) return ignorable;
  for (const part of partsOf(type, body)) {
    if (mediaType(part.type) === 'application/sdp') return { kind: 'sdp', sdp: part.content };
  }
  return ignorable;
}

/** `type/subtype` in small letters. */
export function mediaType(value: string): string {
  return value.replace(/;.*$/s, '').replace(/[ \t]/g, '').toLowerCase();
}

function partsOf(type: string, body: Buffer): { type: string; content: string }[] {
  const [, boundaryText] = /;[ \t]*boundary[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;]+)/i.exec(type) ?? [];
  if (boundaryText === undefined) return [];
  const pieces = `\r\n${body.toString('utf8')}`.split(`\r\n--${unquoted(boundaryText)}`, mostParts + 1).slice(1);
  return pieces
    .filter((piece) => !piece.startsWith('--'))
    .map((piece) => {
      const text = piece.replace(/^[ \t]*\r\n/, '\r\n');
      const end = text.indexOf('\r\n\r\n');
      const head = end < 0 ? text : text.slice(0, end);
      const [, partType = 'text/plain'] = /\r\n(?:content-type|c)[ \t]*:[ \t]*([^\r\n]*)/i.exec(head) ?? [];
      return { type: partType, content: end < 0 ? '' : `${text.slice(end + 4)}\r\n`.replace(/(\r\n)+$/, '\r\n') };
    });
}
