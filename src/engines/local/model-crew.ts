// A crew whose members load a model. Files that they cannot load may be damaged: those are checked, made anew where need be, and tried once more.
import { EngineError, type Models } from '../engine.ts';
import type { Crew } from './crew.ts';

export interface ModelCrewOptions<Task, Result> {
  readonly model: string;
  readonly models: Models;
  /** Makes a crew for the folder of the model. */
  readonly hire: (folder: string) => Crew<Task, Result>;
}

/**
 * Resolves with a crew that has a member ready, or as it is when the signal fires. Rejects with EngineError `unavailable`: that of the model,
 * or, when its members do not get ready, one that is worth another try later: a machine may have been short of memory, or of time.
 */
export async function startCrew<Task, Result>(
  { model, models, hire }: ModelCrewOptions<Task, Result>,
  signal: AbortSignal,
): Promise<Crew<Task, Result>> {
  for (let attempt = 1; ; attempt++) {
    const crew = hire(await models.folder(model, signal));
    try {
      await crew.start(signal);
      return crew;
    } catch (cause) {
      await crew.close();
      models.distrust(model);
      if (attempt === 1) continue;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError(model, 'unavailable', `The model ${model} could not be loaded: ${why}`, { retryable: true, cause });
    }
  }
}
