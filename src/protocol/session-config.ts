// The session's configuration (protocol 3.1): the whole of it as we keep and echo it, and a part of it as a client sends it.
import { z } from 'zod';
import { type AudioFormat, audioFormatPatch } from './audio-format.ts';
import { isRecord } from './json.ts';
import { providerData } from './provider-data/provider-data.ts';
import { type StoredPrompt, storedPrompt } from './stored-prompt.ts';

export type Eagerness = 'low' | 'medium' | 'high' | 'auto';
export interface ServerVad {
  type: 'server_vad';
  threshold: number;
  prefix_padding_ms: number;
  silence_duration_ms: number;
  idle_timeout_ms: number | null;
  create_response: boolean;
  interrupt_response: boolean;
}
export interface SemanticVad {
  type: 'semantic_vad';
  eagerness: Eagerness;
  create_response: boolean;
  interrupt_response: boolean;
}
export type TurnDetection = ServerVad | SemanticVad | null;

export interface Transcription {
  model: string;
  language?: string | undefined;
  prompt?: string | undefined;
  /** Words and phrases that may be said. */
  keywords?: string[] | undefined;
  /** ISO 639-1: those that may be spoken. */
  languages?: string[] | undefined;
  delay?: string | undefined;
}

export interface NoiseReduction {
  type: 'near_field' | 'far_field';
  /** From 0, the sound as it is, to 1, which is meant where nothing is said. */
  strength?: number | undefined;
}

export interface FunctionTool {
  type: 'function';
  name: string;
  description?: string | undefined;
  parameters?: Record<string, unknown> | undefined;
}

/** Which tools of an MCP server: by name, or those that say they only read. */
export interface McpToolFilter {
  tool_names?: string[] | undefined;
  read_only?: boolean | undefined;
}
/** What a session can have on board: the tools of the telephone call that it is on. */
export const connectors = ['parley_telephone'] as const;
type ConnectorId = (typeof connectors)[number];

/** An MCP server whose tools we run ourselves. `authorization` and `headers` are secrets: they are never shown again. */
export interface McpTool {
  type: 'mcp';
  server_label: string;
  /** Where it is; an McpTool has this or a connector. */
  server_url?: string | undefined;
  /** One that this server has on board, for sessions that it was run with (`connectors`). */
  connector_id?: ConnectorId | undefined;
  server_description?: string | undefined;
  authorization?: string | undefined;
  headers?: Record<string, string> | null | undefined;
  allowed_tools?: string[] | McpToolFilter | null | undefined;
  require_approval?: 'always' | 'never' | { always?: McpToolFilter | undefined; never?: McpToolFilter | undefined } | null | undefined;
  /** Who may call its tools: the model itself (`direct`), or code that the model writes, which is not run here. */
  allowed_callers?: ('direct' | 'programmatic')[] | null | undefined;
  /** Its tools are found by searching for them. There is no such search here: they are told at once. */
  defer_loading?: boolean | undefined;
}
/** Inworld's: a search of the web that the service runs itself. It is kept and shown, and not served. */
export interface WebSearchTool {
  type: 'web_search';
  [field: string]: unknown;
}
export type Tool = FunctionTool | McpTool | WebSearchTool;
export type ToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { type: 'function'; name: string }
  | { type: 'mcp'; server_label: string; name?: string | undefined }
  | { type: 'web_search' };
export type Modality = 'audio' | 'text';

export interface SessionConfig {
  /** A transcription session only listens: everything about answers lies idle in it, and is not shown. */
  type: 'realtime' | 'transcription';
  model: string;
  instructions: string;
  output_modalities: Modality[];
  temperature?: number | undefined;
  max_output_tokens: number | 'inf';
  parallel_tool_calls: boolean;
  reasoning: { effort: string } | null;
  prompt: StoredPrompt | null;
  tools: Tool[];
  tool_choice: ToolChoice;
  tracing: unknown;
  truncation: Truncation;
  include: string[] | null;
  audio: {
    input: {
      format: AudioFormat;
      noise_reduction: NoiseReduction | null;
      transcription: Transcription | null;
      turn_detection: TurnDetection;
    };
    output: { format: AudioFormat; voice: string; model: string; speed: number };
  };
  providerData?: Record<string, unknown> | undefined;
}

