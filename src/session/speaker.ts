// output_audio_buffer.*: our own speaker, which a call has. What of an answer it plays is told when it begins, ends, or is cut off.
import { cancelResponse } from './response.ts';
import type { FactOf } from './facts.ts';
import { stopPlayout } from './playout.ts';
import { type Core, liveResponse, type Playout, send } from './state.ts';

/** Sound that is sent this far from when it should have been is no reason to reckon anew. */
const toleratedMs = 10;

/** The client wants silence. */
export function clearSpeaker(core: Core): void {
  if (core.birth.speaker) stopAnswers(core, 'client_cancelled');
}

/** The answer ends, and whatever else is being heard: what is made of it later could not be told from what was dropped. */
export function stopAnswers(core: Core, reason: 'turn_detected' | 'client_cancelled'): void {
  const heard = new Set(core.playout.map(({ response }) => response));
  for (const response of [...core.live]) if (response === core.active || heard.has(response.id)) cancelResponse(core, response, reason);
  stopPlayout(core);
}

/** The speaker says how far it is: it may have run out and begun again, or be late. */
export function onPlayed(core: Core, { aheadMs }: FactOf<'speaker.played'>): void {
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
  if (!core.birth.speaker) return;
  const playing = playingNow(core);
  // An answer that is still being made has not ended because it has run out of sound.
  if (core.sounding !== undefined && playing?.response !== core.sounding && (playing || !liveResponse(core, core.sounding))) {
    send(core, { type: 'output_audio_buffer.stopped', response_id: core.sounding });
    core.sounding = undefined;
  }
  if (playing && core.sounding === undefined) {
    core.sounding = playing.response;
    send(core, { type: 'output_audio_buffer.started', response_id: playing.response });
  }
}

/** When it will next be news. */
export function speakerTurnsAtMs(core: Core): number | undefined {
  return core.birth.speaker && playingNow(core)?.endsAtMs;
}

function playingNow(core: Core): Playout | undefined {
  return core.playout.find(({ endsAtMs }) => endsAtMs > core.now);
}
