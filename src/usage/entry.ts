// What is told of the work of one model, and sums of it.
import type { StoredUsage, UsageStage } from '../store/store.ts';

/** All numbers are what has come to what was told before, and may take something back. */
export interface UsageEntry {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly key: string;
  readonly session: string;
  readonly stage: UsageStage;
  /** `provider/model`, of the one that served. */
  readonly model: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly seconds: number;
  readonly characters: number;
}

/** An id of a model, a key or a session is cut to this. */
const mostCharacters = 200;
const stages: ReadonlySet<string> = new Set<UsageStage>(['llm', 'stt', 'tts']);

/** The day by UTC: `2026-11-29`. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** One line of a journal, with its end. */
export function written(entry: UsageEntry): string {
  const { atMs, key, session, stage, model, requests, inputTokens, outputTokens, cachedTokens, seconds, characters } = entry;
  return `${JSON.stringify([atMs, key, session, stage, model, requests, inputTokens, outputTokens, cachedTokens, seconds, characters])}\n`;
}

/** The entry on a line; undefined where the line is none, or not whole. */
export function readEntry(line: string): UsageEntry | undefined {
  let values: unknown;
  try {
    values = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!Array.isArray(values) || values.length !== 11) return undefined;
  const [atMs, key, session, stage, model, ...amounts] = values as unknown[];
  const areTexts = [key, session, stage, model].every((value) => typeof value === 'string');
  if (!areTexts || !stages.has(stage as string) || ![atMs, ...amounts].every(Number.isFinite)) return undefined;
  const [requests, inputTokens, outputTokens, cachedTokens, seconds, characters] = amounts as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    atMs: atMs as number,
    key: key as string,
    session: session as string,
    stage: stage as UsageStage,
    model: model as string,
    requests,
    inputTokens,
    outputTokens,
    cachedTokens,
    seconds,
    characters,
  };
}

/** Sums of entries by day, key, session, stage and model. From so many of them on, sessions that are new are summed together. */
export class UsageSums {
  readonly #most: number;
  readonly #rows = new Map<string, StoredUsage>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#rows.size;
  }

  get rows(): StoredUsage[] {
    return [...this.#rows.values()];
  }

  add(entry: UsageEntry): void {
    const whose = {
      day: dayOf(entry.atMs),
      keyId: entry.key.slice(0, mostCharacters),
      session: entry.session.slice(0, mostCharacters),
      stage: entry.stage,
      model: entry.model.slice(0, mostCharacters),
    };
    const isNew = !this.#rows.has(nameOf(whose));
    const row = isNew && this.#rows.size >= this.#most ? { ...whose, session: '' } : whose;
    const before = this.#rows.get(nameOf(row));
    this.#rows.set(nameOf(row), {
      ...row,
      requests: (before?.requests ?? 0) + entry.requests,
      inputTokens: (before?.inputTokens ?? 0) + entry.inputTokens,
      outputTokens: (before?.outputTokens ?? 0) + entry.outputTokens,
      cachedTokens: (before?.cachedTokens ?? 0) + entry.cachedTokens,
      seconds: (before?.seconds ?? 0) + entry.seconds,
      characters: (before?.characters ?? 0) + entry.characters,
    });
  }
}

function nameOf({ day, keyId, session, stage, model }: Pick<StoredUsage, 'day' | 'keyId' | 'session' | 'stage' | 'model'>): string {
  return JSON.stringify([day, keyId, session, stage, model]);
}
