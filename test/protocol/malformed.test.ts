// What a client gets wrong is refused with a code it can match, the path of the field, and its own event id; and the session lives on.
import { describe, expect, test } from 'vitest';
import { clientEventId, parseClientEvent } from '../../src/protocol/client-events.ts';
import { errors } from '../../src/protocol/errors.ts';
import { Rig } from '../session/rig.ts';

type Row = [message: unknown, code: string | null, param: string | null];

const update = (session: unknown) => ({ type: 'session.update', session });
const input = (part: unknown) => update({ audio: { input: part } });
const detection = (part: Record<string, unknown>) => input({ turn_detection: { type: 'server_vad', ...part } });
const output = (part: unknown) => update({ audio: { output: part } });
const item = (part: unknown) => ({ type: 'conversation.item.create', item: part });
const message = (role: string, ...content: unknown[]) => item({ type: 'message', role, content });
const respond = (response: unknown) => ({ type: 'response.create', response });
const text = { type: 'input_text', text: 'x' };
const tool = { type: 'function', name: 'weather' };
const mcp = (part: Record<string, unknown>) => ({ type: 'mcp', server_label: 'docs', server_url: 'https://docs.example/mcp', ...part });
const approval = (part: Record<string, unknown>) =>
  item({ type: 'mcp_approval_response', approval_request_id: 'mcpr_9', approve: true, ...part });
const longId = 'x'.repeat(65);

const shapes: Row[] = [
  [null, 'invalid_json', null],
  [[], 'invalid_json', null],
  ['text', 'invalid_json', null],
  [7, 'invalid_json', null],
  [true, 'invalid_json', null],
  [{}, 'invalid_event', null],
  [{ type: null }, 'invalid_event', null],
  [{ type: 5 }, 'invalid_event', null],
  [{ type: ['session.update'] }, 'invalid_event', null],
  [{ type: '' }, 'invalid_value', 'type'],
  [{ type: 'session.uptade' }, 'invalid_value', 'type'],
  [{ type: 'response.created' }, 'invalid_value', 'type'],
  [{ type: 'toString' }, 'invalid_value', 'type'],
  [{ type: '__proto__' }, 'invalid_value', 'type'],
  // The beta's; a connection that speaks beta has it mapped before it is read.
  [{ type: 'transcription_session.update', session: {} }, 'invalid_value', 'type'],
  [{ type: 'input_audio_buffer.commit', event_id: 5 }, 'invalid_type', 'event_id'],
  [{ type: 'input_audio_buffer.clear', event_id: 'x'.repeat(513) }, 'string_above_max_length', 'event_id'],
];

