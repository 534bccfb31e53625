// Client events with every field that the published types of the `openai` package know: the compiler refuses this file when one is missing.
// Inworld publishes no types; its events are those of the documents.
import type * as Beta from 'openai/resources/beta/realtime/realtime';
import type * as Ga from 'openai/resources/realtime/realtime';

/** What is refused when it is named. */
type Refused = 'connector_id' | 'tunnel_id';

/** The type with nothing optional left in it, at any depth. */
type Whole<T> = T extends readonly (infer Inner)[]
  ? Whole<Inner>[]
  : T extends object
    ? { [K in keyof T as Exclude<K, Refused>]-?: Whole<Exclude<T[K], null | undefined>> }
    : T;

const serverVad = {
  type: 'server_vad',
  threshold: 0.6,
  prefix_padding_ms: 200,
  silence_duration_ms: 400,
  idle_timeout_ms: 6000,
  create_response: false,
  interrupt_response: false,
} satisfies Whole<Ga.RealtimeAudioInputTurnDetection.ServerVad>;

const semanticVad = {
  type: 'semantic_vad',
  eagerness: 'high',
  create_response: false,
  interrupt_response: false,
} satisfies Whole<Ga.RealtimeAudioInputTurnDetection.SemanticVad>;

const transcription = {
  model: 'whisper-1',
  language: 'en',
  languages: ['en'],
  prompt: 'Names of towns.',
  keywords: ['Paris'],
  delay: 'low',
} satisfies Whole<Ga.AudioTranscription>;

const weather = {
  type: 'function',
  name: 'get_weather',
  description: 'Fetch the weather.',
  // A schema is the client's own: its null is a value.
  parameters: { type: 'object', properties: { city: { type: ['string', 'null'], default: null } } },
} satisfies Whole<Ga.RealtimeFunctionTool>;

const docs = {
  type: 'mcp',
  server_label: 'docs',
  server_url: 'https://docs.example/mcp',
  server_description: 'Documents.',
  authorization: 'token',
  headers: { 'x-tenant': 'acme' },
  allowed_tools: { tool_names: ['search'], read_only: true },
  require_approval: { always: { tool_names: ['write'], read_only: false }, never: { tool_names: ['search'], read_only: true } },
  allowed_callers: ['direct'],
  defer_loading: false,
} satisfies Whole<Ga.RealtimeResponseCreateMcpTool>;

const prompt = { id: 'greeter', version: '1', variables: { name: 'Ann' } };

const session = {
  type: 'realtime',
  model: 'gpt-realtime',
  instructions: 'Be brief.',
  output_modalities: ['audio'],
  max_output_tokens: 500,
  parallel_tool_calls: false,
  reasoning: { effort: 'low' },
  prompt,
  tools: [weather, docs],
  tool_choice: { type: 'function', name: 'get_weather' },
  tracing: { workflow_name: 'calls', group_id: 'g1', metadata: { tenant: null } },
  truncation: { type: 'retention_ratio', retention_ratio: 0.5, token_limits: { post_instructions: 1000 } },
  include: ['item.input_audio_transcription.logprobs'],
  audio: {
    input: {
      format: { type: 'audio/pcm', rate: 24000 },
      noise_reduction: { type: 'near_field', strength: 0.5 },
      transcription,
      turn_detection: serverVad,
    },
    output: { format: { type: 'audio/pcm', rate: 24000 }, voice: 'marin', speed: 1.1 },
  },
} satisfies Whole<Ga.RealtimeSessionCreateRequest>;

const transcriptionSession = {
  type: 'transcription',
  include: ['item.input_audio_transcription.logprobs'],
  audio: { input: { ...session.audio.input, turn_detection: serverVad } },
} satisfies Whole<Ga.RealtimeTranscriptionSessionCreateRequest>;

type UserPart = Whole<Ga.RealtimeConversationItemUserMessage.Content>;
const userPart = { text: 'Hello.', audio: 'AAAA', transcript: 'Hello.', image_url: 'data:image/png;base64,AAAA', detail: 'low' } as const;
const common = { id: 'item_9', object: 'realtime.item', status: 'completed' } as const;

const userMessage = {
  ...common,
  type: 'message',
  role: 'user',
  content: (['input_text', 'input_audio', 'input_image'] as const).map((type): UserPart => ({ ...userPart, type })),
} satisfies Whole<Ga.RealtimeConversationItemUserMessage>;

