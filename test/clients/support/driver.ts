// A Python client, unmodified, driven by a program of test/clients/python in the environment that the set-up of the tests has made.
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { findPythonClients } from '../../../scripts/python-clients.mjs';
import { toBytes } from '../../../src/media/pcm.ts';
import { EventLog } from '../../e2e/support/events.ts';
import { apiKey, type RunningServer, startServer } from '../../e2e/support/server.ts';
import { base64, overlap, samplesOf, say, understand, wordsOf } from '../../e2e/support/speech.ts';

const { python, missing } = findPythonClients();

/** One line of what a client met. */
export interface Told {
  readonly tell: string;
  readonly [field: string]: unknown;
}

interface Process {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
  /** The end of what the packages print themselves. */
  printed: string;
}

class Driver {
  readonly #file: string;
  readonly #env: NodeJS.ProcessEnv;
  #process: Process | undefined;
  /** A scenario is under way: of an earlier test, if another begins. */
  #busy = false;

  constructor(program: string, running: RunningServer) {
    this.#file = resolve(import.meta.dirname, '../python', `${program}.py`);
    this.#env = { ...process.env, PARLEY_URL: running.http, PARLEY_KEY: apiKey };
  }

  /** Loads the client. */
  async start(): Promise<void> {
    this.#process = this.#start();
    await this.#process.lines.next();
  }

  /** All that the client met in the scenario. One that failed costs the process, so that nothing of it is left for the next. */
  async run(scenario: string, given: object = {}): Promise<Told[]> {
    if (this.#busy) this.close();
    this.#busy = true;
    const running = (this.#process ??= this.#start());
    running.child.stdin?.write(`${JSON.stringify({ scenario, given })}\n`);
    const told: Told[] = [];
    for (;;) {
      const { value, done } = await running.lines.next();
      const line = done === true ? { tell: 'failed', why: 'The driver ended.' } : (JSON.parse(value) as Told);
      if (line.tell === 'end') {
        this.#busy = false;
        return told;
      }
      if (line.tell === 'failed') {
        if (this.#process === running) this.close();
        throw new Error(`${String(line['why'])}\n${summary(told)}\n${running.printed}`);
      }
      if (line.tell !== 'ready') told.push(line);
    }
  }

  close(): void {
    this.#process?.child.kill('SIGKILL');
    this.#process = undefined;
    this.#busy = false;
  }

  #start(): Process {
    const child = spawn(python ?? '', [this.#file], { env: this.#env, stdio: ['pipe', 'pipe', 'pipe'] });
    const started = { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](), printed: '' };
    child.stderr.setEncoding('utf8').on('data', (text: string) => (started.printed = (started.printed + text).slice(-4000)));
    return started;
  }
}

/** A server and the driver of this file's client, while its tests run. Without the client they are skipped, and say why. */
export class Stage {
  readonly #program: string;
  #running: RunningServer | undefined;
  #driver: Driver | undefined;

  /** `program` is a file of test/clients/python, without its ending. */
  constructor(program: string) {
    this.#program = program;
    beforeEach(({ skip }) => skip(missing !== undefined, missing));
    beforeAll(async () => {
      if (missing !== undefined) return;
      this.#running = await startServer({ engines: 'real' });
      this.#driver = new Driver(program, this.#running);
      await this.#driver.start();
    });
    afterAll(async () => {
      this.#driver?.close();
      await this.#running?.close();
    });
  }

  /** All that the client met; `said` are texts which the server's own voice says for it, by the names the driver has for them. */
  async run(scenario: string, said: Readonly<Record<string, string>> = {}, more: object = {}): Promise<Told[]> {
    const { driver, running } = this.#parts();
    const sounds = Object.entries(said).map(async ([name, text]) => [name, base64(toBytes(await say(running.server, text)))] as const);
    return driver.run(scenario, { ...more, ...Object.fromEntries(await Promise.all(sounds)) });
  }

  /** The words in the sound that the client was given, as the embedded recogniser hears them. */
  async understand(told: readonly Told[]): Promise<string> {
    return understand(this.#parts().server, samplesOf(of(told, 'sound').map(({ pcm }) => String(pcm))));
  }

  #parts() {
    if (!this.#running || !this.#driver) throw new Error(`There is no ${this.#program}.`);
    return { running: this.#running, driver: this.#driver, server: this.#running.server };
  }
}

export function of(told: readonly Told[], tell: string): Told[] {
  return told.filter((line) => line.tell === tell);
}

/** The server events that the client passed on, in order; they are recorded for the check of types too. */
export function eventsOf(told: readonly Told[]): EventLog {
  const log = new EventLog();
  for (const { event } of of(told, 'event')) log.add(event);
  return log;
}

/** What the client's own history says, one line after the other. */
export function linesOf(told: readonly Told[]): Line[] {
  return (of(told, 'history').at(-1)?.['lines'] ?? []) as Line[];
}

interface Line {
  readonly role?: string;
  readonly part?: string;
  readonly text: string;
  readonly interruptedAtMs?: number | null;
}

/** Some seconds of counting from a thousand, of the minutes that were to come. */
export function expectCutShort(text: string): void {
  expect(wordsOf(text)).toEqual(expect.arrayContaining(['one', 'thousand']));
  expect(wordsOf(text).length).toBeLessThan(60);
}

/** Three words in four, as a recogniser of clear speech hears them at least. */
export function expectHeard(expected: string, heard: string): void {
  expect(overlap(expected, heard), `"${heard}" for "${expected}"`).toBeGreaterThanOrEqual(0.7);
}

function summary(told: readonly Told[]): string {
  const lines = told.map((line) => JSON.stringify(line).slice(0, 300));
  return lines.join('\n').slice(-6000);
}
