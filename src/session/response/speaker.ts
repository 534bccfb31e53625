// output_audio_buffer.*: our own speaker, which a call has. What of an answer it plays is told when it begins, ends, or is cut off.
import type { Entry } from '../conversation/history.ts';
import { type Core, liveResponse, send } from '../core.ts';
import type { FactOf } from '../facts.ts';
import type { Playout, Response } from '../state.ts';
import { soundNow, stopPlayout } from './playout.ts';
import { cancelResponse } from './response.ts';

/** Sound that is sent this far from when it should have been is no reason to reckon anew. */
const toleratedMs = 10;
/** So long after the clock says that all has been played a speaker is waited for that says otherwise: a busy one is late, and one that broke is silent. */
const lateSpeakerMs = 1000;

/** The client wants silence. */
export function clearSpeaker(core: Core): void {
  if (core.speaker) cutAnswers(core, answersHeard(core), 'client_cancelled');
}

/** The client has heard an answer up to there: nobody cuts what he wants to go on hearing, nor is more of it to be made. */
export function cutByClient(core: Core, { entry, playing }: { entry: Entry; playing: boolean }): void {
  const { active } = core;
  const isOpen = active?.open?.kind === 'message' && active.open.item === entry.item.id;
  if (active && active.id === entry.response && (playing || isOpen)) cancelResponse(core, active, 'client_cancelled');
  else if (core.speaker && playing) stopPlayout(core);
}

/** The answer, and whatever else is being heard: what is made of it later could not be told from what was dropped. */
export function answersHeard({ live, active, playout }: Core): readonly Response[] {
  const heard = new Set(playout.map(({ response }) => response));
  return live.filter((response) => response === active || heard.has(response.id));
}

/** They end, and nothing is heard any more. */
export function cutAnswers(core: Core, answers: readonly Response[], reason: 'turn_detected' | 'client_cancelled'): void {
  for (const response of answers) cancelResponse(core, response, reason);
  stopPlayout(core);
}

/** The speaker says how far it is: it may have run out and begun again, or be late. */
export function onPlayed(core: Core, { aheadMs }: FactOf<'speaker.played'>): void {
  if (core.line.state !== 'open') return;
  core.speakerLeftMs = aheadMs;
  const last = core.playout.at(-1);
  if (!last) return;
  const driftMs = core.now + aheadMs - last.endsAtMs;
  if (Math.abs(driftMs) < toleratedMs) return;
  for (const part of core.playout) {
    if (part.startsAtMs > core.now) part.startsAtMs += driftMs;
    if (part === last || part.endsAtMs > core.now) part.endsAtMs += driftMs;
  }
}

/** Tells what the speaker plays now, if that is news. */
export function tellSpeaker(core: Core): void {
  if (!core.speaker) return;
  const playing = playingNow(core);
  // An answer that is still being made has not ended because it has run out of sound.
  if (core.sounding !== undefined && playing?.response !== core.sounding && (playing || !liveResponse(core, core.sounding))) {
    send(core, { type: 'output_audio_buffer.stopped', response_id: core.sounding });
    for (const part of core.playout) if (part.response === core.sounding) part.stopped = true;
    core.sounding = undefined;
  }
  if (playing && core.sounding === undefined) {
    core.sounding = playing.response;
    send(core, { type: 'output_audio_buffer.started', response_id: playing.response });
  }
}

/** When it will next be news. */
export function speakerTurnsAtMs(core: Core): number | undefined {
  const playing = core.line.state === 'open' && core.speaker ? playingNow(core) : undefined;
  return playing && playedAtMs(core, playing);
}

/** A late speaker may say that more of an answer is left than the clock said, and a line that breaks may put some back: that does not begin it again. */
function playingNow(core: Core): Playout | undefined {
  return core.playout.find((part) => !part.stopped && playedAtMs(core, part) > soundNow(core));
}

/** When it counts as played: the last of all there is not before the speaker says so, if it says anything. */
function playedAtMs({ playout, speakerLeftMs = 0 }: Core, part: Playout): number {
  return part === playout.at(-1) && speakerLeftMs > toleratedMs ? part.endsAtMs + lateSpeakerMs : part.endsAtMs;
}
