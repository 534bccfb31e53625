// The console's conversation, as its reducer draws it from sequences of events like those a server sends.
import { expect, test } from 'vitest';
import { type Conversation, converse, cutOff, emptyConversation, type Entry } from '../../console/src/realtime/conversation.ts';
import type { ServerEvent } from '../../console/src/realtime/events.ts';
import { divide } from '../../console/src/realtime/heard.ts';
import { replayOf } from '../../console/src/realtime/replay.ts';
import { answer, done, heardItem, recorded, response, said, userItem } from './recorded.ts';

function shown(events: readonly ServerEvent[]): Conversation {
  return events.reduce(converse, emptyConversation);
}

/** `You done: …` for each message, the other entries by their kind and state. */
function lines({ entries }: Conversation): string[] {
  return entries.map((entry: Entry) => {
    if (entry.kind === 'message') return `${entry.role} ${entry.state}: ${entry.kept ?? entry.text}`;
    return entry.kind === 'notice' ? entry.text : `${entry.kind}${'state' in entry ? ` ${entry.state}` : ''}`;
  });
}

test('a spoken turn shows room for the words, the words as they come, and the answer', () => {
  expect(lines(shown(recorded.slice(0, 1)))).toEqual(['user listening: ']);
  expect(lines(shown(recorded.slice(0, 3)))).toEqual(['user partial: What time']);
  expect(lines(shown(recorded))).toEqual(['user done: What time is it?', 'assistant done: It is noon. Or so.']);
  expect(shown(recorded).responseId).toBeUndefined();
});

test('speech that comes to nothing leaves nothing behind', () => {
  const [started] = recorded;
  const again: ServerEvent = { type: 'input_audio_buffer.speech_started', audio_start_ms: 900, item_id: 'item_2' };
  expect(lines(shown([started as ServerEvent, again]))).toEqual(['user listening: ']);
  expect(lines(shown([started as ServerEvent, { type: 'input_audio_buffer.cleared' }]))).toEqual([]);
});

test('an answer that is cut keeps all of its words, and knows which of them were heard', () => {
  const cut: ServerEvent[] = [
    { type: 'conversation.item.truncated', item_id: 'item_a', content_index: 0, audio_end_ms: 700 },
    { type: 'conversation.item.retrieved', item: heardItem('item_a', 'It is') },
  ];
  const state = shown([...recorded, ...cut]);
  const [, message] = state.entries;
  expect(message).toMatchObject({ state: 'interrupted', kept: 'It is', text: 'It is noon. Or so.' });
  expect(divide('It is noon. Or so.', 'It is')).toEqual({ heard: 'It is', unheard: ' noon. Or so.' });
});

test('an answer cancelled before a sound of it was heard is struck whole', () => {
  const state = shown([...said('item_a', 'One, two,'), done('cancelled', [heardItem('item_a', '')])]);
  expect(lines(state)).toEqual(['assistant interrupted: ']);
  expect(divide('One, two,', '')).toEqual({ heard: '', unheard: 'One, two,' });
});

test.each([
  ['One, two, three.', 'one two', 'One, two,', ' three.'],
  ['It is noon.', 'It is noon', 'It is noon.', ''],
  ['It is noon.', 'It is night', 'It is', ' noon.'],
])('of %j with %j kept, %j was heard', (full, kept, heard, unheard) => {
  expect(divide(full, kept)).toEqual({ heard, unheard });
});

test('an item is shown where the conversation has it, behind the remarks that follow its forerunner', () => {
  const first: ServerEvent = { type: 'conversation.item.added', previous_item_id: null, item: userItem('u1', 'First.') };
  const third: ServerEvent = { type: 'conversation.item.added', previous_item_id: 'u1', item: userItem('u3', 'Third.') };
  const second: ServerEvent = { type: 'conversation.item.added', previous_item_id: 'u1', item: userItem('u2', 'Second.') };
  expect(lines(shown([first, third, second]))).toEqual(['user done: First.', 'user done: Second.', 'user done: Third.']);
});

