// Events that are certainly malformed, by the way they are made: a sound event with something in one place that can never stand there.
// What is wrong is written down here from the protocol, not read from the server's own schema. Null is wrong where a field must be there.
import type { Chance } from '../session/chance.ts';
import type { Caller, Message } from './frame.ts';

/** The place is left out. */
const gone = Symbol('gone');
const notText = [5, -0, 1e300, true, false, [], {}, ['x']];
const notNumber = ['5', 'NaN', '-Infinity', '', true, [], {}, [1]];
const notCount = [...notNumber, -1, 1.5, 1e21, -1e300];
const notBoolean = ['true', 'no', 0, 1, [], {}];
const notObject = [5, 'x', true, []];
const notList = [5, 'x', true, {}];
const missing = [gone, null];
const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'];
const noId = [...notText, '', 'a b', '\u0000', 'ü', '\ud83d', 'x'.repeat(65), '../../etc/passwd'];
const noTools = [
  ...notList,
  [5],
  [null],
  [{}],
  [[]],
  [{ type: '__proto__' }],
  [{ type: 'telepathy', name: 'x' }],
  [{ type: 'function' }],
  [{ type: 'function', name: 'two words' }],
  [{ type: 'function', name: 'x'.repeat(65) }],
  [{ type: 'function', name: 'x', parameters: 5 }],
  [
    { type: 'function', name: 'twice' },
    { type: 'function', name: 'twice' },
  ],
  Array.from({ length: 129 }, (_, at) => ({ type: 'function', name: `f${at}` })),
  [{ type: 'mcp', server_url: 'https://10.0.0.1' }],
  [{ type: 'mcp', server_label: 'a' }],
  [{ type: 'mcp', server_label: '__proto__', server_url: 'https://10.0.0.1' }],
  [{ type: 'mcp', server_label: 'a', server_url: 'javascript:alert(1)' }],
  [{ type: 'mcp', server_label: 'a', server_url: 'https://' }],
  [{ type: 'mcp', server_label: 'a', server_url: 'https://10.0.0.1', headers: { 'x-key': 5 } }],
];
const noChoice = [5, true, [], {}, { type: 'x' }, { type: 'function' }, { type: 'function', name: 'no_such' }, { type: 'mcp' }];
const noMost = ['NaN', 'Inf', '5', 0, -1, 1.5, 4097, 1e308, true, [], {}];
const noVoice = [...notText, '', { id: 5 }, 'no such voice', ...inherited, 'x'.repeat(257)];
const noModalities = [...notList, [], ['video'], [5], [null], ['__proto__'], ['audio', 'text', 'audio']];
const noDetection = [5, true, 'server_vad', [], { type: 'psychic' }, { type: '__proto__' }, { threshold: 2 }, { threshold: 'NaN' }];
const noLength = [{ silence_duration_ms: -1 }, { prefix_padding_ms: 1e300 }, { idle_timeout_ms: 1 }, { create_response: 'yes' }];
const noHearing = [5, true, 'whisper-1', [], { model: 5 }, { language: [] }, { prompt: 'x'.repeat(10_001) }];

type Fault = readonly [path: string, values: readonly unknown[]];

const session: Fault[] = [
  ['session', [...missing, ...notObject]],
  ['session.type', ['translation', 5, {}, ...inherited]],
  ['session.model', [...notText, '', 'x'.repeat(257)]],
  ['session.instructions', [...notText, 'x'.repeat(1_000_001)]],
  ['session.temperature', [...notNumber, -0.1, 2.1, 1e308]],
  ['session.tools', noTools],
  ['session.tool_choice', noChoice],
  ['session.tracing', [5, true, 'sometimes', []]],
];
const nested: Fault[] = [
  ['session.output_modalities', noModalities],
  ['session.max_output_tokens', noMost],
  ['session.parallel_tool_calls', notBoolean],
  ['session.reasoning', [...notObject, { effort: 5 }, { effort: '__proto__' }]],
  ['session.truncation', [5, true, 'sometimes', { type: 'retention_ratio', retention_ratio: 2 }]],
  ['session.include', [...notList, ['everything']]],
  ['session.providerData', notObject],
  ['session.audio', notObject],
  ['session.audio.input', notObject],
  ['session.audio.input.format', [5, true, 'mp3', '', [], { type: 'audio/pcm', rate: 11_025 }, ...inherited]],
  ['session.audio.input.noise_reduction', [...notObject, { type: 'total' }, { strength: 2 }]],
  ['session.audio.input.transcription', noHearing],
  ['session.audio.input.turn_detection', [...noDetection, ...noLength]],
  ['session.audio.output', notObject],
  ['session.audio.output.voice', noVoice],
  ['session.audio.output.speed', [...notNumber, 0, 100, -1]],
];
const flat: Fault[] = [
  ['session.modalities', noModalities],
  ['session.max_response_output_tokens', noMost],
  ['session.voice', noVoice],
  ['session.speed', [...notNumber, 0, 100, -1]],
  ['session.input_audio_format', [5, true, 'mp3', '', [], ...inherited]],
  ['session.input_audio_transcription', noHearing],
  ['session.turn_detection', [...noDetection, ...noLength]],
];
const response: Fault[] = [
  ['response', notObject],
  ['response.conversation', [...notText, '', 'x'.repeat(65)]],
  ['response.instructions', notText],
  ['response.metadata', [...notObject, { key: 5 }, { ['x'.repeat(65)]: 'x' }, { key: 'x'.repeat(513) }, manyPairs(17)]],
  ['response.input', [...notList, [5], [null], [{}], [{ type: 'item_reference' }], [{ type: 'item_reference', id: 'no_such' }]]],
  ['response.modalities', noModalities],
  ['response.max_output_tokens', noMost],
  ['response.voice', noVoice],
  ['response.tools', noTools],
  ['response.tool_choice', noChoice],
];
const place: Fault = ['item_id', [...missing, ...notText, '', 'no_such_item', 'x'.repeat(513), ...inherited]];
const message = { id: '$', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] };

