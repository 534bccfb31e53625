// The values of the headers that decide something: Via, From, To, Contact, CSeq and what looks like them (RFC 3261 sections 20 and 25).
import { type Parameters, hostPort, parseUri, type Uri } from './uri.ts';

export interface NameAddress {
  /** Without quotes and their escapes; empty where there is none. */
  readonly display: string;
  readonly uri: Uri;
  /** The URI as it was written. */
  readonly uriText: string;
  readonly parameters: Parameters;
}

export interface Via {
  /** In small letters: `udp`, `tcp`, `tls`, or one that we do not speak. */
  readonly transport: string;
  readonly host: string;
  readonly port?: number;
  readonly parameters: Parameters;
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** RFC 3261 section 25.1: what methods, header names and most parameters are made of. */
export const token = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

const parameterAt = /[ \t]*;[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)(?:[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[A-Za-z0-9\-.!%*_+`'~[\]:/@$&()^{}|#?]+))?/sy;
const displayAndUri = /^[ \t]*(?:("(?:[^"\\]|\\.)*")[ \t]*|([A-Za-z0-9\-.!%*_+`'~ \t]*))<([^<>]*)>/s;
const viaStart =
  /^[ \t]*SIP[ \t]*\/[ \t]*\d\.\d[ \t]*\/[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]+(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)[ \t]*(?::[ \t]*(\d{1,5}))?/i;

/** `;name=value` pairs up to the end of the text, or nothing where something else is among them. Linear in the text. */
export function parseParameters(text: string): Map<string, string | undefined> | undefined {
  const map = new Map<string, string | undefined>();
  let at = 0;
  while (at < text.length) {
    parameterAt.lastIndex = at;
    const found = parameterAt.exec(text);
    if (!found) return text.slice(at).trim() === '' ? map : undefined;
    map.set((found[1] as string).toLowerCase(), found[2]);
    at = parameterAt.lastIndex;
  }
  return map;
}

/** `"Name" <uri>;tag=x` or `uri;tag=x` (RFC 3261 section 20.10: without brackets, parameters are the header's). */
export function parseNameAddress(value: string): NameAddress | undefined {
  const bracketed = displayAndUri.exec(value);
  if (bracketed) {
    const uriText = bracketed[3] as string;
    const uri = parseUri(uriText);
    const parameters = parseParameters(value.slice(bracketed[0].length));
    const display = bracketed[1] === undefined ? (bracketed[2] ?? '').trim() : unquoted(bracketed[1]);
    return uri && parameters ? { display, uri, uriText, parameters } : undefined;
  }
  const bare = value.trim();
  const semicolon = bare.indexOf(';');
  const uriText = (semicolon < 0 ? bare : bare.slice(0, semicolon)).trimEnd();
  // A question mark or comma would belong to a URI only within brackets.
  if (/[?,<>" \t]/.test(uriText)) return undefined;
  const uri = parseUri(uriText);
  const parameters = parseParameters(semicolon < 0 ? '' : bare.slice(semicolon));
  return uri && parameters ? { display: '', uri, uriText, parameters } : undefined;
}

export function parseVia(value: string): Via | undefined {
  const found = viaStart.exec(value);
  if (!found) return undefined;
  const parameters = parseParameters(value.slice(found[0].length));
  const port = found[3] === undefined ? undefined : Number(found[3]);
  if (!parameters || (port !== undefined && (port === 0 || port > 65_535))) return undefined;
  return {
    transport: (found[1] as string).toLowerCase(),
    host: (found[2] as string).replace(/^\[|\]$/g, '').toLowerCase(),
    parameters,
    ...(port === undefined ? {} : { port }),
  };
}

export function writeVia(via: Via): string {
  return `SIP/2.0/${via.transport.toUpperCase()} ${hostPort(via.host, via.port)}${writeParameters(via.parameters)}`;
}

export function writeParameters(parameters: Parameters): string {
  let text = '';
  for (const [name, value] of parameters) text += value === undefined ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** The number is less than 2^31 (RFC 3261 section 8.1.1.5). */
export function parseCSeq(value: string): CSeq | undefined {
  const [, digits, method] = /^[ \t]*(\d{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*$/.exec(value) ?? [];
  const number = Number(digits);
  return method === undefined || number >= 2 ** 31 ? undefined : { number, method };
}

/** A quoted string as what it says; any other text as it is. */
export function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text;
}

export function quoted(text: string): string {
  return `"${text.replace(/[\r\n]/g, ' ').replace(/["\\]/g, '\\$&')}"`;
}

/** Whole seconds or another count that is written as digits, and never more than `most`; nothing where the value is no number. */
export function parseCount(value: string | undefined, most = 2 ** 32 - 1): number | undefined {
  const [, digits] = /^[ \t]*(\d+)/.exec(value ?? '') ?? [];
  return digits === undefined ? undefined : Math.min(most, Number(digits));
}

/** One parameter of a value such as `refer;id=7`. */
export function parameterOf(value: string, name: string): string | undefined {
  const semicolon = value.indexOf(';');
  return semicolon < 0 ? undefined : parseParameters(value.slice(semicolon))?.get(name);
}