const items = {
  user: userMessage,
  assistant: {
    ...common,
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Hello.', audio: 'AAAA', transcript: 'Hello.' }],
  } satisfies Whole<Ga.RealtimeConversationItemAssistantMessage>,
  system: {
    ...common,
    type: 'message',
    role: 'system',
    content: [{ type: 'input_text', text: 'Be kind.' }],
  } satisfies Whole<Ga.RealtimeConversationItemSystemMessage>,
  call: {
    ...common,
    type: 'function_call',
    call_id: 'call_1',
    name: 'get_weather',
    arguments: '{}',
  } satisfies Whole<Ga.RealtimeConversationItemFunctionCall>,
  output: {
    ...common,
    type: 'function_call_output',
    call_id: 'call_1',
    output: 'rain',
  } satisfies Whole<Ga.RealtimeConversationItemFunctionCallOutput>,
  approval: {
    id: 'item_9',
    type: 'mcp_approval_response',
    approval_request_id: 'mcpr_1',
    approve: true,
    reason: 'Why not.',
  } satisfies Whole<Ga.RealtimeMcpApprovalResponse>,
};

const response = {
  conversation: 'auto',
  input: [items.user, items.assistant, items.system, items.call, items.output, { type: 'item_reference', id: 'item_1' }],
  instructions: 'Greet the caller.',
  metadata: { client_event_id: 'x' },
  output_modalities: ['audio'],
  audio: { output: { format: { type: 'audio/pcm', rate: 24000 }, voice: { id: 'marin' } } },
  max_output_tokens: 100,
  tools: [weather, docs],
  tool_choice: { type: 'mcp', server_label: 'docs', name: 'search' },
  parallel_tool_calls: true,
  reasoning: { effort: 'high' },
  prompt,
} satisfies Whole<Omit<Ga.RealtimeResponseCreateParams, 'input'>> & { input: object[] };

const event_id = 'mine';

