// Two recognisers as one: that of the server's own language, and that of all others, whose model is fetched when a session first needs it.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { EngineError, type EngineHealth, type Recognition, type Stt, type SttOptions, type Transcript } from '../engine.ts';

/** Who asks for another language after so long has its model asked for again, where that failed. */
const RETRY_MS = 60_000;

export interface ByLanguageOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** `unasked`: nobody has needed it. `lost`: its model could not be had, and is asked for again from then on. */
type Phase = { name: 'unasked' } | { name: 'coming' } | { name: 'there' } | { name: 'lost'; why: string; retryMs: number };

export class ByLanguage implements Stt {
  readonly #usual: Stt;
  readonly #others: Stt;
  readonly #options: ByLanguageOptions;
  readonly #closing = new AbortController();
  #phase: Phase = { name: 'unasked' };

  /** `usual` may be anything; `others` is warmed up here, and not before somebody needs it. */
  constructor(usual: Stt, others: Stt, options: ByLanguageOptions) {
    this.#usual = usual;
    this.#others = others;
    this.#options = options;
  }

  get info(): Stt['info'] {
    return this.#usual.info;
  }

  get can(): Stt['can'] {
    return this.#usual.can;
  }

  warmUp(signal: AbortSignal): Promise<void> {
    return this.#usual.warmUp(signal);
  }

  health(): EngineHealth {
    const health = this.#usual.health?.() ?? { state: 'ready' };
    const problem = [health.problem, this.#problem()].filter((part) => part !== undefined).join(' ');
    return problem === '' ? health : { ...health, problem };
  }

  open(options: SttOptions, onPartial: (guess: Transcript) => void): Recognition {
    const serves = this.#knows(options) || !this.#othersAreThere() ? this.#usual : this.#others;
    return serves.open(options, onPartial);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#usual.close(), this.#others.close()]);
  }

  /** Whether the usual one knows all that may be spoken; where nothing is said of it, it is taken for granted. */
  #knows({ language, languages }: SttOptions): boolean {
    const known = new Set(this.#usual.info.languages.map(primary));
    if (known.has('*')) return true;
    if (language !== undefined) return known.has(primary(language));
    return languages === undefined || (languages.length > 0 && languages.every((each) => known.has(primary(each))));
  }

  #othersAreThere(): boolean {
    if (this.#phase.name === 'there') return this.#others.health?.().state !== 'failed';
    const { clock, log } = this.#options;
    if (this.#phase.name === 'coming' || this.#closing.signal.aborted) return false;
    if (this.#phase.name === 'lost' && clock.now() < this.#phase.retryMs) return false;
    if (this.#phase.name === 'unasked') log.info({ engine: this.#others.info.id }, this.#coming());
    this.#phase = { name: 'coming' };
    void this.#fetch();
    return false;
  }

  async #fetch(): Promise<void> {
    const { clock, log } = this.#options;
    const { info } = this.#others;
    try {
      await this.#others.warmUp(this.#closing.signal);
      this.#phase = { name: 'there' };
      log.info({ engine: info.id }, `${info.name} hears other languages from now on`);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const failure = error instanceof EngineError ? error : new EngineError(info.id, 'broken', String(error));
      log.warn({ engine: info.id, reason: failure.reason }, failure.message);
      // What can only fail again is left alone: models that are switched off.
      const retryMs = failure.retryable ? clock.now() + RETRY_MS : Number.POSITIVE_INFINITY;
      this.#phase = { name: 'lost', why: failure.message, retryMs };
    }
  }

  #problem(): string | undefined {
    if (this.#phase.name === 'coming') return this.#coming();
    const why = this.#phase.name === 'lost' ? this.#phase.why : undefined;
    const failed = this.#phase.name === 'there' ? this.#others.health?.() : undefined;
    if (why === undefined && failed?.state !== 'failed') return undefined;
    const { name } = this.#others.info;
    return `${name}, which hears other languages, cannot be had: ${why ?? failed?.problem ?? 'its workers keep dying.'}`;
  }

  #coming(): string {
    return `${this.#others.info.name} is being loaded; until it is there ${this.#usual.info.name} hears other languages as well as it can.`;
  }
}

function primary(tag: string): string {
  return tag.toLowerCase().split(/[-_]/, 1)[0] as string;
}