const updates: Row[] = [
  [{ type: 'session.update' }, 'missing_required_parameter', 'session'],
  [update(null), 'missing_required_parameter', 'session'],
  [update('realtime'), 'invalid_type', 'session'],
  [update([]), 'invalid_type', 'session'],
  [update({ type: 'transcription' }), 'invalid_value', 'session.type'],
  [update({ type: 'translation' }), 'invalid_value', 'session.type'],
  [update({ model: 5 }), 'invalid_type', 'session.model'],
  [update({ modelId: 5 }), 'invalid_type', 'session.model'],
  [update({ model: '' }), 'invalid_value', 'session.model'],
  [update({ model: 'x'.repeat(257) }), 'string_above_max_length', 'session.model'],
  [update({ model: 'no-such-model' }), 'model_not_found', 'session.model'],
  [update({ instructions: ['be', 'kind'] }), 'invalid_type', 'session.instructions'],
  [update({ output_modalities: 'audio' }), 'invalid_type', 'session.output_modalities'],
  [update({ output_modalities: [] }), 'invalid_value', 'session.output_modalities'],
  [update({ output_modalities: ['video'] }), 'invalid_value', 'session.output_modalities[0]'],
  [update({ temperature: 'hot' }), 'invalid_type', 'session.temperature'],
  [update({ temperature: 2.1 }), 'invalid_value', 'session.temperature'],
  [update({ temperature: -0.1 }), 'invalid_value', 'session.temperature'],
  [update({ max_output_tokens: 0 }), 'invalid_value', 'session.max_output_tokens'],
  [update({ max_output_tokens: 4097 }), 'invalid_value', 'session.max_output_tokens'],
  [update({ max_output_tokens: 'many' }), 'invalid_value', 'session.max_output_tokens'],
  [update({ parallel_tool_calls: 'yes' }), 'invalid_type', 'session.parallel_tool_calls'],
  [update({ reasoning: { effort: 'extreme' } }), 'invalid_value', 'session.reasoning.effort'],
  [update({ reasoning: 'low' }), 'invalid_type', 'session.reasoning'],
  [update({ prompt: { id: 'pmpt_1' } }), 'invalid_value', 'session.prompt.id'],
  [update({ prompt: {} }), 'missing_required_parameter', 'session.prompt.id'],
  [update({ prompt: { id: 'plain', version: 2 } }), 'invalid_type', 'session.prompt.version'],
  [update({ tracing: 5 }), 'invalid_value', 'session.tracing'],
  [update({ truncation: 'sometimes' }), 'invalid_value', 'session.truncation'],
  [update({ truncation: { type: 'retention_ratio', retention_ratio: 2 } }), 'invalid_value', 'session.truncation.retention_ratio'],
  [
    update({ truncation: { type: 'retention_ratio', retention_ratio: 0.5, token_limits: { post_instructions: -1 } } }),
    'invalid_value',
    'session.truncation.token_limits.post_instructions',
  ],
  [update({ truncation: { type: 'retention_ratio' } }), 'invalid_value', 'session.truncation'],
  [update({ include: ['everything'] }), 'invalid_value', 'session.include[0]'],
  [update({ providerData: 'x' }), 'invalid_type', 'session.providerData'],
  [update({ audio: 'loud' }), 'invalid_type', 'session.audio'],
  [input(5), 'invalid_type', 'session.audio.input'],
  [input({ format: 5 }), 'invalid_type', 'session.audio.input.format'],
  [input({ format: 'mp3' }), 'invalid_value', 'session.audio.input.format.type'],
  [input({ format: { rate: 11_025 } }), 'invalid_value', 'session.audio.input.format.rate'],
  [input({ format: { type: 'audio/pcm', rate: 11_025 } }), 'invalid_value', 'session.audio.input.format.rate'],
  [input({ format: { type: 'audio/pcm', rate: '24000' } }), 'invalid_value', 'session.audio.input.format.rate'],
  [input({ noise_reduction: { type: 'total' } }), 'invalid_value', 'session.audio.input.noise_reduction.type'],
  [input({ noise_reduction: 'near_field' }), 'invalid_type', 'session.audio.input.noise_reduction'],
  [input({ transcription: 'whisper-1' }), 'invalid_type', 'session.audio.input.transcription'],
  [input({ transcription: { model: 5 } }), 'invalid_type', 'session.audio.input.transcription.model'],
  [input({ transcription: { model: 'no-such-model' } }), 'invalid_value', 'session.audio.input.transcription.model'],
  [input({ transcription: { language: 'e' } }), 'invalid_value', 'session.audio.input.transcription.language'],
  [input({ transcription: { delay: 'long' } }), 'invalid_value', 'session.audio.input.transcription.delay'],
  [input({ turn_detection: 'server_vad' }), 'invalid_type', 'session.audio.input.turn_detection'],
  [input({ turn_detection: { type: 'psychic' } }), 'invalid_value', 'session.audio.input.turn_detection.type'],
  [detection({ threshold: 1.5 }), 'invalid_value', 'session.audio.input.turn_detection.threshold'],
  [detection({ threshold: '0.5' }), 'invalid_type', 'session.audio.input.turn_detection.threshold'],
  [detection({ prefix_padding_ms: -1 }), 'invalid_value', 'session.audio.input.turn_detection.prefix_padding_ms'],
  [detection({ silence_duration_ms: 0.5 }), 'invalid_type', 'session.audio.input.turn_detection.silence_duration_ms'],
  [detection({ silence_duration_ms: 10_001 }), 'invalid_value', 'session.audio.input.turn_detection.silence_duration_ms'],
  [detection({ idle_timeout_ms: 10 }), 'invalid_value', 'session.audio.input.turn_detection.idle_timeout_ms'],
  [detection({ eagerness: 'very' }), 'invalid_value', 'session.audio.input.turn_detection.eagerness'],
  [detection({ create_response: 1 }), 'invalid_type', 'session.audio.input.turn_detection.create_response'],
  [detection({ interrupt_response: 'no' }), 'invalid_type', 'session.audio.input.turn_detection.interrupt_response'],
  [output('Dennis'), 'invalid_type', 'session.audio.output'],
  [output({ voice: '' }), 'invalid_value', 'session.audio.output.voice'],
  [output({ voice: { id: 5 } }), 'invalid_type', 'session.audio.output.voice'],
  [output({ voice: 'no-such-voice' }), 'invalid_value', 'session.audio.output.voice'],
  [output({ model: 'no-such-model' }), 'invalid_value', 'session.audio.output.model'],
  [output({ speed: 0.2 }), 'invalid_value', 'session.audio.output.speed'],
  [output({ speed: 'fast' }), 'invalid_type', 'session.audio.output.speed'],
  [output({ format: 'wav' }), 'invalid_value', 'session.audio.output.format.type'],
];

