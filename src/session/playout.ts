// How much of an answer was heard. A WebSocket client plays by itself, so hearing is reckoned from the pace of real time until the
// client's own conversation.item.truncate says better.
import type { Entry, Speech } from './history.ts';
import type { Core } from './state.ts';

/** Nobody speaks faster than this; it bounds the guess where the engine gives no word times. */
const mostCharactersPerMs = 0.02;

/** More of an answer's sound has left. */
export function lengthen(core: Core, item: string, ms: number): void {
  const startMs = core.playout ? Math.max(core.playout.endsAtMs, core.now) : core.now;
  core.playout = { item, endsAtMs: startMs + ms };
}

export function isAudible(core: Core): boolean {
  return core.playout !== undefined && core.playout.endsAtMs > core.now;
}

/** Milliseconds of this speech that have been heard by now, if it is the one that plays. */
export function heardNow(core: Core, speech: Speech): number {
  const aheadMs = core.playout ? Math.max(0, core.playout.endsAtMs - core.now) : 0;
  return Math.max(0, Math.round(speech.madeMs - aheadMs));
}

/** The listener has been interrupted: what was not heard leaves the history. */
export function stopPlayout(core: Core): void {
  const { playout } = core;
  core.playout = undefined;
  const entry = playout && core.conversation.get(playout.item);
  if (!entry?.speech || !playout || playout.endsAtMs <= core.now) return;
  const aheadMs = playout.endsAtMs - core.now;
  truncate(entry, entry.speech, Math.max(0, Math.round(entry.speech.madeMs - aheadMs)));
}

/** The one place where an answer is cut to what was heard. */
export function truncate(entry: Entry, speech: Speech, heardMs: number): void {
  speech.heardMs = heardMs;
  const { item } = entry;
  if (item.type === 'message' && item.role === 'assistant') {
    for (const part of item.content) if (part.type === 'output_audio') part.transcript = heardText(speech);
  }
}

/** The words that were heard whole: rounded down, so that the model never believes it said more. */
export function heardText(speech: Speech): string {
  const { heardMs, text } = speech;
  if (heardMs === undefined) return text;
  if (speech.words.length > 0) return textUpTo(text, speech.words.filter((word) => word.endMs <= heardMs).map((word) => word.text));
  const share = speech.madeMs > 0 ? heardMs / speech.madeMs : 0;
  const characters = Math.floor(Math.min(text.length * share, heardMs * mostCharactersPerMs));
  if (characters >= text.length) return text;
  const lastSpace = text.slice(0, characters + 1).search(/\s\S*$/);
  return lastSpace < 0 ? '' : text.slice(0, lastSpace).trimEnd();
}

/** The head of `text` that these words, in order, reach to. Engines may speak a word otherwise than it is written: those are passed by. */
function textUpTo(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  let end = 0;
  for (const word of words) {
    const key = word.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
    if (key === '') continue;
    const at = lower.indexOf(key, end);
    if (at >= 0 && at - end < 40) end = at + key.length;
  }
  if (end === 0) return '';
  const trailing = /^[^\s\p{L}\p{N}]*/u.exec(text.slice(end))?.[0] ?? '';
  return text.slice(0, end) + trailing;
}
