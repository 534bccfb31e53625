// A spoken turn as a server tells it, and the pieces for others.
import type { ServerEvent } from '../../console/src/realtime/events.ts';
import type { AssistantMessage, Item, UserMessage } from '../../src/protocol/items.ts';
import type { ResponseObject, StatusDetails } from '../../src/protocol/server-events.ts';

export function response(status: ResponseObject['status'], output: Item[], details: StatusDetails | null = null): ResponseObject {
  return {
    object: 'realtime.response',
    id: 'resp_1',
    status,
    status_details: details,
    output,
    conversation_id: 'conv_1',
    output_modalities: ['audio'],
    max_output_tokens: 'inf',
    audio: { output: { format: { type: 'audio/pcm', rate: 24000 }, voice: 'Dennis' } },
    metadata: null,
    usage: null,
  };
}

export function userItem(id: string, text: string): UserMessage {
  return { id, object: 'realtime.item', status: 'completed', type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
}

function assistantItem(id: string, status: AssistantMessage['status'], transcript: string): AssistantMessage {
  const content: AssistantMessage['content'] = status === 'in_progress' ? [] : [{ type: 'output_audio', transcript }];
  return { id, object: 'realtime.item', status, type: 'message', role: 'assistant', content };
}

/** An answer as the server has it after an interruption. */
export function heardItem(id: string, transcript: string): AssistantMessage {
  return assistantItem(id, 'incomplete', transcript);
}

export const answer: ServerEvent = { type: 'response.created', response: response('in_progress', []) };

export function done(status: 'completed' | 'cancelled', output: Item[]): ServerEvent {
  const details: StatusDetails | null = status === 'completed' ? null : { type: status, reason: 'turn_detected' };
  return { type: 'response.done', response: response(status, output, details) };
}

/** An answer that is being written, two words at a time. */
export function said(id: string, text: string): ServerEvent[] {
  const place = { response_id: 'resp_1', item_id: id, output_index: 0, content_index: 0 };
  const pieces = text.match(/\S+\s*\S*\s*/g) ?? [];
  return [
    answer,
    { type: 'conversation.item.added', previous_item_id: null, item: assistantItem(id, 'in_progress', '') },
    ...pieces.flatMap((delta): ServerEvent[] => [
      { type: 'response.output_audio_transcript.delta', ...place, delta },
      { type: 'response.output_audio.delta', ...place, delta: 'AAAA' },
    ]),
  ];
}

const heard = { id: 'item_u', object: 'realtime.item', status: 'completed', type: 'message', role: 'user' } as const;
const words = { item_id: 'item_u', content_index: 0 };

/** "What time is it?" – "It is noon. Or so." */
export const recorded: readonly ServerEvent[] = [
  { type: 'input_audio_buffer.speech_started', audio_start_ms: 600, item_id: 'item_u' },
  { type: 'conversation.item.input_audio_transcription.delta', ...words, delta: 'What' },
  { type: 'conversation.item.input_audio_transcription.delta', ...words, delta: ' time' },
  { type: 'input_audio_buffer.speech_stopped', audio_end_ms: 2100, item_id: 'item_u' },
  { type: 'input_audio_buffer.committed', item_id: 'item_u', previous_item_id: null },
  { type: 'conversation.item.added', previous_item_id: null, item: { ...heard, content: [{ type: 'input_audio', transcript: null }] } },
  { type: 'conversation.item.done', previous_item_id: null, item: { ...heard, content: [{ type: 'input_audio', transcript: null }] } },
  ...said('item_a', 'It is noon. Or so.').map((event) =>
    event.type === 'conversation.item.added' ? { ...event, previous_item_id: 'item_u' } : event,
  ),
  {
    type: 'conversation.item.input_audio_transcription.completed',
    ...words,
    transcript: 'What time is it?',
    usage: { type: 'duration', seconds: 2 },
  },
  { type: 'conversation.item.done', previous_item_id: 'item_u', item: assistantItem('item_a', 'completed', 'It is noon. Or so.') },
  done('completed', [assistantItem('item_a', 'completed', 'It is noon. Or so.')]),
];