export type RealtimeSessionObject = SessionConfig & {
  type: 'realtime';
  id: string;
  object: 'realtime.session';
  expires_at: number;
  parley?: ParleyOffers;
};

export interface TranscriptionSessionObject {
  type: 'transcription';
  id: string;
  object: 'realtime.transcription_session';
  expires_at: number;
  include: string[] | null;
  audio: { input: SessionConfig['audio']['input'] };
  parley?: ParleyOffers;
}

/** What `session.created` and `session.updated` show. */
export type SessionObject = RealtimeSessionObject | TranscriptionSessionObject;

/**
 * What only Parley has: in `session.created`, with what the session can be taken up; in the last `session.updated` before its end, how near that
 * is. Whoever takes it up then finds it with a new life.
 */
export type ParleyOffers = { resume: ResumeOffer } | { expires_in_seconds: number };

/** With this token the client may take the session up again within so many seconds after its connection was lost. */
export interface ResumeOffer {
  token: string;
  seconds: number;
}

export const serverVadDefaults: ServerVad = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 500,
  idle_timeout_ms: null,
  create_response: true,
  interrupt_response: true,
};
export const semanticVadDefaults: SemanticVad = {
  type: 'semantic_vad',
  eagerness: 'auto',
  create_response: true,
  interrupt_response: true,
};

/** What a session shows that names no speech model: whoever speaks for those who name none. */
export const usualSpeechModel = 'inworld-tts-1.5-mini';

/** What a new session is before anybody has said anything about it (protocol 3.6), with what only the server that runs it can say. */
export function newSession(own: {
  type: SessionConfig['type'];
  model: string;
  instructions: string;
  voice: string;
  transcription: Transcription | null;
  turnDetection: TurnDetection;
}): SessionConfig {
  const format = { type: 'audio/pcm', rate: 24000 } as const;
  return {
    type: own.type,
    model: own.model,
    instructions: own.instructions,
    output_modalities: ['audio'],
    max_output_tokens: 'inf',
    parallel_tool_calls: true,
    reasoning: null,
    prompt: null,
    tools: [],
    tool_choice: 'auto',
    tracing: null,
    truncation: 'auto',
    include: null,
    audio: {
      input: { format, noise_reduction: null, transcription: own.transcription, turn_detection: own.turnDetection },
      output: { format, voice: own.voice, model: usualSpeechModel, speed: 1 },
    },
  };
}

/** The audio kept before speech in semantic_vad, which has no field for it. */
export const semanticPrefixPaddingMs = serverVadDefaults.prefix_padding_ms;

const ms = (most: number) => z.number().int().min(0).max(most);

const turnDetection = z.preprocess(
  // Off has three spellings (conflict C20).
  (input) => (input === false || input === 'none' || (isRecord(input) && input.type === 'none') ? null : input),
  z
    .object({
      type: z.enum(['server_vad', 'semantic_vad']).optional(),
      threshold: z.number().min(0).max(1).optional(),
      prefix_padding_ms: ms(10_000).optional(),
      silence_duration_ms: ms(10_000).optional(),
      idle_timeout_ms: z.number().int().min(1000).max(600_000).nullish(),
      eagerness: z.enum(['low', 'medium', 'high', 'auto']).optional(),
      create_response: z.boolean().optional(),
      interrupt_response: z.boolean().optional(),
    })
    .nullable(),
);
export type TurnDetectionPatch = z.infer<typeof turnDetection>;

export const voice = z.preprocess((input) => (isRecord(input) && 'id' in input ? input.id : input), z.string().min(1).max(256));

