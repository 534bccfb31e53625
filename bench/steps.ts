// `node bench/steps.ts [sessions] [turns]`: what a step of the pure session takes, by the kind of its fact, with the question when it wants to be woken,
// which follows every step. Many sessions play the same talk side by side, as in a server: one alone would have the processor's caches for itself.
import type { Effect } from '../src/session/effects.ts';
import { seededEnv } from '../src/session/env.ts';
import type { Fact, FactKind } from '../src/session/facts.ts';
import { Session } from '../src/session/session.ts';
import { testBirth } from '../test/session/birth.ts';
import { percentile } from './statistics.ts';
import { table } from './table.ts';

const [sessions = 100, turns = 40] = process.argv.slice(2).map(Number);
/** Turns until the code is compiled and the caches know it. */
const warmTurns = 10;
const frameMs = 20;
/** A scripted answer: so many frames of 40 ms, with a word for each. */
const answerPieces = 60;
const pieceMs = 40;
const usage = { inputTokens: 200, outputTokens: 60, cachedTokens: 0 };

/** One of the sessions, with what its last effects have named. */
interface Talk {
  readonly session: Session;
  item: string;
  run: string;
}

type Made = (talk: Talk) => Fact;

/** Microseconds a step, of each time that all sessions took one. */
const kinds = new Map<FactKind, number[]>();
let nowMs = 0;
let receivedMs = 0;

function begin(index: number): Talk {
  const seed = String(index).padStart(16, '0');
  const session = new Session(testBirth({ sessionId: `sess_${seed}`, seed, lifeMs: Number.MAX_SAFE_INTEGER }), seededEnv(seed), nowMs);
  session.open();
  return { session, item: '', run: '' };
}

function note(talk: Talk, effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (effect.kind === 'listen.commit') talk.item = effect.item;
    else if (effect.kind === 'run.start') talk.run = effect.order.run;
  }
}

/** The same happens to all of them; the time of that is taken at once, since a clock takes as long as a step. */
function happen(talks: readonly Talk[], made: Made): void {
  const facts = talks.map(made);
  const effects: (readonly Effect[])[] = talks.map(() => []);
  let earliestMs = Number.POSITIVE_INFINITY;
  const startedAt = performance.now();
  for (let at = 0; at < talks.length; at++) {
    const { session } = talks[at] as Talk;
    effects[at] = session.step(facts[at] as Fact, nowMs);
    earliestMs = Math.min(earliestMs, session.wakeAt);
  }
  const tookMs = performance.now() - startedAt;
  if (earliestMs < nowMs) throw new Error('A session is overdue.');
  talks.forEach((talk, at) => note(talk, effects[at] ?? []));
  const { kind } = facts[0] as Fact;
  const each = kinds.get(kind) ?? [];
  kinds.set(kind, each);
  each.push((tookMs * 1000) / talks.length);
}

function listen(talks: readonly Talk[], ms: number): void {
  for (let left = ms; left > 0; left -= frameMs) {
    nowMs += frameMs;
    receivedMs += frameMs;
    happen(talks, () => ({ kind: 'audio.reached', receivedMs, decidedMs: receivedMs - 32 }));
  }
}

/** Two seconds of speech, the silence that ends it, its words, and an answer that is heard to its end. */
function turn(talks: readonly Talk[]): void {
  happen(talks, () => ({ kind: 'speech.began', atMs: receivedMs }));
  for (const text of ['What', 'What will', 'What will the weather', 'What will the weather be']) {
    listen(talks, 500);
    happen(talks, ({ item }) => ({ kind: 'transcript.partial', item, text }));
  }
  happen(talks, () => ({ kind: 'speech.paused', atMs: receivedMs }));
  listen(talks, 600);
  happen(talks, ({ item }) => ({ kind: 'transcript.final', item, text: 'What will the weather be?', seconds: 2 }));
  for (let piece = 0; piece < answerPieces; piece++) {
    happen(talks, ({ run }) => ({ kind: 'run.text', run, delta: `word${piece} ` }));
    const words = [{ text: `word${piece}`, startMs: piece * pieceMs, endMs: (piece + 1) * pieceMs }];
    happen(talks, ({ run }) => ({ kind: 'run.audio', run, bytes: new Uint8Array(pieceMs * 48), ms: pieceMs, words }));
    listen(talks, frameMs);
  }
  happen(talks, ({ run }) => ({ kind: 'run.ended', run, reason: 'stop', usage }));
  listen(talks, answerPieces * pieceMs);
}

const talks = Array.from({ length: sessions }, (_, index) => begin(index));
for (let count = 0; count < warmTurns; count++) turn(talks);
kinds.clear();
const startedMs = nowMs;
for (let count = 0; count < turns; count++) turn(talks);
const minutes = (nowMs - startedMs) / 60_000;
// What a machine with other things to do adds is in the mean and not in the median.
const rows = [...kinds].map(([kind, each]) => {
  const us = percentile(each, 0.5);
  return [`\`${kind}\``, us.toFixed(2), Math.round(each.length / minutes), ((us * each.length) / minutes / 1000).toFixed(2)];
});
console.log(`${sessions} sessions, ${turns} turns each`);
console.log(table(['fact', 'µs a step, median', 'steps a session-minute', 'ms a session-minute'], rows));
