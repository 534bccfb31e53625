// A sample program of somebody else's documents, run as it stands in a process of its own. What a sample leaves to its reader (a
// speaker, a microphone, a function) is put around it; what its socket is told is passed on to the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EventLog } from './events.ts';

const repository = resolve(import.meta.dirname, '../../..');

/** The Node program of a page of the documents beside the repository; undefined where they are not there. */
export function documentedSample(title: string): string | undefined {
  const folder = resolve(repository, '../shared/brief');
  if (!existsSync(folder)) return undefined;
  const pages = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const page = pages.find((text) => text.includes(`\n# ${title}\n`));
  return /```javascript[^\n]*\n(import WebSocket[^]*?)```/.exec(page ?? '')?.[1];
}

export function fixture(name: string): string {
  return readFileSync(join(repository, 'test/fixtures', name), 'utf8');
}

/** What every sample gets: its socket's messages go to the test, and the test's go to `globalThis.fromTest`. */
const passOn = `
ws.on('message', (data) => process.send(JSON.parse(String(data))));
process.on('message', (message) => globalThis.fromTest(message));
`;

export class Sample {
  readonly log = new EventLog();
  /** What it printed. */
  output = '';
  readonly #child: ChildProcess;

  /** `program` is an ES module that has its socket in `ws`. */
  constructor(program: string, environment: Record<string, string>) {
    // A program from standard input finds the packages of the folder it runs in.
    this.#child = spawn(process.execPath, ['--input-type=module', '-'], {
      cwd: repository,
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.stdin?.end(`${program}\n${passOn}`);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#child.on('message', (event) => this.log.add(event));
  }

  /** Whether it still runs: an uncaught error ends it. */
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  tell(message: object): void {
    this.#child.send(message);
  }

  stop(): void {
    if (this.running) this.#child.kill();
  }
}