const toolRows: Row[] = [
  [update({ tools: {} }), 'invalid_type', 'session.tools'],
  [update({ tools: ['weather'] }), 'invalid_type', 'session.tools[0]'],
  [update({ tools: [{ description: 'x' }] }), 'missing_required_parameter', 'session.tools[0].type'],
  [update({ tools: [{ type: 'telepathy' }] }), 'invalid_value', 'session.tools[0].type'],
  [update({ tools: [tool, { type: 'function' }] }), 'missing_required_parameter', 'session.tools[1].name'],
  [update({ tools: [{ type: 'function', function: {} }] }), 'missing_required_parameter', 'session.tools[0].name'],
  [update({ tools: [{ type: 'function', name: 'two words' }] }), 'invalid_value', 'session.tools[0].name'],
  [update({ tools: [{ type: 'function', name: longId }] }), 'string_above_max_length', 'session.tools[0].name'],
  [update({ tools: [{ ...tool, description: 5 }] }), 'invalid_type', 'session.tools[0].description'],
  [update({ tools: [{ ...tool, parameters: 'object' }] }), 'invalid_type', 'session.tools[0].parameters'],
  [update({ tools: [tool, tool] }), 'invalid_value', 'session.tools[1].name'],
  [update({ tool_choice: 'maybe' }), 'invalid_value', 'session.tool_choice'],
  [update({ tool_choice: { type: 'function' } }), 'invalid_value', 'session.tool_choice'],
  [update({ tool_choice: { type: 'function', name: 'weather' } }), 'invalid_value', 'session.tool_choice.name'],
  [update({ tools: [{ type: 'mcp', server_url: 'https://docs.example' }] }), 'missing_required_parameter', 'session.tools[0].server_label'],
  [update({ tools: [{ type: 'mcp', server_label: 'docs' }] }), 'missing_required_parameter', 'session.tools[0].server_url'],
  [update({ tools: [tool, mcp({ server_url: 'docs' })] }), 'invalid_value', 'session.tools[1].server_url'],
  [update({ tools: [mcp({ server_url: 'file:///etc/passwd' })] }), 'invalid_value', 'session.tools[0].server_url'],
  [update({ tools: [mcp({ server_label: '' })] }), 'invalid_value', 'session.tools[0].server_label'],
  [update({ tools: [mcp({ server_label: 'two words' })] }), 'invalid_value', 'session.tools[0].server_label'],
  [update({ tools: [mcp({ server_label: '1st' })] }), 'invalid_value', 'session.tools[0].server_label'],
  [update({ tools: [mcp({ server_label: longId })] }), 'string_above_max_length', 'session.tools[0].server_label'],
  [update({ tools: [mcp({ server_label: 5 })] }), 'invalid_type', 'session.tools[0].server_label'],
  [update({ tools: [mcp({ connector_id: 'connector_gmail' })] }), 'invalid_value', 'session.tools[0].connector_id'],
  [update({ tools: [mcp({ tunnel_id: 'tunnel_1' })] }), 'invalid_value', 'session.tools[0].tunnel_id'],
  [
    update({ tools: [{ type: 'mcp', server_label: 'd', connector_id: 'connector_gmail' }] }),
    'invalid_value',
    'session.tools[0].connector_id',
  ],
  [update({ tools: [{ type: 'mcp', server_label: 'd', tunnel_id: 'tunnel_1' }] }), 'invalid_value', 'session.tools[0].tunnel_id'],
  [update({ tools: [mcp({ allowed_callers: ['anyone'] })] }), 'invalid_value', 'session.tools[0].allowed_callers[0]'],
  [update({ tools: [mcp({ defer_loading: 'yes' })] }), 'invalid_type', 'session.tools[0].defer_loading'],
  [update({ tools: [{ type: 'web_search', providerData: 'google' }] }), 'invalid_type', 'session.tools[0].providerData'],
  [input({ noise_reduction: { strength: 1.5 } }), 'invalid_value', 'session.audio.input.noise_reduction.strength'],
  [input({ transcription: { keywords: 'Parley' } }), 'invalid_type', 'session.audio.input.transcription.keywords'],
  [input({ transcription: { languages: ['e'] } }), 'invalid_value', 'session.audio.input.transcription.languages[0]'],
  [update({ tools: [mcp({}), mcp({ server_url: 'https://other.example' })] }), 'invalid_value', 'session.tools[1].server_label'],
  [update({ tools: [mcp({ authorization: 5 })] }), 'invalid_type', 'session.tools[0].authorization'],
  [update({ tools: [mcp({ headers: { 'x-key': 5 } })] }), 'invalid_type', 'session.tools[0].headers.x-key'],
  [update({ tools: [mcp({ headers: 'x-key: 5' })] }), 'invalid_type', 'session.tools[0].headers'],
  [update({ tools: [mcp({ allowed_tools: 'search' })] }), 'invalid_value', 'session.tools[0].allowed_tools'],
  [update({ tools: [mcp({ allowed_tools: { tool_names: 'search' } })] }), 'invalid_value', 'session.tools[0].allowed_tools'],
  [update({ tools: [mcp({ require_approval: 'sometimes' })] }), 'invalid_value', 'session.tools[0].require_approval'],
  [update({ tools: [mcp({ require_approval: { never: { read_only: 'yes' } } })] }), 'invalid_value', 'session.tools[0].require_approval'],
  [update({ tool_choice: { type: 'mcp' } }), 'invalid_value', 'session.tool_choice'],
  [update({ tool_choice: { type: 'mcp', server_label: 'docs' } }), 'invalid_value', 'session.tool_choice.server_label'],
  [update({ tools: [mcp({})], tool_choice: { type: 'mcp', server_label: 'crm' } }), 'invalid_value', 'session.tool_choice.server_label'],
  [update({ tool_choice: { type: 'mcp', server_label: 'x'.repeat(100_000) } }), 'invalid_value', 'session.tool_choice.server_label'],
  [
    update({ tools: [mcp({ headers: { ['x'.repeat(100_000)]: 5 } })] }),
    'invalid_type',
    expect.stringMatching(/^session\.tools\[0\]\.headers\.x+…$/),
  ],
  [respond({ tools: [mcp({})], tool_choice: { type: 'mcp', server_label: 'crm' } }), 'invalid_value', 'response.tool_choice.server_label'],
  [respond({ tools: [mcp({ server_url: 'docs' })] }), 'invalid_value', 'response.tools[0].server_url'],
  [respond({ tools: [tool], tool_choice: { type: 'function', name: 'time' } }), 'invalid_value', 'response.tool_choice.name'],
];

