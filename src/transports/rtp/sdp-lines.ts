// A session description (RFC 8866) as lines: cut into its sections, and what a section's own lines say. It decides nothing.

/** Lines without their ends; of a media section the first is its `m=` line. */
export type Lines = readonly string[];

export interface Description {
  readonly session: Lines;
  readonly sections: readonly Lines[];
}

/** `m=<kind> <port> <profile> <formats>`. */
export interface MediaLine {
  readonly kind: string;
  readonly port: number;
  readonly profile: string;
  readonly formats: readonly string[];
}

/** Line ends of every system are read, and what stands around a line is not part of it. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

export function joined(lines: Lines): string {
  return lines.map((line) => `${line}\r\n`).join('');
}

export function cut(lines: Lines): Description {
  const session: string[] = [];
  const sections: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([line]);
    else (sections.at(-1) ?? session).push(line);
  }
  return { session, sections };
}

export function mediaLine([head = '']: Lines): MediaLine {
  const [kind = '', port = '', profile = '', ...formats] = head.slice('m='.length).split(/\s+/);
  return { kind, port: Number.parseInt(port, 10), profile, formats };
}

/** The values of an attribute, in order: of `a=<name>:<value>`. */
export function values(lines: Lines, name: string): string[] {
  const start = `a=${name}:`;
  return lines.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length).trim());
}

export function has(lines: Lines, flag: string): boolean {
  return lines.includes(`a=${flag}`);
}

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export function directionOf(lines: Lines): Direction | undefined {
  return (['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const).find((direction) => has(lines, direction));
}

export interface Codec {
  readonly type: string;
  /** As it is written: `opus/48000/2`. */
  readonly name: string;
}

/** What a section offers, in the order of its `m=` line: payload types that stand there and are explained below it. */
export function codecs(section: Lines): Codec[] {
  const named = new Map(values(section, 'rtpmap').map((value): [string, string] => value.split(/\s+/, 2) as [string, string]));
  return mediaLine(section).formats.flatMap((type) => {
    // A payload type is a number of seven bits; another word says nothing that is asked for here.
    const name = /^\d{1,3}$/.test(type) ? named.get(type) : undefined;
    return name === undefined ? [] : [{ type, name }];
  });
}

/**
 * The first Opus. RFC 7587 has it written `opus/48000/2` whatever the sound is; some write the rate and the channels of their microphone
 * instead, and mean the same.
 */
export function opusOf(section: Lines): Codec | undefined {
  const all = codecs(section).filter(({ name }) => /^opus\/\d+(\/\d+)?$/i.test(name));
  return all.find(({ name }) => /^opus\/48000\/2$/i.test(name)) ?? all[0];
}
