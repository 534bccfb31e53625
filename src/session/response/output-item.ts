// An item of a response: it is told of when it opens and when it is whole, in the conversation and in the response.
import { type Entry, snapshot } from '../conversation/history.ts';
import { type Core, send } from '../core.ts';
import type { Response } from '../state.ts';

/** Of an item of a live response. */
export function entryOf(core: Core, id: string): Entry {
  const entry = core.conversation.find(id);
  if (!entry) throw new Error(`The item ${id} of a live response is not kept.`);
  return entry;
}

export function openItem(core: Core, response: Response, entry: Entry): void {
  const output_index = response.output.length;
  response.output.push(entry.item.id);
  send(core, { type: 'response.output_item.added', response_id: response.id, output_index, item: snapshot(entry) });
  if (response.settings.outOfBand) {
    core.conversation.keepBeside(entry);
    return;
  }
  core.conversation.append(entry);
  send(core, { type: 'conversation.item.added', previous_item_id: core.conversation.previousId(entry), item: snapshot(entry) });
}

/** The conversation's word comes first, as it does at OpenAI's. */
export function tellDone(core: Core, response: Response, { item: id, index }: { item: string; index: number }): void {
  const entry = entryOf(core, id);
  core.conversation.measure(entry);
  if (!response.settings.outOfBand && core.conversation.get(id)) {
    send(core, { type: 'conversation.item.done', previous_item_id: core.conversation.previousId(entry), item: snapshot(entry) });
  }
  send(core, { type: 'response.output_item.done', response_id: response.id, output_index: index, item: snapshot(entry) });
}

export function itemPlace(response: Response, { item, index }: { item: string; index: number }) {
  return { response_id: response.id, item_id: item, output_index: index };
}