const items: Row[] = [
  [{ type: 'conversation.item.create' }, 'missing_required_parameter', 'item'],
  [item(null), 'missing_required_parameter', 'item'],
  [item({}), 'missing_required_parameter', 'item.type'],
  [item({ type: 'poem' }), 'invalid_value', 'item.type'],
  [item({ type: 'item_reference', id: 'user_1' }), 'invalid_value', 'item.type'],
  [item({ type: 'message', content: [text] }), 'missing_required_parameter', 'item.role'],
  [message('king', text), 'invalid_value', 'item.role'],
  [item({ type: 'message', role: 'user' }), 'missing_required_parameter', 'item.content'],
  [message('user', { type: 'input_audio', audio: 'AAAA*' }), 'invalid_value', 'item.content[0].audio'],
  [message('user', { type: 'input_audio', audio: 'AAAAA' }), 'invalid_value', 'item.content[0].audio'],
  [message('user', { type: 'input_image', image_url: 'data:image/png;base64,' }), 'invalid_value', 'item.content[0].image_url'],
  [message('user'), 'invalid_value', 'item.content'],
  [message('user', 5), 'invalid_type', 'item.content[0]'],
  [message('user', {}), 'missing_required_parameter', 'item.content[0].type'],
  [message('user', { type: 'input_text' }), 'missing_required_parameter', 'item.content[0].text'],
  [message('user', text, { type: 'input_text', text: 5 }), 'invalid_type', 'item.content[1].text'],
  [message('user', { type: 'output_audio', audio: 'AAAA' }), 'invalid_value', 'item.content[0].type'],
  [message('user', { type: 'input_image', image_url: 'ftp://example.com/a.png' }), 'invalid_value', 'item.content[0].image_url'],
  [
    message('user', { type: 'input_image', image_url: `https://example.com/${'a'.repeat(8192)}` }),
    'invalid_value',
    'item.content[0].image_url',
  ],
  [message('user', { type: 'input_image', image_url: `http://${'a'.repeat(300_000)} ` }), 'invalid_value', 'item.content[0].image_url'],
  [message('user', { type: 'input_audio', audio: 5 }), 'invalid_type', 'item.content[0].audio'],
  [message('system', { type: 'input_audio', audio: 'AAAA' }), 'invalid_value', 'item.content[0].type'],
  [message('assistant', { type: 'input_text', text: 'x' }), 'invalid_value', 'item.content[0].type'],
  [message('assistant', { type: 'output_audio', audio: 'AAAA' }), 'invalid_value', 'item.content[0].type'],
  [item({ type: 'message', role: 'user', id: longId, content: [text] }), 'string_above_max_length', 'item.id'],
  [item({ type: 'message', role: 'user', id: 'a b', content: [text] }), 'invalid_value', 'item.id'],
  [item({ type: 'message', role: 'user', id: '', content: [text] }), 'invalid_value', 'item.id'],
  ...['user', 'system', 'assistant'].map((role): [unknown, string, string] => [
    message(role, ...Array.from({ length: 257 }, () => ({ type: 'text', text: '' }))),
    'invalid_value',
    'item.content',
  ]),
  [item({ type: 'message', role: 'user', id: 'user_1', content: [text] }), 'item_create_duplicate_item_id', null],
  [{ ...message('user', text), previous_item_id: 5 }, 'invalid_type', 'previous_item_id'],
  [{ ...message('user', text), previous_item_id: 'gone' }, 'item_not_found', 'previous_item_id'],
  [item({ type: 'function_call', name: 'weather' }), 'missing_required_parameter', 'item.arguments'],
  [item({ type: 'function_call', arguments: '{}' }), 'missing_required_parameter', 'item.name'],
  [item({ type: 'function_call', name: 'weather', arguments: {} }), 'invalid_type', 'item.arguments'],
  [item({ type: 'function_call', call_id: 'x'.repeat(129), name: 'weather', arguments: '{}' }), 'string_above_max_length', 'item.call_id'],
  [item({ type: 'function_call_output', output: '42' }), 'missing_required_parameter', 'item.call_id'],
  [item({ type: 'function_call_output', call_id: 'call_1' }), 'missing_required_parameter', 'item.output'],
  [item({ type: 'function_call_output', call_id: 'call_9', output: '42' }), 'invalid_tool_call_id', null],
  [item({ type: 'mcp_approval_response', approve: true }), 'missing_required_parameter', 'item.approval_request_id'],
  [item({ type: 'mcp_approval_response', approval_request_id: 'mcpr_1' }), 'missing_required_parameter', 'item.approve'],
  [approval({ approve: 'yes' }), 'invalid_type', 'item.approve'],
  [approval({ reason: 5 }), 'invalid_type', 'item.reason'],
  [approval({ approval_request_id: longId }), 'string_above_max_length', 'item.approval_request_id'],
  [approval({}), 'invalid_value', 'item.approval_request_id'],
  [approval({ approval_request_id: 'user_1' }), 'invalid_value', 'item.approval_request_id'],
  [item({ type: 'mcp_call', server_label: 'docs', name: 'search', arguments: '{}' }), 'invalid_value', 'item.type'],
  [item({ type: 'mcp_list_tools', server_label: 'docs', tools: [] }), 'invalid_value', 'item.type'],
  [item({ type: 'mcp_approval_request', server_label: 'docs', name: 'search', arguments: '{}' }), 'invalid_value', 'item.type'],
];

