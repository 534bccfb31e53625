// Which models were asked for a response, where there were several to be asked: its client is told in its metadata (Inworld's `metadata.attempts`).
import type { Core } from '../core.ts';
import type { FactOf, ModelAttempt } from '../facts.ts';
import type { Response } from '../state.ts';

/** More are not kept of one response: the last say how it ended. */
const mostAttempts = 16;
/** As long as OpenAI's clients expect the text of a pair to be. */
const mostCharacters = 512;

export function onAttempt(_core: Core, response: Response, { kind: _kind, run: _run, ...attempt }: FactOf<'run.attempt'>): void {
  response.attempts.push(attempt);
  if (response.attempts.length > mostAttempts) response.attempts.shift();
}

/** Its metadata with what was asked; the client's own pairs stay as they are. Values are texts, as OpenAI has them. */
export function withAttempts({ settings, attempts }: Response): Record<string, string> | null {
  const last = attempts.at(-1);
  if (!last) return settings.metadata;
  const { route, variant } = last;
  return {
    attempts: listed(attempts),
    ...(route === undefined ? {} : { route }),
    ...(variant === undefined ? {} : { variant }),
    ...settings.metadata,
  };
}

function listed(attempts: readonly ModelAttempt[]): string {
  const told = attempts.map(({ stage, model, outcome, reason = outcome === 'outpaced' ? outcome : undefined, ms, hedged }) => ({
    ...(stage === undefined ? {} : { stage }),
    model,
    success: outcome === 'answered',
    ms,
    ...(reason === undefined ? {} : { error: reason }),
    ...(hedged ? { hedged } : {}),
  }));
  while (told.length > 1 && JSON.stringify(told).length > mostCharacters) told.shift();
  return JSON.stringify(told);
}