/** In GA, by a title. Fields of ours and of Inworld's that GA has not are the last ones. */
export const gaEvents: Readonly<Record<string, Record<string, unknown> & { type: string }>> = {
  'session.update': { type: 'session.update', event_id, session } satisfies Whole<Ga.SessionUpdateEvent>,
  'session.update to semantic_vad': {
    type: 'session.update',
    event_id,
    session: { type: 'realtime', audio: { input: { turn_detection: semanticVad } } },
  },
  'session.update of a transcription session': {
    type: 'session.update',
    event_id,
    session: transcriptionSession,
  } satisfies Whole<Ga.SessionUpdateEvent>,
  ...Object.fromEntries(
    Object.entries(items).map(([kind, item]) => [
      `conversation.item.create (${kind})`,
      { type: 'conversation.item.create', event_id, previous_item_id: 'root', item } satisfies Whole<Ga.ConversationItemCreateEvent>,
    ]),
  ),
  'conversation.item.retrieve': {
    type: 'conversation.item.retrieve',
    event_id,
    item_id: 'item_1',
  } satisfies Whole<Ga.ConversationItemRetrieveEvent>,
  'conversation.item.truncate': {
    type: 'conversation.item.truncate',
    event_id,
    item_id: 'item_1',
    content_index: 0,
    audio_end_ms: 100,
  } satisfies Whole<Ga.ConversationItemTruncateEvent>,
  'conversation.item.delete': {
    type: 'conversation.item.delete',
    event_id,
    item_id: 'item_1',
  } satisfies Whole<Ga.ConversationItemDeleteEvent>,
  'input_audio_buffer.append': {
    type: 'input_audio_buffer.append',
    event_id,
    audio: 'AAAA',
  } satisfies Whole<Ga.InputAudioBufferAppendEvent>,
  'input_audio_buffer.commit': { type: 'input_audio_buffer.commit', event_id } satisfies Whole<Ga.InputAudioBufferCommitEvent>,
  'input_audio_buffer.clear': { type: 'input_audio_buffer.clear', event_id } satisfies Whole<Ga.InputAudioBufferClearEvent>,
  'output_audio_buffer.clear': { type: 'output_audio_buffer.clear', event_id } satisfies Whole<Ga.OutputAudioBufferClearEvent>,
  'response.create': { type: 'response.create', event_id, response },
  'response.cancel': { type: 'response.cancel', event_id, response_id: 'resp_1' } satisfies Whole<Ga.ResponseCancelEvent>,
  'what GA has not': {
    type: 'session.update',
    event_id,
    session: {
      modelId: 'openai/gpt-4o-mini',
      temperature: 0.7,
      audio: { output: { model: 'inworld-tts-1.5-mini', voice: { id: 'Dennis' } } },
      tools: [{ type: 'function', function: { name: 'get_time', description: 'Tell the time.', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'get_time' } },
      providerData: {
        auto_tool_response: true,
        user_id: 'ann',
        metadata: { tenant: 'acme' },
        memory: { enabled: true, turn_interval: 3, state: { summary: 'They met.', facts: ['Ann sings.'] } },
        stt: { prompt: 'towns', language_hints: ['en'], vad_threshold: 0.5 },
        tts: { segmenter_strategy: 'sentence', language: 'en' },
        text_generation_config: { temperature: 0.5, stop_sequences: ['.'], reasoning: { effort: 'low' } },
        backchannel: { enabled: true, max_per_turn: 1 },
        responsiveness: { enabled: true, max_tokens: 5 },
      },
    },
  },
};

/** Inworld's camelCase session, which `session.update` takes as well as the route for calls. */
export const inworldEvents: Readonly<Record<string, Record<string, unknown> & { type: string }>> = {
  'session.update in camelCase': {
    type: 'session.update',
    event_id,
    session: {
      modelId: 'openai/gpt-4o-mini',
      instructions: 'Be brief.',
      temperature: 0.7,
      maxTokens: 200,
      voice: 'Dennis',
      inputAudioFormat: 'pcm16',
      outputAudioFormat: 'pcm16',
      turnDetection: {
        type: 'server_vad',
        threshold: 0.5,
        silenceDurationMs: 400,
        prefixPaddingMs: 200,
        idleTimeoutMs: 6000,
        createResponse: true,
        interruptResponse: true,
      },
      toolChoice: 'auto',
      tools: [weather],
      mcpServers: [
        {
          url: 'https://docs.example/mcp',
          serverLabel: 'docs',
          serverDescription: 'Documents.',
          allowedTools: ['search'],
          requireApproval: 'never',
          transport: 'http',
        },
      ],
    },
  },
};

const betaSession = {
  // A secret is minted by a route; whoever sends one on a connection says nothing by it.
  client_secret: { expires_after: { anchor: 'created_at', seconds: 60 } },
  input_audio_format: 'pcm16',
  input_audio_noise_reduction: { type: 'near_field' },
  input_audio_transcription: { language: 'en', model: 'whisper-1', prompt: 'towns' },
  instructions: 'Be brief.',
  max_response_output_tokens: 100,
  modalities: ['text', 'audio'],
  model: 'gpt-4o-realtime-preview',
  output_audio_format: 'pcm16',
  speed: 1,
  temperature: 0.8,
  tool_choice: 'auto',
  tools: [weather],
  tracing: { workflow_name: 'calls', group_id: 'g1', metadata: { tenant: null } },
  turn_detection: {
    type: 'server_vad',
    create_response: true,
    eagerness: 'auto',
    interrupt_response: true,
    prefix_padding_ms: 300,
    silence_duration_ms: 500,
    threshold: 0.5,
  },
  voice: 'alloy',
} satisfies Whole<Beta.SessionUpdateEvent.Session>;

export const betaEvents: Readonly<Record<string, Record<string, unknown> & { type: string }>> = {
  'session.update': { type: 'session.update', event_id, session: betaSession } satisfies Whole<Beta.SessionUpdateEvent>,
  'response.create': {
    type: 'response.create',
    event_id,
    response: {
      conversation: 'auto',
      input: [
        { ...common, type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello.' }] },
        { ...common, type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Hello.' }] },
      ],
      instructions: 'Greet the caller.',
      max_response_output_tokens: 100,
      metadata: { client_event_id: 'x' },
      modalities: ['text', 'audio'],
      output_audio_format: 'pcm16',
      temperature: 0.8,
      tool_choice: 'get_weather',
      tools: [weather],
      voice: 'alloy',
    } satisfies Whole<Omit<Beta.ResponseCreateEvent.Response, 'input'>> & { input: object[] },
  },
  'conversation.item.create': {
    type: 'conversation.item.create',
    event_id,
    previous_item_id: 'root',
    item: { ...common, type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello.' }] },
  },
  'transcription_session.update': {
    type: 'transcription_session.update',
    event_id,
    session: {
      client_secret: { expires_after: { anchor: 'created_at', seconds: 60 } },
      include: ['item.input_audio_transcription.logprobs'],
      input_audio_format: 'pcm16',
      input_audio_noise_reduction: { type: 'near_field' },
      input_audio_transcription: { language: 'en', model: 'whisper-1', prompt: 'towns' },
      modalities: ['text'],
      turn_detection: betaSession.turn_detection,
    },
  },
};