const places: Row[] = [
  [{ type: 'conversation.item.retrieve' }, 'missing_required_parameter', 'item_id'],
  [{ type: 'conversation.item.retrieve', item_id: 5 }, 'invalid_type', 'item_id'],
  [{ type: 'conversation.item.retrieve', item_id: 'gone' }, 'item_retrieve_invalid_item_id', null],
  [{ type: 'conversation.item.delete' }, 'missing_required_parameter', 'item_id'],
  [{ type: 'conversation.item.delete', item_id: '' }, 'invalid_value', 'item_id'],
  [{ type: 'conversation.item.delete', item_id: 'gone' }, 'item_delete_invalid_item_id', null],
  [{ type: 'conversation.item.truncate', content_index: 0, audio_end_ms: 0 }, 'missing_required_parameter', 'item_id'],
  [{ type: 'conversation.item.truncate', item_id: 'item_1', audio_end_ms: 0 }, 'missing_required_parameter', 'content_index'],
  [{ type: 'conversation.item.truncate', item_id: 'item_1', content_index: 0 }, 'missing_required_parameter', 'audio_end_ms'],
  [{ type: 'conversation.item.truncate', item_id: 'item_1', content_index: 0, audio_end_ms: -1 }, 'invalid_value', 'audio_end_ms'],
  [{ type: 'conversation.item.truncate', item_id: 'item_1', content_index: 0, audio_end_ms: 1.5 }, 'invalid_type', 'audio_end_ms'],
  [{ type: 'conversation.item.truncate', item_id: 'item_1', content_index: 1, audio_end_ms: 0 }, 'invalid_value', 'content_index'],
  [{ type: 'conversation.item.truncate', item_id: 'gone', content_index: 0, audio_end_ms: 0 }, 'item_truncate_invalid_item_id', null],
  [{ type: 'conversation.item.truncate', item_id: 'user_1', content_index: 0, audio_end_ms: 0 }, null, null],
];

