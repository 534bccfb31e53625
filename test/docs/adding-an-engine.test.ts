// The engine that docs/adding-an-engine.md makes is run as it stands there: it must keep the contract it is told to keep.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { noModels, type EngineFactory, type Tts } from '../../src/engines/engine.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { describeTts, say } from '../contract/tts.ts';
import { read, root } from './pages.ts';

const page = read('docs/adding-an-engine.md');
const folder = mkdtempSync(join(tmpdir(), 'parley-guide-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** The block after a line that names its file. */
function block(path: string): string {
  const [, code] = page.split(`\`${path}\`:\n\n\`\`\`ts\n`);
  if (code === undefined) throw new Error(`the guide shows no ${path}`);
  return code.slice(0, code.indexOf('```'));
}

const folderOfEngine = join(root, 'src/engines/local');
const code = block('src/engines/local/morse.ts').replaceAll(
  /from '(\.[^']+)'/g,
  (_, path: string) => `from '${join(folderOfEngine, path)}'`,
);
writeFileSync(join(folder, 'morse.ts'), code);
const { morse } = (await import(join(folder, 'morse.ts'))) as { morse: EngineFactory<Tts> };
const open = () => morse.create({ dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels });

describeTts('the engine of the guide', { open });

test('SOS takes 27 dots and the pause after a word, as the test in the guide says', async () => {
  expect(block('test/contract/morse.test.ts')).toContain('(27 + 7) * 12');
  const { samples, rateHz } = await say(open(), ['SOS'], 'Dennis');
  expect((samples.length * 1000) / rateHz).toBeCloseTo((27 + 7) * 12, 0);
});

test('the table of reasons names each reason there is', () => {
  const source = read('src/engines/engine.ts');
  const union = source.slice(source.indexOf('export type EngineFailure'), source.indexOf('/** The only error'));
  const reasons = [...union.matchAll(/\| '(\w+)'/g)].map(([, reason]) => reason);
  const told = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason);
  expect(reasons.length).toBeGreaterThan(5);
  expect(new Set(told)).toEqual(new Set(reasons));
});
