// What the HTTP routes take and answer, for the published contract.
import { type JsonObject, reference } from './schema-json.ts';
import { routerSchemas } from './schema-router-routes.ts';
import { usageSchemas } from './schema-usage-route.ts';

const text = { type: 'string' };
const seconds = { type: 'integer', description: 'Unix time, in seconds.' };
const flag = { type: 'boolean' };

/** An object with all of these fields; those that may be absent are named. */
function object(properties: Record<string, JsonObject>, ...optional: string[]): JsonObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}

const list = (items: JsonObject) => ({ type: 'array', items });
const noted = (schema: JsonObject, description: string) => ({ ...schema, description });
const oneOf = (...values: string[]) => ({ type: 'string', enum: values });

const expiresAfter = object(
  { anchor: oneOf('created_at'), seconds: { type: 'integer', minimum: 10, maximum: 7200, default: 600 } },
  'anchor',
  'seconds',
);
const betaFormat = oneOf('pcm16', 'g711_ulaw', 'g711_alaw');

const betaSession: Record<string, JsonObject> = {
  model: text,
  modalities: list(oneOf('text', 'audio')),
  instructions: text,
  voice: text,
  speed: { type: 'number' },
  input_audio_format: betaFormat,
  output_audio_format: betaFormat,
  input_audio_transcription: { type: ['object', 'null'], properties: { model: text, language: text, prompt: text } },
  input_audio_noise_reduction: { type: ['object', 'null'], properties: { type: oneOf('near_field', 'far_field') } },
  turn_detection: noted({ type: ['object', 'null'] }, "As in a GA session's `audio.input.turn_detection`."),
  tools: list({ type: 'object' }),
  tool_choice: noted(text, '`auto`, `none`, `required`, or the name of a function.'),
  temperature: { type: 'number', default: 0.8 },
  max_response_output_tokens: { type: ['integer', 'string'] },
  include: list(text),
};
const iceServer = object({ urls: list(text), username: text, credential: text }, 'username', 'credential');
const phoneCall = object(
  {
    id: noted(text, '`rtc_...`'),
    object: oneOf('realtime.call'),
    direction: oneOf('inbound', 'outbound'),
    from: text,
    to: text,
    carrier: noted(text, '`webrtc`, `sip`, or the provider of a media stream.'),
    trunk: noted(text, 'The SIP trunk that it came by, or goes by.'),
    route: noted(text, 'The name of its route, where it has one.'),
    state: oneOf('ringing', 'connecting', 'talking', 'transferring', 'ending', 'ended'),
    seconds: noted({ type: 'integer' }, 'Since it began to ring, or to be dialled, until it ended.'),
    began_at: noted({ type: 'integer' }, 'The beginning of that, in seconds since the Unix epoch.'),
    answered_at: noted({ type: 'integer' }, 'Once it has been answered.'),
    cause: noted(text, 'How it ended: `far_side_hung_up`, `hung_up`, `busy` and others, as the webhook `realtime.call.ended` tells it.'),
    limit: noted(oneOf('seconds_per_day', 'sessions'), 'Which limit was reached.'),
    status: noted({ type: 'integer' }, 'The status of SIP, or of the provider, of a call that was placed and did not come about.'),
    reason: noted(text, 'The same in words.'),
    duration_seconds: noted({ type: 'integer' }, 'From its answer to its end.'),
    recording: noted(text, 'The name of the file, where it was recorded.'),
  },
  'trunk',
  'route',
  'answered_at',
  'cause',
  'limit',
  'status',
  'reason',
  'duration_seconds',
  'recording',
);
const voice = object(
  {
    voiceId: text,
    name: noted(text, '`workspaces/{workspace}/voices/{voice}`'),
    displayName: text,
    description: text,
    langCode: noted(text, '`EN_US`'),
    tags: list(text),
    source: oneOf('SYSTEM'),
    gender: text,
    provider: noted(text, 'Whose voice it is: `parley` for those of this server.'),
  },
  'gender',
  'provider',
);
const model = object(
  {
    id: text,
    object: oneOf('model'),
    created: seconds,
    owned_by: text,
    kind: noted(oneOf('llm', 'stt', 'tts'), 'Whether it answers, hears or speaks.'),
    languages: noted(list(text), 'BCP 47; `*`: any.'),
    capabilities: list(text),
  },
  'languages',
  'capabilities',
);

