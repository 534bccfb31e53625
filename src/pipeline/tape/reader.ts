// A tape as it is read back: its header and its lines, each with its number, and whether it came to its end.
import { isRecord } from '../../protocol/json.ts';
import { type TapeHeader, tapeFormat, type TapeLine } from './format.ts';

/** The tape cannot be read. The message is a sentence for people, and names the line. */
export class TapeError extends Error {
  override readonly name = 'TapeError';
  readonly line: number;

  constructor(line: number, why: string) {
    super(`Line ${line} of the tape ${why}.`);
    this.line = line;
  }
}

export interface NumberedLine {
  readonly number: number;
  readonly line: TapeLine;
}

/** `broken`: it has no end, because whoever wrote it was ended first; `cut`: more happened than could be written. */
export type TapeEnd = 'over' | 'cut' | 'broken';

export interface TapeText {
  readonly header: TapeHeader;
  readonly end: TapeEnd;
  /** In their order. @throws TapeError naming the line that cannot be read. */
  lines(): Generator<NumberedLine>;
}

/** @throws TapeError when it has no header that is known here. */
export function readTape(text: string): TapeText {
  const rows = text.split('\n');
  // A line that is not whole is the last one of a process that was ended in it.
  rows.pop();
  const header = parsed(rows[0] ?? '', 1);
  if (typeof header.tape !== 'number' || !isRecord(header.birth) || typeof header.startUs !== 'number')
    throw new TapeError(1, 'is no header of a tape');
  if (header.tape !== tapeFormat) throw new TapeError(1, unknownFormat(header.tape, header.parley));
  const end = rows.length > 1 ? parsed(rows.at(-1) ?? '', rows.length).end : undefined;
  return {
    header: header as unknown as TapeHeader,
    end: end === 'over' || end === 'cut' ? end : 'broken',
    *lines() {
      for (const [index, row] of rows.entries()) if (index > 0) yield { number: index + 1, line: lineOf(row, index + 1) };
    },
  };
}

/** Facts of another format have other names: a session of today would not know them. */
function unknownFormat(format: number, version: unknown): string {
  const who = typeof version === 'string' ? ` (Parley ${version})` : '';
  return `says that the tape is of format ${format}; this version plays format ${tapeFormat} only, and the version that wrote it${who} plays it`;
}

function parsed(row: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(row);
    if (isRecord(value)) return value;
  } catch {
    // Told below.
  }
  throw new TapeError(number, 'is no JSON object');
}

function lineOf(row: string, number: number): TapeLine {
  const line = parsed(row, number);
  if (Array.isArray(line.heard)) {
    if (line.heard.length % 3 === 0 && line.heard.every((each) => typeof each === 'number')) return line as unknown as TapeLine;
  } else if (typeof line.us === 'number') {
    if (Array.isArray(line.opened) || typeof line.sound === 'number' || typeof line.end === 'string') return line as unknown as TapeLine;
    const { fact, effects = [] } = line;
    if (isRecord(fact) && typeof fact.kind === 'string' && Array.isArray(effects)) return line as unknown as TapeLine;
  }
  throw new TapeError(number, 'is of no kind that is known');
}
