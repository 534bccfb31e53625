// What a response consists of: its items open one after the other and close before the next, each event in its contracted place.
import type { AssistantMessage, FunctionCall, ItemStatus } from '../protocol/items.ts';
import type { ResponsePart } from '../protocol/server-events.ts';
import type { FactOf } from './facts.ts';
import { type Entry, newEntry, snapshot } from './history.ts';
import { lengthen } from './playout.ts';
import { type Core, type OpenOutput, type Response, send } from './state.ts';

type OpenMessage = Extract<OpenOutput, { kind: 'message' }>;
type OpenCall = Extract<OpenOutput, { kind: 'call' }>;

export function onText(core: Core, response: Response, fact: FactOf<'reply.text'>): void {
  const open = openMessage(core, response);
  const [part] = (open.entry.item as AssistantMessage).content;
  if (part?.type === 'output_text') part.text += fact.delta;
  else if (part?.type === 'output_audio') part.transcript += fact.delta;
  if (open.entry.speech) open.entry.speech.text += fact.delta;
  send(core, {
    type: open.part === 'audio' ? 'response.output_audio_transcript.delta' : 'response.output_text.delta',
    ...partPlace(response, open),
    delta: fact.delta,
  });
}

export function onAudio(core: Core, response: Response, fact: FactOf<'reply.audio'>): void {
  const open = openMessage(core, response);
  const { speech, item } = open.entry;
  if (!speech) return;
  speech.madeMs += fact.ms;
  if (fact.words) speech.words.push(...fact.words);
  if (!response.settings.outOfBand) lengthen(core, item.id, fact.ms);
  core.effects.push({
    kind: 'send.audio',
    response: response.id,
    item: item.id,
    outputIndex: open.index,
    contentIndex: 0,
    bytes: fact.bytes,
  });
}

export function onCall(core: Core, response: Response, fact: FactOf<'reply.call'>): void {
  closeOutput(core, response, 'completed');
  const item: FunctionCall = {
    id: core.birth.ids('item'),
    object: 'realtime.item',
    type: 'function_call',
    status: 'in_progress',
    call_id: fact.callId,
    name: fact.name,
    arguments: '',
  };
  const entry = newEntry(item, response.id);
  response.open = { kind: 'call', entry, index: response.output.length, callId: fact.callId, name: fact.name };
  open(core, response, entry);
}

export function onArguments(core: Core, response: Response, fact: FactOf<'reply.arguments'>): void {
  const open = response.open;
  if (open?.kind !== 'call' || open.callId !== fact.callId) return;
  (open.entry.item as FunctionCall).arguments += fact.delta;
  send(core, { type: 'response.function_call_arguments.delta', ...callPlace(response, open), delta: fact.delta });
}

function openMessage(core: Core, response: Response): OpenMessage {
  if (response.open?.kind === 'message') return response.open;
  closeOutput(core, response, 'completed');
  const part = response.settings.modalities.includes('audio') ? 'audio' : 'text';
  const item: AssistantMessage = {
    id: core.birth.ids('item'),
    object: 'realtime.item',
    type: 'message',
    status: 'in_progress',
    role: 'assistant',
    content: [],
  };
  const entry = newEntry(item, response.id);
  if (part === 'audio') entry.speech = { text: '', words: [], madeMs: 0, heardMs: undefined, clientCutMs: undefined };
  const message: OpenMessage = { kind: 'message', entry, index: response.output.length, part };
  response.open = message;
  open(core, response, entry);
  item.content.push(part === 'audio' ? { type: 'output_audio', transcript: '' } : { type: 'output_text', text: '' });
  send(core, { type: 'response.content_part.added', ...partPlace(response, message), part: responsePart(item) });
  return message;
}

function open(core: Core, response: Response, entry: Entry): void {
  const output_index = response.output.length;
  response.output.push(entry.item);
  send(core, { type: 'response.output_item.added', response_id: response.id, output_index, item: snapshot(entry.item) });
  if (response.settings.outOfBand) return;
  core.conversation.append(entry);
  send(core, { type: 'conversation.item.added', previous_item_id: core.conversation.previousId(entry), item: snapshot(entry.item) });
}

/** Closes the open item, if there is one, with all its `.done` events: they come however the response ends. */
export function closeOutput(core: Core, response: Response, status: ItemStatus): void {
  const { open } = response;
  if (!open) return;
  response.open = undefined;
  const { item } = open.entry;
  item.status = status;
  if (open.kind === 'message') closePart(core, response, open);
  else {
    const call = item as FunctionCall;
    send(core, { type: 'response.function_call_arguments.done', ...callPlace(response, open), name: open.name, arguments: call.arguments });
  }
  send(core, { type: 'response.output_item.done', response_id: response.id, output_index: open.index, item: snapshot(item) });
  if (response.settings.outOfBand || !core.conversation.get(item.id)) return;
  send(core, { type: 'conversation.item.done', previous_item_id: core.conversation.previousId(open.entry), item: snapshot(item) });
}

function closePart(core: Core, response: Response, open: OpenMessage): void {
  const place = partPlace(response, open);
  const part = responsePart(open.entry.item as AssistantMessage);
  if (part.type === 'audio') {
    send(core, { type: 'response.output_audio.done', ...place });
    send(core, { type: 'response.output_audio_transcript.done', ...place, transcript: part.transcript });
  } else {
    send(core, { type: 'response.output_text.done', ...place, text: part.text });
  }
  send(core, { type: 'response.content_part.done', ...place, part });
}

/** A part's name within a response is the short one (conflict C11). */
function responsePart(item: AssistantMessage): ResponsePart {
  const [part] = item.content;
  return part?.type === 'output_text' ? { type: 'text', text: part.text } : { type: 'audio', transcript: part?.transcript ?? '' };
}

function partPlace(response: Response, open: OpenMessage) {
  return { response_id: response.id, item_id: open.entry.item.id, output_index: open.index, content_index: 0 };
}

function callPlace(response: Response, open: OpenCall) {
  return { response_id: response.id, item_id: open.entry.item.id, output_index: open.index, call_id: open.callId };
}