interface Kind {
  readonly base: Message;
  readonly faults: readonly Fault[];
}

const item = (base: Message, faults: readonly Fault[]): Kind => ({ base: { type: 'conversation.item.create', item: base }, faults });
const part = (content: Message) => ({ ...message, content: [content] });

const common: readonly Kind[] = [
  {
    base: { type: 'input_audio_buffer.append', audio: '' },
    faults: [['audio', [...missing, ...notText, '!!!!', 'AAAA!!!!', 'äöü', '\ud800\ud800']]],
  },
  { base: { type: 'conversation.item.retrieve' }, faults: [place] },
  { base: { type: 'conversation.item.delete' }, faults: [place] },
  { base: { type: 'conversation.item.truncate', item_id: 'no_such', content_index: 0, audio_end_ms: 0 }, faults: [place] },
  {
    base: { type: 'conversation.item.truncate', item_id: 'no_such', content_index: 0, audio_end_ms: 0 },
    faults: [
      ['content_index', [...missing, ...notCount]],
      ['audio_end_ms', [...missing, ...notCount]],
    ],
  },
  { base: { type: 'response.cancel' }, faults: [['response_id', [...notText, 'no_such', ...inherited, 'x'.repeat(513)]]] },
  { base: { type: 'response.create', response: { conversation: 'none', input: [] } }, faults: response },
  item(message, [
    ['item', [...missing, ...notObject, {}]],
    ['item.id', noId],
    ['item.type', [5, {}, 'poem', 'mcp_call', ...inherited]],
    ['item.role', [...missing, 5, {}, 'king', ...inherited]],
    ['item.content', [...missing, 5, true, {}, [], [5], [null], [{}], [[]], [{ type: 'poem' }], [{ type: 'constructor' }]]],
    ['item.content.0.text', [...missing, ...notText]],
    ['previous_item_id', [...notText, 'no_such', ...inherited]],
  ]),
  item(part({ type: 'input_image', image_url: 'https://10.0.0.1/' }), [
    [
      'item.content.0.image_url',
      [...missing, ...notText, '', 'ftp://x', 'http://', 'data:text/html;base64,AAAA', `http://${'a'.repeat(99_999)} `],
    ],
  ]),
  item(part({ type: 'input_audio', audio: '' }), [['item.content.0.audio', notText]]),
  item({ id: '$', type: 'function_call', call_id: 'call', name: 'f', arguments: '{}' }, [
    ['item.name', [...missing, ...notText, '']],
    ['item.arguments', [...missing, ...notText]],
    ['item.call_id', [...notText, '', 'x'.repeat(129)]],
  ]),
  item({ id: '$', type: 'function_call_output', call_id: 'no_such', output: 'x' }, [
    ['item.call_id', [...missing, ...notText, '', 'no_such', ...inherited]],
    ['item.output', missing],
  ]),
  item({ id: '$', type: 'mcp_approval_response', approval_request_id: 'no_such', approve: true }, [
    ['item.approval_request_id', [...missing, ...notText, '', 'no_such', ...inherited]],
    ['item.approve', [...missing, ...notBoolean]],
  ]),
  {
    base: { type: 'input_audio_buffer.clear' },
    faults: [
      [
        'type',
        [...missing, ...notText, '', 'session.uptade', 'session.created', 'x'.repeat(9999), '\ud800', ' session.update', ...inherited],
      ],
      ['event_id', [...notText, 'x'.repeat(600)]],
    ],
  },
  { base: { type: 'input_audio_buffer.append', audio: 'AAAA' }, faults: [['event_id', [...notText, 'x'.repeat(600)]]] },
];

const kinds: Record<Caller['dialect'], readonly Kind[]> = {
  ga: [...common, { base: { type: 'session.update', session: {} }, faults: [...session, ...nested] }],
  beta: [...common, { base: { type: 'session.update', session: {} }, faults: [...session, ...flat] }],
};

/** The next malformed event, and where it is so. */
export function faultyEvent(chance: Chance, { dialect }: Caller, eventId: string): { message: Message; at: string } {
  const { base, faults } = chance.pick(kinds[dialect]);
  const [path, values] = chance.pick(faults);
  const message = structuredClone({ event_id: eventId, ...base }) as Message;
  const item = message['item'];
  // An id of its own, so that nothing else is wrong with it.
  if (typeof item === 'object' && item !== null && 'id' in item) item.id = `faulty_${eventId.replace(/[^a-z0-9_]/g, '')}`;
  put(message, path.split('.'), chance.pick(values));
  return { message, at: `${String(base['type'])} ${path}` };
}

function put(target: Message, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    target[key] ??= {};
    put(target[key] as Message, rest, value);
  } else if (value === gone) delete target[key];
  else target[key] = value;
}

function manyPairs(count: number): Message {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, 'x']));
}