export function openApiSchemas(): Record<string, JsonObject> {
  return {
    OpenAiError: object({
      error: object({ message: text, type: text, param: { type: ['string', 'null'] }, code: { type: ['string', 'null'] } }),
    }),
    StatusError: noted(
      object({
        code: { type: 'integer' },
        message: text,
        details: noted(
          list({}),
          'For a router that cannot be used: one `google.rpc.BadRequest`, whose `fieldViolations` name each `field`.',
        ),
      }),
      "Inworld's envelope; `code` is gRPC's.",
    ),
    Health: object(
      {
        status: oneOf('ok', 'starting', 'draining'),
        version: text,
        sessions: noted({ type: 'integer' }, 'That run now, calls among them.'),
        calls: noted({ type: 'integer' }, 'That are up now, telephone calls among them.'),
        sip: noted(
          object({
            listening: list(noted(text, '`udp:5060`')),
            calls: noted({ type: 'integer' }, 'That ring or talk now.'),
            registrations: list(
              object(
                {
                  trunk: text,
                  state: oneOf('trying', 'registered', 'failed'),
                  expires_in_seconds: { type: 'integer' },
                  status: noted({ type: 'integer' }, 'Of SIP: why it failed.'),
                  reason: text,
                  retry_in_seconds: { type: 'integer' },
                },
                'expires_in_seconds',
                'status',
                'reason',
                'retry_in_seconds',
              ),
            ),
          }),
          'Where SIP is spoken.',
        ),
      },
      'sip',
    ),
    Live: object({ status: oneOf('ok') }),
    Ready: object({ status: oneOf('ready', 'not_ready'), reasons: list(text) }, 'reasons'),
    Document: { type: 'object' },

    ClientSecretRequest: object({ expires_after: expiresAfter, session: reference('SessionUpdate') }, 'expires_after', 'session'),
    ClientSecret: object({ value: noted(text, '`ek_...`'), expires_at: seconds, session: reference('Session') }),
    BetaSessionRequest: object(
      { ...betaSession, client_secret: object({ expires_after: expiresAfter }, 'expires_after') },
      ...Object.keys(betaSession),
      'client_secret',
    ),
    BetaSessionWithSecret: object(
      {
        id: text,
        object: oneOf('realtime.session', 'realtime.transcription_session'),
        ...betaSession,
        client_secret: object({ value: text, expires_at: seconds }),
      },
      ...Object.keys(betaSession),
    ),
    CallRequest: {
      anyOf: [
        object({ sdp: text, session: reference('SessionUpdate') }, 'session'),
        noted(
          object(
            {
              to: text,
              from: text,
              route: noted(text, 'The name of the route of the telephony file whose session, greeting, tools and recording it has.'),
              session: reference('SessionUpdate'),
              detect_machine: { type: 'boolean' },
            },
            'from',
            'route',
            'session',
            'detect_machine',
          ),
          'A telephone call that is to be placed.',
        ),
      ],
    },
    CallRejection: object(
      { status_code: noted({ type: 'integer', minimum: 300, maximum: 699 }, 'A final SIP status; 603 without it.') },
      'status_code',
    ),
    CallReferral: {
      anyOf: [
        object({ target_uri: noted(text, '`tel:+12025550101` or `sip:agent@example.com`') }),
        noted(object({ target_call_id: text }), 'Another call of the key: the far sides of both are left to each other.'),
      ],
    },
    PhoneCall: phoneCall,
    CallList: object({
      object: oneOf('list'),
      data: list(reference('PhoneCall')),
      first_id: { type: ['string', 'null'] },
      last_id: { type: ['string', 'null'] },
      has_more: flag,
    }),
    CallForm: object({ sdp: text, session: noted(text, 'A session as JSON.') }, 'session'),
    CallAnswer: {
      anyOf: [
        object({ id: noted(text, '`rtc_...`'), sdp: text, ice_servers: list(iceServer) }),
        noted(object({ id: text, object: oneOf('realtime.call'), direction: oneOf('outbound') }), 'Of a telephone call.'),
      ],
    },
    InworldCallRequest: object({ sdp: text, sessionConfig: noted({ type: 'object' }, 'A session in camelCase.') }, 'sessionConfig'),
    InworldCallAnswer: object({ sdp: text, sessionId: text }),
    IceServers: object({ ice_servers: list(iceServer) }),
    SessionTokenRequest: object(
      { api_key: noted(text, 'The API key that signed.'), resource_id: noted(text, '`workspaces/{workspace}`') },
      'api_key',
      'resource_id',
    ),
    TokenRequest: object(
      { key: noted(text, 'The API key that signed.'), resources: list(noted(text, '`workspaces/{workspace}`')) },
      'key',
      'resources',
    ),
    Token: object({ token: text, type: oneOf('Bearer'), expirationTime: { type: 'string', format: 'date-time' }, sessionId: text }),

    Voice: voice,
    Voices: object({
      voices: list(reference('Voice')),
      nextPageToken: noted(text, 'Empty on the last page.'),
      totalSize: { type: 'integer' },
    }),
    OldVoices: object({
      voices: list(
        object({ voiceId: text, displayName: text, description: text, languages: list(text), tags: list(text), isCustom: flag }),
      ),
    }),
    OpenAiModel: model,
    ChatRequest: noted(
      {
        type: 'object',
        properties: { model: text, messages: { type: 'array', items: { type: 'object' } }, stream: flag },
        required: ['messages'],
      },
      "OpenAI's, with what Inworld's router adds: `models`, `sort`, `ignore`, `fallback`, `metadata`, `prompt_variables`.",
    ),
    ChatCompletion: object(
      {
        id: text,
        object: oneOf('chat.completion'),
        created: seconds,
        model: text,
        choices: list({ type: 'object' }),
        usage: { type: 'object' },
        metadata: noted({ type: 'object' }, 'Who was asked, where several could be: `attempts`, `route`, `variant`.'),
      },
      'metadata',
    ),
    TextResponseRequest: noted(
      {
        type: 'object',
        properties: {
          model: text,
          input: {
            anyOf: [
              text,
              noted(
                list({ type: 'object' }),
                'Items: `message`, `function_call`, `function_call_output`; `reasoning` is accepted and not read.',
              ),
            ],
          },
          instructions: text,
          tools: noted(list({ type: 'object' }), 'Functions.'),
          tool_choice: noted({}, '`auto`, `none`, `required`, or one function.'),
          max_output_tokens: { type: 'integer', minimum: 1 },
          temperature: { type: 'number', minimum: 0, maximum: 2 },
          top_p: { type: 'number', minimum: 0, maximum: 1 },
          reasoning: { type: 'object', properties: { effort: text } },
          text: { type: 'object', properties: { format: object({ type: oneOf('text') }) } },
          metadata: noted({ type: 'object' }, 'Comes back with the response, and is what the conditions of routers see.'),
          store: noted(flag, 'Accepted; nothing is kept, and the response says `false`.'),
          stream: flag,
        },
        required: ['input'],
      },
      "OpenAI's, with what Inworld's router adds: `models`, `sort`, `ignore`, `fallback`, `prompt_variables`.",
    ),
    TextResponse: object({
      id: noted(text, '`resp_...`'),
      object: oneOf('response'),
      created_at: seconds,
      status: oneOf('completed', 'incomplete'),
      model: text,
      output: noted(list({ type: 'object' }), 'Items: `message` and `function_call`.'),
      usage: { type: 'object' },
      metadata: noted(
        { type: 'object', additionalProperties: text },
        "The request's, and who was asked, where several could be: `attempts` (the text of a JSON array), `route`, `variant`.",
      ),
    }),
    SpeechRequest: object(
      {
        model: noted(text, 'As `audio.output.model` of a session; the usual one without it.'),
        input: noted({ type: 'string', maxLength: 4096 }, 'What is to be said.'),
        voice: noted(text, 'As `audio.output.voice` of a session; the usual one without it.'),
        response_format: noted(oneOf('wav', 'pcm'), 'WAVE without it; `pcm` is mono, 16 bits, 24 kHz.'),
        speed: { type: 'number', minimum: 0.25, maximum: 4 },
        stream_format: oneOf('audio', 'sse'),
      },
      'model',
      'voice',
      'response_format',
      'speed',
      'stream_format',
    ),
    TranscriptionForm: object(
      {
        file: noted({ type: 'string', format: 'binary' }, 'WAVE, or Opus in Ogg or WebM; at most 25 MiB.'),
        model: noted(text, 'As `audio.input.transcription.model` of a session; the usual one without it.'),
        language: noted(text, 'ISO 639-1.'),
        prompt: noted(text, 'Words to expect.'),
        response_format: oneOf('json', 'text', 'verbose_json', 'srt', 'vtt'),
        stream: oneOf('true', 'false'),
      },
      'model',
      'language',
      'prompt',
      'response_format',
      'stream',
    ),
    Transcription: object({ text, usage: { type: 'object' } }),
    OpenAiVoices: object({
      object: oneOf('list'),
      data: list(
        object({
          object: oneOf('voice'),
          id: noted(text, 'As a session names it.'),
          name: text,
          description: text,
          language: noted(text, 'BCP 47.'),
          gender: text,
          tags: list(text),
          owned_by: text,
        }),
      ),
    }),
    OpenAiModels: object({ object: oneOf('list'), data: list(reference('OpenAiModel')) }),
    InworldModels: object({
      models: list(
        object({
          model: text,
          provider: text,
          modelCreator: text,
          spec: object({ inputModalities: list(text), outputModalities: list(text) }),
          isSupported: flag,
        }),
      ),
    }),
    ...routerSchemas(),
    ...usageSchemas(),
  };
}