const toolName = z
  .string()
  .max(64)
  .regex(/^[a-zA-Z0-9_-]+$/, { error: 'must match ^[a-zA-Z0-9_-]{1,64}$' });
const toolFilter = z.object({ tool_names: z.array(z.string()).max(256).optional(), read_only: z.boolean().optional() });
const refused = (error: string) => z.custom<undefined>((value) => value == null, { error }).optional();
const isConnector = (value: unknown): value is ConnectorId => connectors.some((each) => each === value);
const connector = z.preprocess(
  (value) => value ?? undefined,
  z.custom<ConnectorId>(isConnector, { error: 'Connectors (connector_id) are not served here; name a server_url.' }).optional(),
);
const mcpTool = z
  .object({
    type: z.literal('mcp'),
    // Before server_url, which is missing where one of these stands.
    connector_id: connector,
    tunnel_id: refused('Tunnels (tunnel_id) are not served here; name a server_url.'),
    server_label: z
      .string()
      .max(64)
      .regex(/^[a-zA-Z][a-zA-Z0-9_-]*$/, { error: 'must begin with a letter and hold letters, digits, _ and - only' }),
    server_url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
    server_description: z.string().max(10_000).optional(),
    authorization: z.string().max(10_000).optional(),
    headers: z.record(z.string(), z.string()).nullish(),
    allowed_tools: z.union([z.array(z.string()).max(256), toolFilter]).nullish(),
    require_approval: z
      .union([z.enum(['always', 'never']), z.object({ always: toolFilter.optional(), never: toolFilter.optional() })])
      .nullish(),
    allowed_callers: z
      .array(z.enum(['direct', 'programmatic']))
      .max(2)
      .nullish(),
    defer_loading: z.boolean().optional(),
  })
  .superRefine(({ server_url: url, connector_id: connector }, context) => {
    if (url === undefined && connector === undefined)
      context.addIssue({ code: 'invalid_type', expected: 'string', input: undefined, path: ['server_url'] });
    if (url !== undefined && connector !== undefined)
      context.addIssue({ code: 'custom', path: ['connector_id'], message: 'A tool has a server_url or a connector_id, not both.' });
  });
const webSearchTool = z.looseObject({ type: z.literal('web_search'), providerData: z.record(z.string(), z.unknown()).nullish() });
const tool = z.preprocess(
  (input) => {
    if (!isRecord(input)) return input;
    // Chat Completions nests a function's three fields under `function`.
    const tool: Record<string, unknown> = isRecord(input.function) ? { type: input.type, ...input.function } : input;
    // The published types let a function go without saying that it is one.
    return tool.type === undefined && tool.name !== undefined ? { ...tool, type: 'function' } : tool;
  },
  z.discriminatedUnion(
    'type',
    [
      z.object({
        type: z.literal('function'),
        name: toolName,
        description: z.string().optional(),
        parameters: z.record(z.string(), z.unknown()).optional(),
      }),
      mcpTool,
      webSearchTool,
    ],
    { error: (issue) => `Tools of this type are not served here; 'function' and 'mcp' are (${issue.code}).` },
  ),
);
export const tools = z
  .array(tool)
  .max(128)
  .superRefine((list, context) => {
    const names = list.map((entry): [field: string, name: string] | undefined => {
      if (entry.type === 'web_search') return undefined;
      return entry.type === 'function' ? ['name', entry.name] : ['server_label', entry.server_label];
    });
    names.forEach((named, index) => {
      if (!named) return;
      const [field, name] = named;
      if (names.findIndex((other) => other?.[0] === field && other[1] === name) === index) return;
      context.addIssue({ code: 'custom', path: [index, field], message: `There are two tools of that ${field}, '${name}'.` });
    });
  });
