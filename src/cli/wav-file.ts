// WAV files that are named on a command line: read whole before anything begins, and a place for one that is to be written.
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from './arguments.ts';
import type { Pcm } from '../media/pcm.ts';
import { readWav } from '../media/wav.ts';

/** @throws {UsageError} naming the file that is not there, is no WAVE file, or holds no sound. */
export function readSpeech(folder: string, name: string): Pcm {
  let speech: Pcm;
  try {
    speech = readWav(readFileSync(resolve(folder, name)));
  } catch (error) {
    throw new UsageError(`${name} cannot be used: ${reasonOf(error)}.`);
  }
  if (speech.samples.length === 0) throw new UsageError(`${name} holds no sound.`);
  return speech;
}

/** The absolute path of a file to be written. @throws {UsageError} naming the option where its folder does not exist. */
export function fileToWrite(option: string, folder: string, name: string): string {
  const path = resolve(folder, name);
  if (!isFolder(dirname(path))) throw new UsageError(`${option}: there is no folder ${dirname(path)}.`);
  return path;
}

export function reasonOf(error: unknown): string {
  const { code, message } = error as Error & { code?: string };
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return message;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
