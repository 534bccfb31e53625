// Microphone and loudspeaker through the programs a machine has for them: ALSA's arecord and aplay, or SoX. One child each.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Speaker } from './talk-playback.ts';
import { TalkFailure } from './talk-failure.ts';
import { frameLength } from './talk-speech.ts';
import { fromBytes, toBytes } from '../media/pcm.ts';

export interface DeviceCommand {
  /** Absolute path. */
  readonly program: string;
  readonly arguments: readonly string[];
}

/** What waits for the loudspeaker at most, about ten minutes of speech; more is not played. */
const maxWaitingBytes = 32 * 1024 * 1024;

const soxFormat = (rateHz: number) => ['-t', 'raw', '-b', '16', '-e', 'signed-integer', '-c', '1', '-r', String(rateHz)];
const alsaFormat = (rateHz: number) => ['-q', '-t', 'raw', '-f', 'S16_LE', '-c', '1', '-r', String(rateHz)];

/** The first recording program on `path` (PATH's form), as a command that writes raw PCM16 mono to its output. */
export function recorder(rateHz: number, path: string): DeviceCommand | undefined {
  return firstInstalled(path, [
    { program: 'arecord', arguments: alsaFormat(rateHz) },
    { program: 'rec', arguments: ['-q', ...soxFormat(rateHz), '-'] },
    { program: 'sox', arguments: ['-q', '-d', ...soxFormat(rateHz), '-'] },
  ]);
}

/** The first playing program on `path`, as a command that plays raw PCM16 mono from its input. */
export function player(rateHz: number, path: string): DeviceCommand | undefined {
  return firstInstalled(path, [
    { program: 'aplay', arguments: alsaFormat(rateHz) },
    { program: 'play', arguments: ['-q', ...soxFormat(rateHz), '-'] },
    { program: 'sox', arguments: ['-q', ...soxFormat(rateHz), '-', '-d'] },
  ]);
}

/** Frames of 20 ms as they are recorded, until the signal fires. @throws {TalkFailure} with the program's own words. */
export async function* record(command: DeviceCommand, rateHz: number, signal: AbortSignal): AsyncGenerator<Int16Array> {
  const child = spawn(command.program, command.arguments, { stdio: ['ignore', 'pipe', 'pipe'] });
  const complaint = lastWords(child.stderr);
  const failed = new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve);
    child.once('close', () => resolve(undefined));
  });
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* frames(child.stdout, frameLength(rateHz) * 2);
    const error = await failed;
    if (!signal.aborted)
      throw new TalkFailure(3, `The microphone stopped. ${command.program} says: ${error?.message ?? (complaint() || 'nothing')}`);
  } finally {
    signal.removeEventListener('abort', stop);
    child.kill('SIGTERM');
  }
}

/** A loudspeaker that can be cut off at any sample: its child is ended with all it has buffered, and the next sound gets a new one. */
export class ChildSpeaker implements Speaker {
  readonly #command: DeviceCommand;
  #child: ChildProcess | undefined;

  constructor(command: DeviceCommand) {
    this.#command = command;
  }

  play(samples: Int16Array): void {
    this.#child ??= this.#start();
    const { stdin } = this.#child as { stdin: Writable };
    if (stdin.writable && stdin.writableLength < maxWaitingBytes) stdin.write(toBytes(samples));
  }

  silence(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #start(): ChildProcess {
    const child = spawn(this.#command.program, this.#command.arguments, { stdio: ['pipe', 'ignore', 'ignore'] });
    // A device that fails leaves the conversation readable: the next sound simply tries again.
    const forget = () => {
      if (this.#child === child) this.#child = undefined;
    };
    child.once('error', forget);
    child.once('close', forget);
    child.stdin.on('error', forget);
    return child;
  }
}

async function* frames(bytes: Readable, frameBytes: number): AsyncGenerator<Int16Array> {
  let rest = Buffer.alloc(0);
  for await (const chunk of bytes) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= frameBytes) {
      yield fromBytes(rest.subarray(0, frameBytes)).slice();
      rest = rest.subarray(frameBytes);
    }
  }
}

/** Collects the end of what a child says. */
function lastWords(stream: Readable): () => string {
  let words = '';
  stream.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-500);
  });
  return () => words.trim().replaceAll(/\s+/g, ' ');
}

function firstInstalled(path: string, commands: readonly DeviceCommand[]): DeviceCommand | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  for (const command of commands) {
    const program = folders.map((folder) => join(folder, command.program)).find(isExecutable);
    if (program !== undefined) return { ...command, program };
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
