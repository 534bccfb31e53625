// conversation.item.*: the list of what was said, in order, and the client's ways to change it.
import type { ClientEvents } from '../../protocol/client-events.ts';
import { errors } from '../../protocol/errors.ts';
import { completeItem } from '../../protocol/items.ts';
import { type Core, expectWords, forgetWords, liveResponse, mint, promisedItem, send, tell } from '../core.ts';
import { admitItem } from '../questions.ts';
import { admit, outgrown, soundBytes, soundOf } from './budget.ts';
import { type Entry, newEntry, snapshot, statusOf } from './history.ts';

/** Tells of an item that came whole: `added`, then `done`. */
export function announce(core: Core, entry: Entry): void {
  const previous_item_id = core.conversation.previousId(entry);
  send(core, { type: 'conversation.item.added', previous_item_id, item: snapshot(entry) });
  send(core, { type: 'conversation.item.done', previous_item_id, item: snapshot(entry) });
}

export function createItem(core: Core, event: ClientEvents['conversation.item.create']): void {
  const { conversation } = core;
  const id = event.item.id ?? mint(core, 'item');
  if (conversation.find(id) || promisedItem(core) === id) throw errors.duplicateItem(id);
  const at = position(core, event.previous_item_id);
  const item = completeItem(event.item, id, () => mint(core, 'call'));
  if (item.type === 'function_call_output' && !conversation.callOf(item.call_id)) throw errors.unknownCall(item.call_id);
  if (item.type === 'mcp_approval_response') checkRequest(core, item.approval_request_id);
  const sound = soundOf(event.item);
  const entry = { ...newEntry(item), soundBytes: sound === undefined ? 0 : soundBytes(sound) };
  admit(core, [entry], 'item');
  admitItem(core, event.item);
  if (sound !== undefined) expectWords(core, entry);
  conversation.insert(entry, at);
  conversation.countGiven();
  core.quietSince = undefined;
  announce(core, entry);
  if (sound !== undefined) {
    core.effects.push({ kind: 'transcribe', item: id, audio: sound, format: core.config.audio.input.format });
  }
  tell(core, { kind: 'item.given', entry });
}

function position(core: Core, previousItemId: string | null | undefined): number {
  const { entries } = core.conversation;
  if (previousItemId == null) return entries.length;
  if (previousItemId === 'root') return 0;
  const previous = core.conversation.get(previousItemId);
  if (!previous) throw errors.itemNotFound('previous_item_id', previousItemId);
  return entries.indexOf(previous) + 1;
}

function checkRequest({ conversation }: Core, id: string): void {
  if (conversation.get(id)?.item.type === 'mcp_approval_request') return;
  throw errors.invalid('item.approval_request_id', `There is no approval request '${id}' in the conversation.`);
}

export function retrieveItem(core: Core, event: ClientEvents['conversation.item.retrieve']): void {
  const entry = core.conversation.get(event.item_id);
  if (!entry) throw errors.retrieveUnknown(event.item_id);
  core.effects.push({
    kind: 'send.retrieved',
    item: event.item_id,
    event: { type: 'conversation.item.retrieved', event_id: mint(core, 'event'), item: snapshot(entry) },
    heardMs: entry.speech?.heardMs,
  });
}

export function deleteItem(core: Core, event: ClientEvents['conversation.item.delete']): void {
  const entry = core.conversation.get(event.item_id);
  if (!entry) throw errors.deleteUnknown(event.item_id);
  const open = core.active?.open;
  if (open && open.kind !== 'approval' && open.item === event.item_id)
    throw errors.invalid('item_id', `The item '${event.item_id}' is still being made; cancel its response first.`);
  remove(core, entry);
  tell(core, { kind: 'words.settled' });
}

/** The item is gone, and all that is known of it. */
function remove(core: Core, entry: Entry): void {
  const item_id = entry.item.id;
  core.conversation.remove(entry);
  // A live response tells of all that it made when it ends.
  if (entry.response !== undefined && liveResponse(core, entry.response)) core.conversation.keepBeside(entry);
  tell(core, { kind: 'item.removed', item: item_id });
  forgetWords(core, item_id);
  core.effects.push({ kind: 'item.forget', item: item_id });
  send(core, { type: 'conversation.item.deleted', item_id });
}

/** What was said is never refused: when there is too much of it, the oldest goes, and the client is told as if it had deleted it. */
export function keepWithinBudget(core: Core): void {
  for (const entry of outgrown(core)) remove(core, entry);
}

/** `audio_end_ms` past the end is not an error but the end: clients measure with clocks of their own (protocol 4.7). */
export function truncateItem(core: Core, event: ClientEvents['conversation.item.truncate']): void {
  const entry = core.conversation.get(event.item_id);
  if (!entry) throw errors.truncateUnknown(event.item_id);
  if (!entry.speech) throw errors.truncateNotAudio();
  if (event.content_index !== 0) throw errors.invalid('content_index', 'The item has one content part: content_index must be 0.');
  const { speech } = entry;
  const madeMs = Math.round(speech.madeMs);
  const heardMs = Math.min(event.audio_end_ms, madeMs);
  // Our own reckoning of what was heard gives way to the client's, whichever is later; the client's word is given once.
  if (speech.clientCutMs !== undefined && heardMs > speech.clientCutMs) throw errors.alreadyTruncated(event.item_id, speech.clientCutMs);
  speech.clientCutMs = heardMs;
  const playing = core.playout.some(({ item }) => item === event.item_id);
  if (!core.speaker) core.playout = core.playout.filter(({ item }) => item !== event.item_id);
  speech.heardMs = heardMs === madeMs && statusOf(entry.item) === 'completed' ? undefined : heardMs;
  send(core, { type: 'conversation.item.truncated', item_id: event.item_id, content_index: 0, audio_end_ms: heardMs });
  tell(core, { kind: 'item.cut', entry, playing });
}
