// A tape in a folder of the test's own, and what stands on it in the end.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import type { Log } from '../../../src/lib/log.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { Recorder, type RecorderOptions } from '../../../src/pipeline/tape/recorder.ts';
import type { Tape } from '../../../src/pipeline/tape/tape.ts';

export class Recording {
  readonly folder = mkdtempSync(join(tmpdir(), 'parley-tapes-'));
  readonly warnings: string[] = [];
  readonly recorder: Recorder;

  constructor(options: Partial<RecorderOptions> = {}) {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    const log: Log = { ...silentLog, warn: (_, message) => void this.warnings.push(message) };
    this.recorder = new Recorder({ folder: this.folder, sound: false, version: '0.1.0', clock: new ManualClock(), log, ...options });
  }

  open(session = 'sess_1'): Tape {
    return this.recorder.open(session);
  }

  /** What stands on the only tape, once it is whole. */
  async ended(tape: Tape): Promise<string> {
    this.recorder.end(tape);
    await this.recorder.close();
    const [name = ''] = this.files.filter((file) => file.endsWith('.jsonl'));
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** What lies beside it. */
  sound(): Uint8Array {
    return readFileSync(join(this.folder, this.files.find((file) => file.endsWith('.sound')) ?? ''));
  }

  get files(): string[] {
    return readdirSync(this.folder).sort();
  }

  get modes(): number[] {
    return this.files.map((name) => statSync(join(this.folder, name)).mode & 0o777);
  }
}
