// What a response consists of: its items open one after the other and close before the next, each event in its contracted place.
import type { AssistantMessage, FunctionCall, ItemStatus, McpCall } from '../../protocol/items.ts';
import type { ResponsePart } from '../../protocol/server-events.ts';
import { type Entry, newEntry } from '../conversation/history.ts';
import { heardText, newSpeech } from '../conversation/spoken.ts';
import { type Core, mint, send } from '../core.ts';
import type { FactOf } from '../facts.ts';
import { timingOf } from '../questions.ts';
import type { OpenOutput, Response } from '../state.ts';
import { entryOf, itemPlace, openItem, tellDone } from './output-item.ts';
import { lengthen } from './playout.ts';
import { runOf } from './run.ts';
import { endMcpCall, interrupted, openMcpCall } from './server-calls.ts';

type OpenMessage = Extract<OpenOutput, { kind: 'message' }>;
type OpenCall = Extract<OpenOutput, { kind: 'call' }>;

/** What is said in a response, whether its run has brought it or another. */
type Said<K extends 'run.text' | 'run.audio'> = Omit<FactOf<K>, 'kind' | 'run'>;

export function onText(core: Core, response: Response, fact: Said<'run.text'>): void {
  const open = openMessage(core, response);
  const { item, speech } = entryOf(core, open.item);
  const [part] = (item as AssistantMessage).content;
  if (speech) speech.text += fact.delta;
  else if (part?.type === 'output_text') part.text += fact.delta;
  send(core, {
    type: open.part === 'audio' ? 'response.output_audio_transcript.delta' : 'response.output_text.delta',
    ...partPlace(response, open),
    delta: fact.delta,
  });
}

export function onAudio(core: Core, response: Response, fact: Said<'run.audio'>): void {
  const open = openMessage(core, response);
  const { speech, item } = entryOf(core, open.item);
  if (!speech) return;
  speech.madeMs += fact.ms;
  const { outOfBand, format } = response.settings;
  const { leadMs } = speech;
  const words = fact.words?.map(({ text, startMs, endMs }) => ({ text, startMs: startMs + leadMs, endMs: endMs + leadMs }));
  const timing = timingOf(core, response, words, speech.words.at(-1));
  if (words) speech.words.push(...words);
  // On a call the sound goes over the line, and the deltas that would carry them do not.
  const apart = timing?.apart === true || core.speaker !== undefined;
  core.spoke = true;
  // Of two voices at once a client makes what it wants; our own speaker plays everything, one after the other.
  if (!outOfBand || core.speaker) lengthen(core, response.id, item.id, fact.ms);
  core.effects.push({
    kind: 'send.audio',
    eventId: mint(core, 'event'),
    response: response.id,
    item: item.id,
    outputIndex: open.index,
    contentIndex: 0,
    bytes: fact.bytes,
    format,
    outOfBand,
    ...(timing && !apart ? { timestamps: timing.info } : {}),
  });
  if (timing && apart) {
    send(core, { type: 'response.output_audio.delta', ...partPlace(response, open), delta: '', timestamp_info: timing.info });
  }
}

export function onCall(core: Core, response: Response, fact: FactOf<'run.call'>): void {
  closeOutput(core, response, 'completed');
  const mcp = runOf(core, response)?.mcpTools.find(({ name }) => name === fact.name)?.of;
  if (mcp) {
    openMcpCall(core, response, fact.callId, mcp, null);
    return;
  }
  const item: FunctionCall = {
    id: mint(core, 'item'),
    object: 'realtime.item',
    type: 'function_call',
    status: 'in_progress',
    call_id: fact.callId,
    name: fact.name,
    arguments: '',
  };
  const entry = newEntry(item, response.id);
  response.open = { kind: 'call', item: item.id, index: response.output.length, callId: fact.callId, name: fact.name };
  openItem(core, response, entry);
}

export function onArguments(core: Core, response: Response, fact: FactOf<'run.arguments'>): void {
  const { open } = response;
  if (open && open.kind !== 'message' && open.callId === fact.callId) addArguments(core, response, open, fact.delta);
}