const responses: Row[] = [
  [respond('now'), 'invalid_type', 'response'],
  [respond({ conversation: 5 }), 'invalid_type', 'response.conversation'],
  [respond({ input: 'hello' }), 'invalid_type', 'response.input'],
  [respond({ input: [{ type: 'item_reference' }] }), 'missing_required_parameter', 'response.input[0].id'],
  [
    respond({ input: [{ type: 'message', role: 'user', content: [{ type: 'input_text' }] }] }),
    'missing_required_parameter',
    'response.input[0].content[0].text',
  ],
  [respond({ input: [{ type: 'item_reference', id: 'gone' }] }), 'item_not_found', 'response.input'],
  [respond({ instructions: 5 }), 'invalid_type', 'response.instructions'],
  [respond({ metadata: { n: 1 } }), 'invalid_type', 'response.metadata.n'],
  [respond({ metadata: { n: 'x'.repeat(513) } }), 'string_above_max_length', 'response.metadata.n'],
  [respond({ metadata: { [longId]: 'x' } }), 'invalid_value', `response.metadata.${longId}`],
  [respond({ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 'x'])) }), 'invalid_value', 'response.metadata'],
  [respond({ output_modalities: ['smell'] }), 'invalid_value', 'response.output_modalities[0]'],
  [respond({ modalities: ['smell'] }), 'invalid_value', 'response.output_modalities[0]'],
  [respond({ max_output_tokens: -5 }), 'invalid_value', 'response.max_output_tokens'],
  [respond({ voice: 5 }), 'invalid_type', 'response.audio.output.voice'],
  [respond({ voice: 'no-such-voice' }), 'invalid_value', 'response.audio.output.voice'],
  [respond({ audio: { output: { format: 'ogg' } } }), 'invalid_value', 'response.audio.output.format.type'],
  [respond({ audio: { output: { speed: 3 } } }), 'invalid_value', 'response.audio.output.speed'],
  [respond({ temperature: 3 }), 'invalid_value', 'response.temperature'],
  [respond({ prompt: { id: 'pmpt_1' } }), 'invalid_value', 'response.prompt.id'],
  [{ type: 'response.cancel', response_id: 5 }, 'invalid_type', 'response_id'],
  [{ type: 'response.cancel' }, 'response_cancel_not_active', null],
  [{ type: 'response.cancel', response_id: 'resp_1' }, 'response_cancel_not_active', null],
];

