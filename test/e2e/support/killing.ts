// What the tests share that kill workers while people talk: how the server says it is, threads that can be ended, and what became of each turn.
import { setTimeout as pass } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { type EventLog, field } from './events.ts';
import type { RunningServer } from './server.ts';

/** Of each worker. */
export const kills = Number(process.env['KILLS'] ?? 2);

const input = 'conversation.item.input_audio_transcription';

export interface Health {
  readonly status: number;
  readonly problems: readonly string[];
}

export async function health({ http }: RunningServer): Promise<Health> {
  const response = await fetch(`${http}/health`);
  const { engines, store, media } = (await response.json()) as {
    engines: { name: string; problem?: string }[];
    store?: { problem: string };
    media?: { problem: string };
  };
  const others = Object.entries({ store, media }).map(([name, part]) => ({ name, problem: part?.problem }));
  const problems = [...engines, ...others].flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`]));
  return { status: response.status, problems };
}

/** Looks all the time; what it gives ends that and says what was seen. */
export function watchHealth(running: RunningServer): () => Promise<readonly Health[]> {
  const over = new AbortController();
  const watching = (async () => {
    const seen: Health[] = [];
    for (; !over.signal.aborted; await pass(5)) seen.push(await health(running));
    return seen;
  })();
  // Whoever stops the watch hears of its failure.
  watching.catch(() => {});
  return () => {
    over.abort();
    return watching;
  };
}

/** The threads of this process from now on, by their names. */
export class Threads {
  readonly #alive = new Map<string, Set<Worker>>();
  readonly #note = (worker: Worker) => {
    const name = worker.threadName ?? '';
    const alive = this.#alive.get(name) ?? new Set();
    this.#alive.set(name, alive.add(worker));
    worker.once('exit', () => alive.delete(worker));
  };

  constructor() {
    process.on('worker', this.#note);
  }

  /** The oldest first. */
  of(name: string): Worker[] {
    return [...(this.#alive.get(name) ?? [])];
  }

  /** Ends one that has no native code under way, in the middle of whatever it does. */
  async kill(name: string): Promise<void> {
    const [worker] = this.of(name);
    if (!worker) throw new Error(`There is no thread ${name}.`);
    await worker.terminate();
  }

  close(): void {
    process.off('worker', this.#note);
  }
}

export interface Turn {
  /** How its transcription ended: once, if all is well. */
  readonly ends: readonly string[];
  readonly transcript: string | undefined;
  readonly answers: number;
  readonly status: unknown;
  readonly details: string | undefined;
  readonly sound: boolean;
}

/** What became of each committed turn, until the next one. */
export function turnsOf(log: EventLog): Turn[] {
  return log.of('input_audio_buffer.committed').map(({ item_id: item }) => {
    const committed = log.all.findIndex((event) => event.type === 'input_audio_buffer.committed' && event['item_id'] === item);
    const next = log.all.findIndex((event, at) => at > committed && event.type === 'input_audio_buffer.committed');
    const events = log.all.slice(committed, next < 0 ? undefined : next);
    const ends = events.filter(({ type }) => [`${input}.completed`, `${input}.failed`].includes(type));
    const answers = events.filter(({ type }) => type === 'response.done');
    return {
      ends: ends.map(({ type }) => type),
      transcript: ends[0]?.['transcript'] as string | undefined,
      answers: answers.length,
      status: answers[0] && field(answers[0], 'response.status'),
      details: answers[0] && JSON.stringify(field(answers[0], 'response.status_details')),
      sound: events.some(({ type }) => type === 'response.output_audio.delta'),
    };
  });
}
