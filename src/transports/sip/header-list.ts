// The headers of one message: in their order, with their duplicates, compact names written out (RFC 3261 section 7.3).

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** RFC 3261 section 7.3.3 and the registry of later RFCs. */
const compactNames: Readonly<Record<string, string>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  d: 'Request-Disposition',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  j: 'Reject-Contact',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  n: 'Identity-Info',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
  y: 'Identity',
};

const knownNames = new Map<string, string>(
  [
    ...Object.values(compactNames),
    'Accept',
    'Allow',
    'Authorization',
    'CSeq',
    'Content-Disposition',
    'Date',
    'Expires',
    'Info-Package',
    'Max-Forwards',
    'Min-Expires',
    'Min-SE',
    'Proxy-Authenticate',
    'Proxy-Authorization',
    'Proxy-Require',
    'RAck',
    'RSeq',
    'Reason',
    'Record-Route',
    'Recv-Info',
    'Refer-Sub',
    'Replaces',
    'Require',
    'Retry-After',
    'Route',
    'Service-Route',
    'Subscription-State',
    'Timestamp',
    'Unsupported',
    'User-Agent',
    'WWW-Authenticate',
  ].map((name) => [name.toLowerCase(), name]),
);
for (const [compact, name] of Object.entries(compactNames)) knownNames.set(compact, name);

/** The name as this house writes it: known ones in their usual spelling, others as they came. */
export function headerName(written: string): string {
  return knownNames.get(written.toLowerCase()) ?? written;
}

/** Pieces between commas that are outside of quotes and angle brackets. One pass, whatever the text. */
export function splitList(value: string): string[] {
  if (!value.includes(',')) return [value];
  const pieces: string[] = [];
  let from = 0;
  let quoted = false;
  let bracketed = false;
  for (let at = 0; at < value.length; at++) {
    const character = value[at];
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '<') bracketed = true;
    else if (character === '>') bracketed = false;
    else if (character === ',' && !bracketed) {
      pieces.push(value.slice(from, at).trim());
      from = at + 1;
    }
  }
  pieces.push(value.slice(from).trim());
  return pieces;
}

export class HeaderList implements Iterable<Header> {
  #headers: Header[];

  constructor(headers: readonly Header[] = []) {
    this.#headers = [...headers];
  }

  [Symbol.iterator](): Iterator<Header> {
    return this.#headers[Symbol.iterator]();
  }

  get size(): number {
    return this.#headers.length;
  }

  /** The first of that name; names are those that `headerName` gives. */
  first(name: string): string | undefined {
    for (const header of this.#headers) if (header.name === name) return header.value;
    return undefined;
  }

  /** All of that name, one for each line. */
  all(name: string): string[] {
    return this.#headers.filter((header) => header.name === name).map(({ value }) => value);
  }

  /** All values of that name: each line split at its commas (RFC 3261 section 7.3.1). */
  values(name: string): string[] {
    return this.all(name)
      .flatMap(splitList)
      .filter((value) => value !== '');
  }

  /** Whether a header that lists tokens (Require, Supported, Allow) has this one. */
  lists(name: string, token: string): boolean {
    return this.values(name).some((value) => value.toLowerCase() === token.toLowerCase());
  }

  add(name: string, value: string): this {
    this.#headers.push({ name, value });
    return this;
  }

  /** Puts it in front of all others, where a new Via belongs. */
  prepend(name: string, value: string): this {
    this.#headers.unshift({ name, value });
    return this;
  }

  /** Replaces the first of that name and drops the others; adds it where there was none. */
  set(name: string, value: string): this {
    const at = this.#headers.findIndex((header) => header.name === name);
    if (at < 0) return this.add(name, value);
    this.#headers = this.#headers.filter((header, index) => index <= at || header.name !== name);
    this.#headers[at] = { name, value };
    return this;
  }

  /** Replaces only the first of that name. */
  setFirst(name: string, value: string): this {
    const at = this.#headers.findIndex((header) => header.name === name);
    if (at >= 0) this.#headers[at] = { name, value };
    return this;
  }

  remove(name: string): this {
    this.#headers = this.#headers.filter((header) => header.name !== name);
    return this;
  }

  copy(): HeaderList {
    return new HeaderList(this.#headers);
  }
}
