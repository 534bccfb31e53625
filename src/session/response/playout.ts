// How much of an answer was heard. A WebSocket client plays by itself, so hearing is reckoned from the pace of real time until the
// client's own conversation.item.truncate says better.
import { type Entry, statusOf } from '../conversation/history.ts';
import { type Core, send } from '../core.ts';

/** How long it takes from when a sound is sent at its pace until it is heard. A client that plays by itself is reckoned to need no time. */
export function lagMs(core: Core): number {
  return core.speaker?.lagMs ?? 0;
}

/** The time as the listener hears it: it stands still while the line is lost or on hold. */
export function soundNow({ line, now }: Core): number {
  return line.state === 'open' ? now : line.atMs;
}

/** More of an answer's sound has left. */
export function lengthen(core: Core, response: string, item: string, ms: number): void {
  core.playout = core.playout.filter(({ endsAtMs }) => endsAtMs + lagMs(core) > soundNow(core));
  const last = core.playout.at(-1);
  const startsAtMs = Math.max(last?.endsAtMs ?? 0, soundNow(core));
  if (last?.item === item) last.endsAtMs = startsAtMs + ms;
  else core.playout.push({ response, item, startsAtMs, endsAtMs: startsAtMs + ms });
  if (core.speakerLeftMs !== undefined) core.speakerLeftMs += ms;
}

/** When all that was made will have been heard. */
export function playoutEndsAtMs(core: Core): number {
  const last = core.playout.at(-1);
  return last ? Math.max(soundNow(core), last.endsAtMs + lagMs(core)) : soundNow(core);
}

export function isAudible(core: Core): boolean {
  return playoutEndsAtMs(core) > soundNow(core);
}

/** The listener has been interrupted: what was not heard leaves the history. */
export function stopPlayout(core: Core): void {
  for (const { item } of core.playout) {
    const entry = core.conversation.get(item);
    if (entry) cutToHeard(core, entry);
  }
  if (core.speaker && isAudible(core)) core.effects.push({ kind: 'speaker.clear' });
  core.playout = [];
  if (core.speakerLeftMs !== undefined) core.speakerLeftMs = 0;
  if (core.sounding === undefined) return;
  send(core, { type: 'output_audio_buffer.cleared', response_id: core.sounding });
  core.sounding = undefined;
}

/** Cuts an answer that goes no further to what has been heard of it by now, unless the client itself has said how much that is. */
export function cutToHeard(core: Core, { speech, item }: Entry): void {
  if (!speech || speech.clientCutMs !== undefined) return;
  const playing = core.playout.find((part) => part.item === item.id);
  const aheadMs = playing ? Math.max(0, playing.endsAtMs - Math.max(soundNow(core) - lagMs(core), playing.startsAtMs)) : 0;
  // The words run ahead of the sound: of an unfinished answer, what has not been spoken was not heard either.
  if (aheadMs <= 0 && statusOf(item) !== 'in_progress') return;
  const heardMs = Math.max(0, Math.round(speech.madeMs - aheadMs));
  if (speech.heardMs !== undefined && speech.heardMs <= heardMs) return;
  speech.heardMs = heardMs;
  // Who plays by itself says what it has played; of our own speaker we know.
  if (core.speaker && core.conversation.get(item.id))
    send(core, { type: 'conversation.item.truncated', item_id: item.id, content_index: 0, audio_end_ms: heardMs });
}

/** Words whose sound was never made were not heard; the sound that was made plays on. */
export function cutToSpoken({ speech }: Entry): void {
  if (speech && speech.clientCutMs === undefined) speech.heardMs = Math.round(speech.madeMs);
}
