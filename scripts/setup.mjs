// Runs before start, test and the other scripts, under whatever Node the machine has: installs the packages when they are not there
// or not those of the lock file. Plain JavaScript, no dependencies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.parley-installed');
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Parley needs Node 20 or newer to install; this is ${process.version}.`);
  process.exit(1);
}
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.log('Installing packages (about a minute the first time) ...');
  const started = Date.now();
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // Not `npm ci`: it refuses a lock file that leaves out packages of other platforms. `--no-save` keeps to the lock file and leaves it alone.
  const result = spawnSync(npm, ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) {
    console.error('The packages could not be installed; see above.');
    process.exit(result.status ?? 1);
  }
  writeFileSync(stamp, lock);
  console.log(`Packages installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

// In a process of the packages' own Node: the one that runs this may be too old for the tools.
const node = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
const build = spawnSync(existsSync(node) ? node : process.execPath, [join(root, 'scripts', 'build-console.mjs')], {
  cwd: root,
  stdio: 'inherit',
});
// The server does without its page; whoever changes the page wants to know.
if (build.status !== 0) console.error('The console could not be built; see above. The server starts without it.');
