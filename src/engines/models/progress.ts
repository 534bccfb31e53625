// How far models are on their way: events from the store, and one line of text for people out of those of all models.

export interface ModelProgress {
  readonly model: string;
  /** `waiting`: another process is at it. The last is `ready` or `failed`. */
  readonly phase: 'waiting' | 'fetching' | 'converting' | 'ready' | 'failed';
  /** Of what comes over the line, while fetching. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** The state of all models that are on their way, as one line; empty when none is. */
export class ProgressLine {
  readonly #underWay = new Map<string, ModelProgress>();

  take(progress: ModelProgress): void {
    if (progress.phase === 'ready' || progress.phase === 'failed') this.#underWay.delete(progress.model);
    else this.#underWay.set(progress.model, progress);
  }

  get text(): string {
    return [...this.#underWay.values()].map(describe).join(', ');
  }
}

function describe({ model, phase, doneBytes, totalBytes }: ModelProgress): string {
  if (phase === 'waiting') return `${model} is fetched by another process`;
  if (phase === 'converting') return `${model} is converted`;
  return totalBytes === 0 ? `${model} is fetched` : `${model} ${Math.floor(doneBytes / 1e6)} of ${Math.ceil(totalBytes / 1e6)} MB`;
}
