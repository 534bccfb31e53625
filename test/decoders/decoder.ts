// What a decoder is: a program in some language that reads events with the types of an SDK and tells which of them it cannot.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Spoken } from './recorded.ts';

export const repository = resolve(import.meta.dirname, '../..');
/** What the decoders are built of and into; kept, so that the next run need not. */
export const buildFolder = join(resolve(repository, process.env['PARLEY_DATA_DIR'] ?? '.parley'), 'decoders');

export interface Fault {
  /** The event's place among those that were given, from 1. */
  readonly line: number;
  readonly reason: string;
}

export interface Decoder {
  /** The language, as it is printed. */
  readonly language: string;
  readonly sdk: string;
  readonly dialects: readonly Spoken['dialect'][];
  /** Makes it ready; tells why it is left out, where it cannot be had on this machine. Throws Error for a fault of the program. */
  prepare(): Promise<string | undefined>;
  /** What it cannot decode of a file of events, one a line. Throws Error when it did not read all of them. */
  decode(dialect: Spoken['dialect'], file: string): Promise<Fault[]>;
}

export interface Ran {
  readonly succeeded: boolean;
  readonly output: string;
  /** The line that says what went wrong. */
  readonly complaint: string;
}

/** Runs a program to its end. After `mostMs` it is ended, which is no success. */
export function run(command: string, given: readonly string[], { mostMs = 900_000, cwd, yielding = false }: RunOptions = {}): Promise<Ran> {
  return new Promise((done) => {
    const child = spawn(command, given, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: mostMs });
    if (yielding && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    let [output, complaints] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-4000)));
    child.on('error', (error) => done({ succeeded: false, output, complaint: error.message }));
    child.on('close', (code, signal) => {
      const lines = stripVTControlCharacters(`${output}\n${complaints}`)
        .split('\n')
        .filter((line) => line.trim() !== '');
      const complaint = lines.find((line) => /\berror\b/i.test(line)) ?? lines.at(-1) ?? `it ended with ${String(code ?? signal)}`;
      done({ succeeded: code === 0, output, complaint });
    });
  });
}

interface RunOptions {
  cwd?: string;
  mostMs?: number;
  /** It gets what the tests beside it leave of the processors. */
  yielding?: boolean;
}

/** Gets something that is made of these files, unless what is there is made of them as they are. Tells why it could not be had. */
export async function madeOnce(
  name: string,
  files: readonly string[],
  get: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const stamp = join(buildFolder, `${name}.got`);
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  const wanted = hash.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined;
  const why = await get();
  if (why !== undefined) return why;
  mkdirSync(buildFolder, { recursive: true });
  writeFileSync(stamp, wanted);
  return undefined;
}

/** The answers of a decoder that is a program of its own: a line for each fault, and a last one that says how many events it read. */
export async function ask(command: string, given: readonly string[]): Promise<Fault[]> {
  const { succeeded, output, complaint } = await run(command, given);
  const lines = output.split('\n').filter(Boolean);
  const last = lines.pop();
  if (!succeeded || last === undefined || !('read' in (JSON.parse(last) as object))) throw new Error(`${command}: ${complaint}`);
  return lines.map((line) => JSON.parse(line) as Fault);
}
