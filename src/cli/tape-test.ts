// A tape made a test of this repository: the tape itself, the golden transcript of what a session of today makes of it, and the test that holds the two
// together. What people said in the session is then in the repository: that is for whoever commits it to decide.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TapeText } from '../pipeline/tape/reader.ts';
import { tapeSuffix } from '../pipeline/tape/format.ts';
import { transcriptOf } from '../pipeline/tape/story.ts';
import { UsageError } from './arguments.ts';

const testText = (name: string) => `// Made of a tape: npm run replay -- ${name}${tapeSuffix} --to-test ${name}
import { test } from 'vitest';
import { checkTape } from './golden-tape.ts';

test('${name}: the session of the tape goes as its golden transcript says', () => checkTape('${name}'));
`;

/** Writes the three files, none of which may be there, and names them. @throws UsageError for a name that is none. */
export function writeTapeTest(root: string, name: string, text: string, tape: TapeText): string[] {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw new UsageError(`The test's name is of small letters, digits and hyphens, not '${name}'.`);
  const files = {
    [join('test/tapes', `${name}${tapeSuffix}`)]: text,
    [join('test/golden', `${name}.txt`)]: transcriptOf(tape),
    [join('test/tapes', `${name}.test.ts`)]: testText(name),
  };
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), content, { flag: 'wx' });
  }
  return Object.keys(files);
}
