// A process that locks the file of the store for writing, from its first word until its input ends. See e2e/store-locked.test.ts.
import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(process.argv[2] ?? '', { timeout: 2000 });
database.exec('BEGIN EXCLUSIVE');
process.stdout.write('locked\n');
process.stdin.on('end', () => {
  database.exec('ROLLBACK');
  database.close();
  process.exit(0);
});
process.stdin.resume();
