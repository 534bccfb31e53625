// Everything that happens by itself when nothing else does.
import { onTranscriptFailed } from './conversation/transcription.ts';
import type { Core } from './core.ts';
import { endIsToldAtMs, tellEnd } from './lifetime.ts';
import { idleTimeoutMs } from './floor/patience.ts';
import { endTurn, onIdle, starvedMs } from './floor/turn.ts';
import { failResponse } from './response/response.ts';
import { speakerTurnsAtMs } from './response/speaker.ts';

/** An engine that says nothing for so long has failed: every turn ends in an answer or in an explicit failure. */
const stalledMs = 30_000;

/** Tools may take longer; whoever runs them gives up after a minute. */
const callingMs = 90_000;

interface Deadline {
  atMs: number;
  due: () => void;
}

/** Everything that happens by itself when nothing else does. */
export function* deadlines(core: Core): Generator<Deadline> {
  const { turn, config, quietSince } = core;
  // Whoever cannot be heard is not waited for.
  const isOpen = core.line.state === 'open';
  if (isOpen && turn.state !== 'none') {
    yield {
      atMs: core.input.lastSoundAtMs + starvedMs,
      due: () => endTurn(core, turn, Math.round(core.input.receivedMs)),
    };
  }
  const idleMs = idleTimeoutMs(config);
  if (isOpen && quietSince && idleMs !== undefined && turn.state === 'none' && !core.active) {
    yield { atMs: quietSince.atMs + idleMs, due: () => onIdle(core, quietSince.audioMs) };
  }
  const turnsAtMs = speakerTurnsAtMs(core);
  // What is due is told after every step.
  if (turnsAtMs !== undefined) yield { atMs: turnsAtMs, due: () => {} };
  for (const response of core.live) {
    if (response.state === 'waiting' || (response.state === 'generating' && !isOpen)) continue;
    const calling = response.state === 'calling';
    const message = calling ? 'A tool stopped answering.' : 'The model or the voice stopped answering.';
    yield {
      atMs: response.aliveAtMs + (calling ? callingMs : stalledMs),
      due: () => failResponse(core, response, { code: 'timeout', message }),
    };
  }
  const toldAtMs = endIsToldAtMs(core);
  if (toldAtMs !== undefined) yield { atMs: toldAtMs, due: () => tellEnd(core) };
  // Guests see to what is due at the end of every step, whatever it was about.
  for (const guest of core.features) {
    const atMs = guest.wakeAt?.(core);
    if (atMs !== undefined) yield { atMs, due: () => {} };
  }
  for (const { item, sinceMs } of core.recognising) {
    const failure = { code: 'timeout', message: 'The recogniser stopped answering.' };
    yield { atMs: sinceMs + stalledMs, due: () => onTranscriptFailed(core, { kind: 'transcript.failed', item, failure }) };
  }
}
