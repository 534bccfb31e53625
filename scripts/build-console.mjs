// Builds the console into dist/console when its sources are not those of the last build. Run by setup.mjs, and by tests that open the page.
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'dist', '.console-built');

// The sound's and the protocol's parts that the page shares with the server, and the versions of what builds it.
const sources = globSync(['console/**/*', 'src/media/*.ts', 'src/protocol/**/*.ts', 'package-lock.json'], {
  cwd: root,
  withFileTypes: true,
})
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();
const hash = createHash('sha256');
for (const file of sources) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
const digest = hash.digest('hex');

const built = existsSync(stamp) && existsSync(join(root, 'dist', 'console', 'index.html')) ? readFileSync(stamp, 'utf8') : '';
if (built !== digest) {
  const started = Date.now();
  const { build } = await import('vite');
  await build({ configFile: join(root, 'console', 'vite.config.ts'), configLoader: 'native', logLevel: 'warn' });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  console.log(`Console built in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}
