// Everything that happens by itself when nothing else does. It is asked for after every step: no object is made for the answer.
import { onTranscriptFailed } from './conversation/transcription.ts';
import type { Core } from './core.ts';
import { idleTimeoutMs } from './floor/patience.ts';
import { endTurn, onIdle, starvedMs } from './floor/turn.ts';
import { endIsToldAtMs, lifeEndsAtMs, tellEnd } from './lifetime.ts';
import { failResponse } from './response/response.ts';
import { speakerTurnsAtMs } from './response/speaker.ts';
import type { Response } from './state.ts';

/** An engine that says nothing for so long has failed: every turn ends in an answer or in an explicit failure. */
const stalledMs = 30_000;
/** Tools may take longer; whoever runs them gives up after a minute. */
const callingMs = 90_000;

interface Deadline {
  /** In the clock's time; undefined while there is none. */
  readonly atMs: (core: Core) => number | undefined;
  /** Absent where what is due is seen to at the end of every step, whatever it was about. */
  readonly due?: (core: Core) => void;
}

const deadlines: readonly Deadline[] = [
  { atMs: starvesAtMs, due: endStarved },
  { atMs: idleAtMs, due: takeSilence },
  { atMs: speakerTurnsAtMs },
  { atMs: stallsAtMs, due: failStalled },
  { atMs: endIsToldAtMs, due: tellEnd },
  { atMs: wordsFailAtMs, due: failWords },
];

/** When the first of them is; guests see to their own at the end of every step. */
export function earliestAtMs(core: Core): number {
  let earliestMs = lifeEndsAtMs(core);
  for (const { atMs } of deadlines) earliestMs = Math.min(earliestMs, atMs(core) ?? earliestMs);
  for (const { wakeAt } of core.features) earliestMs = Math.min(earliestMs, wakeAt?.(core) ?? earliestMs);
  return earliestMs;
}

export function doWhatIsDue(core: Core): void {
  for (const { atMs, due } of deadlines) if (due && core.now >= (atMs(core) ?? Number.POSITIVE_INFINITY)) due(core);
}

/** Whoever cannot be heard is not waited for. */
function starvesAtMs({ line, turn, input }: Core): number | undefined {
  return line.state === 'open' && turn.state !== 'none' ? input.lastSoundAtMs + starvedMs : undefined;
}

function endStarved(core: Core): void {
  if (core.turn.state !== 'none') endTurn(core, core.turn, Math.round(core.input.receivedMs));
}

function idleAtMs({ line, turn, quietSince, config, active }: Core): number | undefined {
  const idleMs = idleTimeoutMs(config);
  return line.state === 'open' && quietSince && idleMs !== undefined && turn.state === 'none' && !active
    ? quietSince.atMs + idleMs
    : undefined;
}

function takeSilence(core: Core): void {
  if (core.quietSince) onIdle(core, core.quietSince.audioMs);
}

function stallsAtMs(core: Core): number | undefined {
  let earliestMs: number | undefined;
  for (const response of core.live) earliestMs = earlier(earliestMs, stallAtMs(core, response));
  return earliestMs;
}

function stallAtMs({ line }: Core, { state, aliveAtMs }: Response): number | undefined {
  if (state === 'waiting' || (state === 'generating' && line.state !== 'open')) return undefined;
  return aliveAtMs + (state === 'calling' ? callingMs : stalledMs);
}

function failStalled(core: Core): void {
  for (const response of core.live.filter((each) => core.now >= (stallAtMs(core, each) ?? Number.POSITIVE_INFINITY))) {
    const message = response.state === 'calling' ? 'A tool stopped answering.' : 'The model or the voice stopped answering.';
    failResponse(core, response, { code: 'timeout', message });
  }
}

function wordsFailAtMs({ recognising }: Core): number | undefined {
  let earliestMs: number | undefined;
  for (const { sinceMs } of recognising) earliestMs = earlier(earliestMs, sinceMs + stalledMs);
  return earliestMs;
}

function failWords(core: Core): void {
  const failure = { code: 'timeout', message: 'The recogniser stopped answering.' };
  for (const { item, sinceMs } of [...core.recognising])
    if (core.now >= sinceMs + stalledMs) onTranscriptFailed(core, { kind: 'transcript.failed', item, failure });
}

function earlier(oneMs: number | undefined, otherMs: number | undefined): number | undefined {
  return oneMs === undefined || (otherMs !== undefined && otherMs < oneMs) ? otherMs : oneMs;
}