test('a function call waits for its answer, and is answered by the item that names it', () => {
  const item = { id: 'call_item', object: 'realtime.item', type: 'function_call', call_id: 'call_1', name: 'get_weather' } as const;
  const events: ServerEvent[] = [
    { type: 'conversation.item.added', previous_item_id: null, item: { ...item, status: 'in_progress', arguments: '' } },
    {
      type: 'response.function_call_arguments.delta',
      response_id: 'resp_1',
      item_id: item.id,
      output_index: 0,
      call_id: item.call_id,
      delta: '{"place":',
    },
    { type: 'conversation.item.done', previous_item_id: null, item: { ...item, status: 'completed', arguments: '{"place":"Rome"}' } },
  ];
  const waiting = shown(events);
  expect(waiting.entries[0]).toMatchObject({ kind: 'call', state: 'waiting', args: '{"place":"Rome"}' });
  const output = { id: 'out', object: 'realtime.item', status: 'completed', type: 'function_call_output', call_id: 'call_1' } as const;
  const answered = converse(waiting, {
    type: 'conversation.item.added',
    previous_item_id: item.id,
    item: { ...output, output: '{"sky":"blue"}' },
  });
  expect(answered.entries).toHaveLength(1);
  expect(answered.entries[0]).toMatchObject({ state: 'answered', output: '{"sky":"blue"}' });
});

test('what waited for an answer waits no longer when its session is gone', () => {
  const request = { id: 'ask', type: 'mcp_approval_request', server_label: 'weather', name: 'look', arguments: '{}' } as const;
  const lost = cutOff(shown([{ type: 'conversation.item.added', previous_item_id: null, item: request }]));
  expect(lines(lost)).toEqual(['approval lapsed']);
});

test('a request for approval is shown with its answer, an MCP call with its result', () => {
  const request = { id: 'ask', type: 'mcp_approval_request', server_label: 'weather', name: 'look', arguments: '{}' } as const;
  const call = { id: 'mcp', type: 'mcp_call', server_label: 'weather', name: 'look', arguments: '{}', approval_request_id: 'ask' } as const;
  const state = shown([
    { type: 'conversation.item.added', previous_item_id: null, item: request },
    {
      type: 'conversation.item.added',
      previous_item_id: 'ask',
      item: { id: 'yes', type: 'mcp_approval_response', approval_request_id: 'ask', approve: true, reason: null },
    },
    { type: 'conversation.item.added', previous_item_id: 'yes', item: { ...call, output: null, error: null } },
    { type: 'response.mcp_call.in_progress', item_id: 'mcp', output_index: 0 },
    { type: 'conversation.item.done', previous_item_id: 'yes', item: { ...call, output: 'Rain.', error: null } },
  ]);
  expect(state.entries[0]).toMatchObject({ kind: 'approval', state: 'allowed' });
  expect(state.entries[1]).toMatchObject({ kind: 'mcp_call', state: 'done', output: 'Rain.' });
});

test('an answer that fails says why, also when it has no words', () => {
  const failed = response('failed', [], { type: 'failed', error: { type: 'server_error', code: null, message: 'The voice is silent.' } });
  expect(lines(shown([answer, { type: 'response.done', response: failed }]))).toEqual(['The answer failed: The voice is silent.']);
});

test('a new session is told what was said: each message with its own id, answers as far as they were heard', () => {
  const lost = cutOff(
    shown([
      ...recorded,
      { type: 'conversation.item.truncated', item_id: 'item_a', content_index: 0, audio_end_ms: 700 },
      { type: 'conversation.item.retrieved', item: heardItem('item_a', 'It is') },
      { type: 'input_audio_buffer.speech_started', audio_start_ms: 9000, item_id: 'item_z' },
    ]),
  );
  expect(lost).toMatchObject({ responseId: undefined, speakingItem: undefined });
  expect(replayOf(lost).map(({ item }) => item)).toEqual([
    { type: 'message', id: 'item_u', role: 'user', content: [{ type: 'input_text', text: 'What time is it?' }] },
    { type: 'message', id: 'item_a', role: 'assistant', content: [{ type: 'output_text', text: 'It is' }] },
  ]);
  // And what comes back of it leaves the struck words struck.
  const told = { ...heardItem('item_a', 'It is'), status: 'completed' as const };
  const again = [
    { type: 'conversation.item.added', previous_item_id: 'item_u', item: told },
    { type: 'conversation.item.done', previous_item_id: 'item_u', item: told },
  ] as const;
  expect(again.reduce(converse, lost).entries).toEqual(lost.entries);
});
