// What a conversation may hold. What a client puts in is refused when there is no room for it; what the talk itself adds (turns, answers,
// calls of tools) never is: it has a reserve of its own, and beyond that the oldest items go.
import { errors } from '../../protocol/errors.ts';
import type { ClientItem, InputItem } from '../../protocol/items.ts';
import { type Core, liveResponse } from '../core.ts';
import { isHeld } from '../questions.ts';
import { unitKey } from './context.ts';
import { bytesOf, type Entry } from './history.ts';

export const mostItems = 4000;
/** What the talk itself may add beyond what its client may put in. */
export const reserveBytes = 8 * 1024 * 1024;
const reserveItems = 400;
/** Settings of a response's own that are never refused: a conversation that is full goes on. */
const smallBytes = 64 * 1024;
/** The newest items stay: what is being said now is among them. */
const keptItems = 8;

/** Sound a client put in that has no words yet. */
export function soundOf(item: ClientItem | Exclude<InputItem, { type: 'item_reference' }>): string | Uint8Array | undefined {
  if (item.type !== 'message' || item.role !== 'user') return undefined;
  for (const part of item.content) {
    if (part.type === 'input_audio' && part.transcript == null) return part.audio ?? '';
  }
  return undefined;
}

/** Bytes of a client's sound, in base64 or no more. */
export function soundBytes(sound: string | Uint8Array): number {
  return typeof sound === 'string' ? Math.floor((sound.length * 3) / 4) : sound.length;
}

/**
 * Items that a client brings along, into the conversation or beside it, and the bytes of a response's own settings.
 * @throws RealtimeError `conversation_too_large` naming the field: there is no room for them.
 */
export function admit(
  core: Core,
  entries: readonly Pick<Entry, 'item' | 'speech' | 'soundBytes'>[],
  param: string,
  settingsBytes = 0,
): void {
  if (entries.length === 0 && settingsBytes <= smallBytes) return;
  const { conversation, birth, live } = core;
  let [bytes, items] = [conversation.bytes + settingsBytes, conversation.entries.length];
  for (const { ownBytes } of live) bytes += ownBytes;
  for (const entry of entries) bytes += bytesOf(entry);
  items += entries.length;
  const most = { bytes: birth.conversationBytes, items: mostItems };
  if (entries.every(isAnswer)) {
    most.bytes += reserveBytes;
    most.items += reserveItems;
  }
  if (bytes > most.bytes || items > most.items) throw errors.conversationTooLarge(param, { bytes, items }, most);
}

/** What the model itself has asked for belongs to the talk: without it nothing goes on. */
function isAnswer({ item }: Pick<Entry, 'item'>): boolean {
  return item.type === 'function_call_output' || item.type === 'mcp_approval_response';
}

/** The oldest items, without which the conversation is within its bounds again. */
export function outgrown(core: Core): Entry[] {
  const { conversation, birth } = core;
  const { entries } = conversation;
  const mostBytes = birth.conversationBytes + reserveBytes;
  if (conversation.bytes <= mostBytes && entries.length <= mostItems + reserveItems) return [];
  const stays = (entry: Entry) =>
    isHeld(core, entry.item) ||
    entry.transcript.state === 'pending' ||
    (entry.response !== undefined && liveResponse(core, entry.response) !== undefined);
  // A call without its result, or the other way round, is what no model accepts: they go together, or stay together.
  const needed = new Set(entries.filter((entry, index) => index >= entries.length - keptItems || stays(entry)).map(unitKey));
  const gone: Entry[] = [];
  let [bytes, items] = [conversation.bytes, entries.length];
  const units = Map.groupBy(entries, unitKey);
  for (const [key, unit] of units) {
    if (bytes <= birth.conversationBytes && items <= mostItems) break;
    if (needed.has(key)) continue;
    gone.push(...unit);
    items -= unit.length;
    for (const entry of unit) bytes -= entry.bytes;
  }
  return gone;
}
