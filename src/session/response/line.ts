// The line to the client: lost, or on hold, and back again. Meanwhile playout stands still, and nobody is waited for who cannot be heard.
import type { Speaker } from '../../protocol/audio-format.ts';
import { beQuietFrom, type Core, send } from '../core.ts';
import type { FactOf } from '../facts.ts';
import { liveOn } from '../lifetime.ts';
import { inOwnFormats, sessionObject } from '../settings/settings.ts';
import type { Playout } from '../state.ts';
import { lagMs, playoutEndsAtMs, soundNow } from './playout.ts';

/** Nobody has been heard from for `silentMs`: what was sent since then is not taken to have been heard. */
export function onLineLost(core: Core, { silentMs }: FactOf<'line.lost'>): void {
  if (core.line.state === 'lost') return;
  core.line = { state: 'lost', atMs: core.line.state === 'held' ? core.line.atMs : core.now - silentMs };
}

/** The listener has put the call on hold, so long ago. */
export function onLineHeld(core: Core, { agoMs }: FactOf<'line.held'>): void {
  if (core.line.state === 'open') core.line = { state: 'held', atMs: core.now - agoMs };
}

/** The listener has taken it up again, and hears what was left. A line that was lost meanwhile comes back in another way. */
export function onLineTakenUp(core: Core): void {
  if (core.line.state !== 'held') return;
  takeUpPlayout(core, { unreceivedMs: 0 });
  goOn(core);
}

/** Somebody is there again: what was left to be heard begins where it stopped. */
export function onLineBack(core: Core, fact: FactOf<'line.back'>): void {
  if (core.line.state === 'open') return;
  const leftMs = takeUpPlayout(core, fact);
  goOn(core);
  core.effects.push({ kind: 'line.resume', leftMs });
  moveSpeaker(core, fact.speaker);
  liveOn(core, fact.expiresAt);
}

/** From now on whoever says nothing is silent, and what does not come is late. */
function goOn(core: Core): void {
  core.line = { state: 'open' };
  core.speakerLeftMs = undefined;
  core.input.lastSoundAtMs = core.now;
  for (const response of core.live) if (response.state === 'generating') response.aliveAtMs = core.now;
  if (core.quietSince) beQuietFrom(core, playoutEndsAtMs(core));
}

/** Moves what is left to be heard to where it will be heard now; how much that is. */
function takeUpPlayout(core: Core, { unreceivedMs, played }: Pick<FactOf<'line.back'>, 'unreceivedMs' | 'played'>): number {
  const heardAtMs = soundNow(core) - lagMs(core);
  const reckonedMs = leftOf(core.playout, heardAtMs);
  const told = played && leftAfter(core, played);
  // Of an answer that was interrupted meanwhile nothing is to be heard any more, wherever it has come.
  const leftMs = Math.min(leftOf(core.playout, Number.NEGATIVE_INFINITY), Math.max(told ?? reckonedMs, unreceivedMs));
  // What was reckoned to have been heard by now, and was not, is put back.
  const backMs = core.now - heardAtMs + leftMs - reckonedMs;
  for (const part of core.playout) {
    part.startsAtMs += backMs;
    part.endsAtMs += backMs;
  }
  return leftMs;
}

/** How much sound there is in these after that time; between two there may be none. */
function leftOf(playout: readonly Playout[], atMs: number): number {
  return playout.reduce((sum, { startsAtMs, endsAtMs }) => sum + Math.max(0, endsAtMs - Math.max(startsAtMs, atMs)), 0);
}

/** What is left by the client's own word; undefined where it names nothing that is being heard. */
function leftAfter({ conversation, playout }: Core, { item, ms }: NonNullable<FactOf<'line.back'>['played']>): number | undefined {
  const at = playout.findIndex((part) => part.item === item);
  const part = playout[at];
  const madeMs = conversation.get(item)?.speech?.madeMs;
  if (!part || madeMs === undefined) return undefined;
  const laterMs = leftOf(playout.slice(at + 1), Number.NEGATIVE_INFINITY);
  return Math.min(part.endsAtMs - part.startsAtMs, Math.max(0, madeMs - ms)) + laterMs;
}

/** The sound may go to another speaker than before: ours, whose formats are a call's, or the client's own. */
function moveSpeaker(core: Core, speaker: Speaker | undefined): void {
  core.speaker = speaker;
  if (!speaker && core.sounding !== undefined) {
    send(core, { type: 'output_audio_buffer.stopped', response_id: core.sounding });
    core.sounding = undefined;
  }
  const before = JSON.stringify(core.config.audio);
  core.config = inOwnFormats(core, core.config);
  if (JSON.stringify(core.config.audio) === before) return;
  core.effects.push({ kind: 'listen.configure', config: core.config });
  send(core, { type: 'session.updated', session: sessionObject(core) });
}