const buffers: Row[] = [
  [{ type: 'input_audio_buffer.append' }, 'missing_required_parameter', 'audio'],
  [{ type: 'input_audio_buffer.append', audio: [0, 0] }, 'invalid_type', 'audio'],
  [{ type: 'input_audio_buffer.append', audio: 'A'.repeat(20 * 1024 * 1024 + 1) }, 'string_above_max_length', 'audio'],
  [{ type: 'input_audio_buffer.commit' }, 'input_audio_buffer_commit_empty', null],
];

/** A conversation with a user's item, a spoken answer (item_1) and a function call (call_1). */
function begun(): Rig {
  const rig = new Rig({ turnDetection: null });
  rig.says('Hello.', { id: 'user_1' });
  rig.client({ type: 'response.create' });
  rig.text('resp_1', 'Hi.');
  rig.audio('resp_1', 500);
  rig.call('resp_1', 'call_1', 'weather', '{}');
  rig.end('resp_1');
  return rig;
}

function titled(rows: readonly Row[]): [title: string, ...Row][] {
  return rows.map(([wrong, code, param]) => [JSON.stringify(wrong).slice(0, 120), wrong, code, param]);
}

describe.each([
  ['a message', shapes],
  ['session.update', updates],
  ['tools', toolRows],
  ['conversation.item.create', items],
  ['an item that is named', places],
  ['response.create and response.cancel', responses],
  ['the input buffer', buffers],
])('what is wrong with %s', (_, rows) => {
  test.each(titled(rows))('%s is refused', (_title, wrong, code, param) => {
    const rig = begun();
    const config = structuredClone(rig.config);
    const conversation = [...rig.watch.conversation];
    const isObject = typeof wrong === 'object' && wrong !== null && !Array.isArray(wrong);
    const echoed = isObject && !('event_id' in wrong) ? 'mine' : clientEventId(wrong);
    const named = isObject ? { event_id: 'mine', ...wrong } : wrong;
    rig.client(named);
    const [error, ...more] = rig.all('error');
    expect(more).toEqual([]);
    expect(error?.error).toEqual({
      type: 'invalid_request_error',
      code,
      param,
      message: expect.stringMatching(/^[A-Z'].{10,}/) as string,
      event_id: echoed,
    });
    expect(error?.error.message.length).toBeLessThan(700);
    // Nothing was changed by it, and the next event is answered.
    expect(rig.config).toEqual(config);
    expect(rig.watch.conversation).toEqual(conversation);
    expect(rig.watch.unfinished).toEqual([]);
    rig.says('Still there?', { id: 'user_2' });
    rig.client({ type: 'response.create' });
    rig.answer('resp_2', 'Yes.', 300);
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
  });
});

describe('reading', () => {
  test('there are at least eighty ways to be wrong in these tables', () => {
    expect([shapes, updates, toolRows, items, places, responses, buffers].flat().length).toBeGreaterThanOrEqual(80);
  });

  test('C49: an unknown type is told what there is', () => {
    expect(() => parseClientEvent({ type: 'nonsense' })).toThrow(
      expect.objectContaining({
        code: 'invalid_value',
        param: 'type',
        message: expect.stringMatching(/'nonsense'.*session\.update.*response\.cancel/) as string,
      }),
    );
  });

  test("C49: it is told in OpenAI's words", () => {
    expect(() => parseClientEvent({ type: 'nope' })).toThrow(
      /^Invalid value: 'nope'\. Supported values are: 'session\.update', 'input_audio_buffer\.append', .*, and 'response\.cancel'\.$/,
    );
  });

  test.each([
    [
      update({ audio: { input: { format: 5 } } }),
      "Invalid type for 'session.audio.input.format': expected an object, but got an integer instead.",
    ],
    [update({ instructions: [] }), "Invalid type for 'session.instructions': expected a string, but got an array instead."],
    [
      update({ parallel_tool_calls: 'yes' }),
      "Invalid type for 'session.parallel_tool_calls': expected a boolean, but got a string instead.",
    ],
    [{ type: 'session.update' }, "Missing required parameter: 'session'."],
    [
      { type: 'conversation.item.delete', item_id: 'i'.repeat(513) },
      "Invalid 'item_id': string too long. Expected a string with maximum length 512, but got a string with length 513 instead.",
    ],
  ])("what is wrong with a field is told in OpenAI's words", (wrong, message) => {
    expect(() => parseClientEvent(wrong)).toThrow(expect.objectContaining({ message }));
  });

  test("what clients match on is told in OpenAI's words, to the letter", () => {
    expect(errors.cancelNotActive()).toMatchObject({
      code: 'response_cancel_not_active',
      message: 'Cancellation failed: no active response found',
      param: null,
    });
    expect(errors.activeResponse('resp_1')).toMatchObject({
      code: 'conversation_already_has_active_response',
      message:
        'Conversation already has an active response in progress: resp_1. Wait until the response is finished before creating a new one.',
      param: null,
    });
    expect(errors.commitEmpty(0)).toMatchObject({
      code: 'input_audio_buffer_commit_empty',
      message:
        'Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has 0.00ms of audio.',
      param: null,
    });
    expect(errors.truncateNotAudio()).toMatchObject({
      code: null,
      message: 'Only model output audio messages can be truncated',
      param: null,
    });
    expect(errors.sessionExpired(60)).toMatchObject({
      code: 'session_expired',
      message: 'Your session hit the maximum duration of 60 minutes.',
      param: null,
    });
    expect(errors.unknownCall('call_9')).toMatchObject({
      code: 'invalid_tool_call_id',
      message: "Tool call ID 'call_9' not found in conversation.",
      param: null,
    });
  });

  test('C50: a missing type is named', () => {
    expect(() => parseClientEvent({ session: {} })).toThrow(
      expect.objectContaining({ code: 'invalid_event', message: expect.stringContaining("'type' field is missing") as string }),
    );
  });

  test.each(['connector_id', 'tunnel_id'])('why a %s is refused is said in words', (field) => {
    const why = `(${field}) are not served here; name a server_url.`;
    expect(() => parseClientEvent(update({ tools: [mcp({ [field]: 'x' })] }))).toThrow(why);
    // As it comes from a client: in the place of a server's address.
    expect(() => parseClientEvent(update({ tools: [mcp({ [field]: 'x', server_url: undefined })] }))).toThrow(why);
  });

  const nested = (depth: number) => Array.from({ length: depth }).reduce<unknown>((inner) => ({ inner }), 'core');
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'x']));

  test.each([
    ['levels in providerData', update({ providerData: nested(200_000) })],
    ['levels in the parameters of a tool', update({ tools: [{ ...tool, parameters: nested(200_000) }] })],
    ['levels in the output of a call', item({ type: 'function_call_output', call_id: 'call_1', output: nested(200_000) })],
    ['levels in a field that nobody knows', { ...update({}), more: nested(200_000) }],
    ['parts of a message', message('user', ...Array.from({ length: 50_001 }, () => 5))],
    ['pairs of metadata', respond({ metadata: many(50_001) })],
  ])('too many %s are refused before anybody looks into them', (_, wrong) => {
    const reason = /^The event is too much: it (is nested more than 100 levels deep|holds more than 50000 values)\.$/;
    expect(() => parseClientEvent(wrong)).toThrow(
      expect.objectContaining({ name: 'RealtimeError', code: 'invalid_value', param: null, message: expect.stringMatching(reason) }),
    );
  });

  test('as much as a session may need is taken', () => {
    const providerData = { deep: nested(96), many: many(40_000) };
    expect(parseClientEvent(update({ providerData }))).toEqual(update({ providerData }));
  });
});
