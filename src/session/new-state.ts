// The state of a session in which nothing has happened yet.
import type { Birth } from './birth.ts';
import { newHistory } from './conversation/history.ts';
import type { Guest } from './core.ts';
import type { Env } from './env.ts';
import type { State } from './state.ts';

export function newState(birth: Birth, env: Env, features: readonly Guest[], now: number): State {
  return {
    birth,
    conversationId: env.id('conv', 1),
    life: { fromMs: now, expiresAt: birth.expiresAt, isEndTold: false },
    now,
    expired: false,
    minted: { conv: 1 },
    draws: 0,
    config: birth.config,
    spoke: false,
    detectionNamed: birth.detectionNamed,
    promptText: birth.promptText,
    history: newHistory(),
    input: { receivedMs: 0, decidedMs: 0, bufferStartMs: 0, lastSoundAtMs: now },
    turn: { state: 'none' },
    unwatched: undefined,
    live: [],
    runs: [],
    line: { state: 'open' },
    speaker: birth.speaker,
    playout: [],
    sounding: undefined,
    speakerLeftMs: undefined,
    wants: [],
    selfAnswers: 0,
    recognising: [],
    told: [],
    lastEnded: undefined,
    quietSince: undefined,
    guests: Object.fromEntries(features.map(({ name, begin }) => [name, begin()])),
  };
}
