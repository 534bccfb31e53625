// The pages a reader of the repository meets, as text.
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Paths below the root, with forward slashes, in alphabetical order. */
export function paths(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: root }).sort();
}

export const pages = paths('*.md', 'docs/**/*.md');

/** What stands outside of fenced blocks. */
export function prose(path: string): string {
  return read(path).replace(/^```[^]*?^```$/gm, '');
}
