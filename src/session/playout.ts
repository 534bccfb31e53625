// How much of an answer was heard. A WebSocket client plays by itself, so hearing is reckoned from the pace of real time until the
// client's own conversation.item.truncate says better.
import type { Item } from '../protocol/items.ts';
import { type Entry, type Speech, statusOf } from './history.ts';
import { type Core, send } from './state.ts';

/** Nobody speaks faster than this; it bounds the guess where the engine gives no word times. */
const mostCharactersPerMs = 0.02;

/** How long it takes from when a sound is sent at its pace until it is heard. A client that plays by itself is reckoned to need no time. */
function lagMs(core: Core): number {
  return core.birth.speaker?.lagMs ?? 0;
}

/** More of an answer's sound has left. */
export function lengthen(core: Core, response: string, item: string, ms: number): void {
  core.playout = core.playout.filter(({ endsAtMs }) => endsAtMs + lagMs(core) > core.now);
  const last = core.playout.at(-1);
  const startsAtMs = Math.max(last?.endsAtMs ?? 0, core.now);
  if (last?.item === item) last.endsAtMs = startsAtMs + ms;
  else core.playout.push({ response, item, startsAtMs, endsAtMs: startsAtMs + ms });
}

/** When all that was made will have been heard. */
export function playoutEndsAtMs(core: Core): number {
  const last = core.playout.at(-1);
  return last ? Math.max(core.now, last.endsAtMs + lagMs(core)) : core.now;
}

export function isAudible(core: Core): boolean {
  return playoutEndsAtMs(core) > core.now;
}

/** The listener has been interrupted: what was not heard leaves the history. */
export function stopPlayout(core: Core): void {
  for (const { item } of core.playout) {
    const entry = core.conversation.get(item);
    if (entry) cutToHeard(core, entry);
  }
  if (core.birth.speaker && isAudible(core)) core.effects.push({ kind: 'speaker.clear' });
  core.playout = [];
  if (core.sounding === undefined) return;
  send(core, { type: 'output_audio_buffer.cleared', response_id: core.sounding });
  core.sounding = undefined;
}

/** Cuts an answer that goes no further to what has been heard of it by now, unless the client itself has said how much that is. */
export function cutToHeard(core: Core, { speech, item }: Entry): void {
  if (!speech || speech.clientCutMs !== undefined) return;
  const playing = core.playout.find((part) => part.item === item.id);
  const aheadMs = playing ? Math.max(0, playing.endsAtMs - Math.max(core.now - lagMs(core), playing.startsAtMs)) : 0;
  // The words run ahead of the sound: of an unfinished answer, what has not been spoken was not heard either.
  if (aheadMs <= 0 && statusOf(item) !== 'in_progress') return;
  const heardMs = Math.max(0, Math.round(speech.madeMs - aheadMs));
  if (speech.heardMs !== undefined && speech.heardMs <= heardMs) return;
  truncate(item, speech, heardMs);
  // Who plays by itself says what it has played; of our own speaker we know.
  if (core.birth.speaker && core.conversation.get(item.id))
    send(core, { type: 'conversation.item.truncated', item_id: item.id, content_index: 0, audio_end_ms: heardMs });
}

/** Words whose sound was never made were not heard; the sound that was made plays on. */
export function cutToSpoken({ item, speech }: Entry): void {
  if (speech && speech.clientCutMs === undefined) truncate(item, speech, Math.round(speech.madeMs));
}

/** The one place where an answer is cut to what was heard; undefined when that is all of it. */
export function truncate(item: Item, speech: Speech, heardMs: number | undefined): void {
  speech.heardMs = heardMs;
  if (item.type === 'message' && item.role === 'assistant') {
    for (const part of item.content) if (part.type === 'output_audio') part.transcript = heardText(speech);
  }
}

/** The words that were heard whole: rounded down, so that the model never believes it said more. */
export function heardText(speech: Speech): string {
  const { heardMs, text } = speech;
  if (heardMs === undefined) return text;
  if (speech.words.length > 0)
    return textUpTo(
      text,
      speech.words.filter((word) => word.endMs <= heardMs).map((word) => word.text),
    );
  const share = speech.madeMs > 0 ? heardMs / speech.madeMs : 0;
  const characters = Math.floor(Math.min(text.length * share, heardMs * mostCharactersPerMs));
  if (characters >= text.length) return text;
  const lastSpace = text.slice(0, characters + 1).search(/\s\S*$/);
  return lastSpace < 0 ? '' : text.slice(0, lastSpace).trimEnd();
}

/** The same without the fillers before it: those the model never said, and is not to learn from itself. */
export function heardAnswer(speech: Speech): string {
  const heard = heardText(speech);
  return heard.startsWith(speech.filler) ? heard.slice(speech.filler.length) : '';
}

/** The head of `text` that these words, in order, reach to. Engines may speak a word otherwise than it is written: those are passed by. */
function textUpTo(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  let end = 0;
  for (const word of words) {
    const key = word.toLowerCase().replace(/^[^\p{L}\p{N}]+|(?<=[\p{L}\p{N}])[^\p{L}\p{N}]+$/gu, '');
    if (key === '') continue;
    const at = lower.indexOf(key, end);
    if (at >= 0 && at - end < 40) end = at + key.length;
  }
  if (end === 0) return '';
  const trailing = /^[^\s\p{L}\p{N}]*/u.exec(text.slice(end))?.[0] ?? '';
  return text.slice(0, end) + trailing;
}