function addArguments(core: Core, response: Response, open: Exclude<OpenOutput, OpenMessage>, delta: string): void {
  if (open.kind === 'approval') {
    open.request.arguments += delta;
    return;
  }
  (entryOf(core, open.item).item as FunctionCall | McpCall).arguments += delta;
  if (open.kind === 'call') {
    send(core, { type: 'response.function_call_arguments.delta', ...callPlace(response, open), delta });
    return;
  }
  send(core, { type: 'response.mcp_call_arguments.delta', ...itemPlace(response, open), delta, obfuscation: '' });
}

/** A tool that is called with nothing is called with an empty object. */
function completeArguments(core: Core, response: Response, open: Exclude<OpenOutput, OpenMessage>): void {
  const call = open.kind === 'approval' ? open.request : (entryOf(core, open.item).item as FunctionCall | McpCall);
  if (call.arguments === '') addArguments(core, response, open, '{}');
}

function openMessage(core: Core, response: Response): OpenMessage {
  if (response.open?.kind === 'message') return response.open;
  closeOutput(core, response, 'completed');
  const part = response.settings.modalities.includes('audio') ? 'audio' : 'text';
  const item: AssistantMessage = {
    id: mint(core, 'item'),
    object: 'realtime.item',
    type: 'message',
    status: 'in_progress',
    role: 'assistant',
    content: [],
  };
  const entry = newEntry(item, response.id);
  if (part === 'audio') entry.speech = newSpeech();
  const message: OpenMessage = { kind: 'message', item: item.id, index: response.output.length, part };
  response.open = message;
  openItem(core, response, entry);
  item.content.push(part === 'audio' ? { type: 'output_audio', transcript: '' } : { type: 'output_text', text: '' });
  send(core, { type: 'response.content_part.added', ...partPlace(response, message), part: responsePart(entry) });
  return message;
}

/** Closes the open item, if there is one, with all its `.done` events: they come however the response ends. */
export function closeOutput(core: Core, response: Response, status: ItemStatus): void {
  const { open } = response;
  if (!open) return;
  response.open = undefined;
  if (open.kind !== 'message' && status === 'completed') completeArguments(core, response, open);
  switch (open.kind) {
    case 'message':
      (entryOf(core, open.item).item as AssistantMessage).status = status;
      closePart(core, response, open);
      break;
    case 'call': {
      const call = entryOf(core, open.item).item as FunctionCall;
      call.status = status;
      send(core, {
        type: 'response.function_call_arguments.done',
        ...callPlace(response, open),
        name: open.name,
        arguments: call.arguments,
      });
      break;
    }
    case 'approval':
      // A request that is not whole is none.
      if (status !== 'completed') return;
      openItem(core, response, newEntry(open.request, response.id));
      tellDone(core, response, { item: open.request.id, index: open.index });
      return;
    case 'mcp': {
      const item = entryOf(core, open.item).item as McpCall;
      send(core, { type: 'response.mcp_call_arguments.done', ...itemPlace(response, open), arguments: item.arguments });
      response.calling.push({ item: item.id, index: open.index });
      if (status !== 'completed') {
        endMcpCall(core, response, item.id, { error: interrupted });
        return;
      }
      send(core, { type: 'response.mcp_call.in_progress', item_id: item.id, output_index: open.index });
      core.effects.push({ kind: 'mcp.call', item: item.id, label: item.server_label, name: item.name, arguments: item.arguments });
      return;
    }
  }
  tellDone(core, response, open);
}

function closePart(core: Core, response: Response, open: OpenMessage): void {
  const place = partPlace(response, open);
  const part = responsePart(entryOf(core, open.item));
  if (part.type === 'audio') {
    send(core, { type: 'response.output_audio.done', ...place });
    send(core, { type: 'response.output_audio_transcript.done', ...place, transcript: part.transcript });
  } else {
    send(core, { type: 'response.output_text.done', ...place, text: part.text });
  }
  send(core, { type: 'response.content_part.done', ...place, part });
}

/** A part's name within a response is the short one (conflict C11). */
function responsePart({ item, speech }: Entry): ResponsePart {
  if (speech) return { type: 'audio', transcript: heardText(speech) };
  const [part] = (item as AssistantMessage).content;
  return { type: 'text', text: part?.type === 'output_text' ? part.text : '' };
}

function partPlace(response: Response, open: OpenMessage) {
  return { response_id: response.id, item_id: open.item, output_index: open.index, content_index: 0 };
}

function callPlace(response: Response, open: OpenCall) {
  return { response_id: response.id, item_id: open.item, output_index: open.index, call_id: open.callId };
}
