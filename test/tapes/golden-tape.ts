// Tapes that have become tests: each is played, and what happens is held against its golden transcript.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { readTape } from '../../src/pipeline/tape/reader.ts';
import { tapeSuffix } from '../../src/pipeline/tape/format.ts';
import { transcriptOf } from '../../src/pipeline/tape/story.ts';

/** @param tests The folder `test`, where it is another. */
export function checkTape(name: string, tests = fileURLToPath(new URL('../', import.meta.url))): void {
  const golden = `${tests}golden/${name}.txt`;
  const text = transcriptOf(readTape(readFileSync(`${tests}tapes/${name}${tapeSuffix}`, 'utf8')));
  if (process.env.UPDATE_GOLDEN === '1' && !process.env.CI) writeFileSync(golden, text);
  expect(existsSync(golden), `test/golden/${name}.txt is missing; UPDATE_GOLDEN=1 writes it`).toBe(true);
  expect(text).toBe(readFileSync(golden, 'utf8'));
}