export const toolChoice = z.preprocess(
  (input) => {
    if (!isRecord(input)) return input;
    // Inworld writes `{type:"auto"}` for `"auto"` (conflict C15); Chat Completions nests the name.
    if (input.type === 'auto' || input.type === 'none' || input.type === 'required') return input.type;
    return isRecord(input.function) ? { type: input.type, name: input.function.name } : input;
  },
  z.union(
    [
      z.enum(['none', 'auto', 'required']),
      z.object({ type: z.literal('function'), name: toolName }),
      z.object({ type: z.literal('mcp'), server_label: z.string(), name: z.string().optional() }),
      z.object({ type: z.literal('web_search') }),
    ],
    { error: `must be 'none', 'auto', 'required', {"type":"function","name":...} or {"type":"mcp","server_label":...}` },
  ),
);
export const modalities = z
  .array(z.enum(['audio', 'text']))
  .min(1)
  .max(2);
export const maxOutputTokens = z.union([z.number().int().min(1).max(4096), z.literal('inf')], {
  error: 'must be a whole number from 1 to 4096, or "inf"',
});
export const temperature = z.number().min(0).max(2);
const effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']);
/** An object without an effort says nothing. */
export const reasoning = z.preprocess(
  (input) => (isRecord(input) && input.effort === undefined ? undefined : input),
  z.object({ effort }).nullable().optional(),
);
export const speed = z.number().min(0.25).max(1.5);

/** What happens when the conversation outgrows the model (protocol 4.9). */
export const truncation = z.union(
  [
    z.enum(['auto', 'disabled']),
    z.object({
      type: z.literal('retention_ratio'),
      retention_ratio: z.number().min(0).max(1),
      token_limits: z.object({ post_instructions: z.number().int().min(0).optional() }).optional(),
    }),
  ],
  { error: `must be 'auto', 'disabled' or {"type":"retention_ratio","retention_ratio":<0 to 1>,"token_limits":...}` },
);
export type Truncation = z.infer<typeof truncation>;

const modelId = z.string().min(1).max(256);
const transcription = z
  .object({
    model: modelId.nullish(),
    language: z.string().min(2).max(16).nullish(),
    prompt: z.string().max(10_000).nullish(),
    keywords: z.array(z.string().max(256)).max(1000).nullish(),
    languages: z.array(z.string().min(2).max(16)).max(100).nullish(),
    delay: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
  })
  .nullable();

const noiseReduction = z.object({ type: z.enum(['near_field', 'far_field']).optional(), strength: z.number().min(0).max(1).optional() });

/** A partial session: only what is present changes. Unknown fields are left out (conflict C54). */
export const sessionPatch = z.preprocess(
  // `modelId` is the older spelling of `model`, which wins (conflict C2).
  (input) => (isRecord(input) && input.model === undefined && input.modelId !== undefined ? { ...input, model: input.modelId } : input),
  z
    .object({
      type: z.enum(['realtime', 'transcription']),
      model: modelId,
      instructions: z.string().max(1_000_000),
      output_modalities: modalities,
      temperature: temperature.nullable(),
      max_output_tokens: z.preprocess((input) => (input === null ? 'inf' : input), maxOutputTokens),
      parallel_tool_calls: z.boolean(),
      reasoning,
      prompt: storedPrompt,
      tools,
      tool_choice: toolChoice,
      tracing: z.union([z.literal('auto'), z.record(z.string(), z.unknown())]).nullable(),
      truncation,
      include: z.array(z.enum(['item.input_audio_transcription.logprobs'])).nullable(),
      audio: z
        .object({
          input: z
            .object({
              format: audioFormatPatch,
              noise_reduction: noiseReduction.nullable(),
              transcription,
              turn_detection: turnDetection,
            })
            .partial(),
          output: z.object({ format: audioFormatPatch, voice, model: modelId, speed }).partial(),
        })
        .partial(),
      providerData,
    })
    .partial(),
);
export type SessionPatch = z.infer<typeof sessionPatch>;
