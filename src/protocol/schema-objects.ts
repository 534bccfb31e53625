// The objects inside server events, written down as schemas for the published contract. Nothing is parsed with these: the compiler holds
// the events made of them against the types that the server really sends.
import { z } from 'zod';
import { audioFormat } from './audio-format.ts';
import { connectors, truncation } from './session-config.ts';
import { storedPrompt } from './stored-prompt.ts';

/** `true` where each of two types can stand for the other. */
export type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** The type itself, as long as nothing differs. Where something does, it is a type that nothing satisfies, and says what. */
export type Agreed<Type, Differing extends string> = [Differing] extends [never]
  ? Type
  : Record<`${Differing} differs from its type`, never>;

const anyObject = z.record(z.string(), z.unknown());
const count = z.number().int().min(0);
const status = z.enum(['in_progress', 'completed', 'incomplete']);
const itemId = z.string();
const modalities = z.array(z.enum(['audio', 'text']));
const mostTokens = z.union([z.number().int(), z.literal('inf')]);

const common = { id: itemId, object: z.literal('realtime.item'), status };
/** Only what is retrieved has sound, unless there is too much of it. */
const sound = { audio: z.string().exactOptional(), audio_omitted: z.literal('too_large').exactOptional() };
const inputText = z.object({ type: z.literal('input_text'), text: z.string() });
const userPart = z.union([
  inputText,
  z.object({ type: z.literal('input_audio'), ...sound, transcript: z.string().nullable() }),
  z.object({ type: z.literal('input_image'), image_url: z.string(), detail: z.enum(['auto', 'low', 'high']) }),
]);
const assistantPart = z.union([
  z.object({ type: z.literal('output_text'), text: z.string() }),
  z.object({ type: z.literal('output_audio'), ...sound, transcript: z.string() }),
]);

// Items about MCP servers have neither an object nor a status.
const mcp = { id: itemId, server_label: z.string() };
const mcpCall = { ...mcp, name: z.string(), arguments: z.string() };
const listedTool = z.object({
  name: z.string(),
  description: z.string().nullable(),
  input_schema: anyObject,
  annotations: anyObject.nullable(),
});
const leftOut = z.object({ name: z.string().nullable(), reason: z.string() });
const callError = z.union([
  z.object({ type: z.literal('protocol_error'), code: z.number().int(), message: z.string() }),
  z.object({ type: z.literal('tool_execution_error'), message: z.string() }),
  z.object({ type: z.literal('http_error'), code: z.number().int(), message: z.string() }),
]);

export const item = z.union([
  z.object({ ...common, type: z.literal('message'), role: z.literal('system'), content: z.array(inputText) }),
  z.object({ ...common, type: z.literal('message'), role: z.literal('user'), content: z.array(userPart) }),
  z.object({ ...common, type: z.literal('message'), role: z.literal('assistant'), content: z.array(assistantPart) }),
  z.object({ ...common, type: z.literal('function_call'), call_id: z.string(), name: z.string(), arguments: z.string() }),
  z.object({ ...common, type: z.literal('function_call_output'), call_id: z.string(), output: z.string() }),
  z.object({ ...mcp, type: z.literal('mcp_list_tools'), tools: z.array(listedTool), left_out: z.array(leftOut).exactOptional() }),
  z.object({
    ...mcpCall,
    type: z.literal('mcp_call'),
    approval_request_id: itemId.nullable(),
    output: z.string().nullable(),
    error: callError.nullable(),
  }),
  z.object({ ...mcpCall, type: z.literal('mcp_approval_request') }),
  z.object({
    id: itemId,
    type: z.literal('mcp_approval_response'),
    approval_request_id: itemId,
    approve: z.boolean(),
    reason: z.string().nullable(),
  }),
]);
const serverVad = z.object({
  type: z.literal('server_vad'),
  threshold: z.number(),
  prefix_padding_ms: count,
  silence_duration_ms: count,
  idle_timeout_ms: count.nullable(),
  create_response: z.boolean(),
  interrupt_response: z.boolean(),
});
const semanticVad = z.object({
  type: z.literal('semantic_vad'),
  eagerness: z.enum(['low', 'medium', 'high', 'auto']),
  create_response: z.boolean(),
  interrupt_response: z.boolean(),
});

const heard = z.object({
  format: audioFormat,
  noise_reduction: z.object({ type: z.enum(['near_field', 'far_field']), strength: z.number().optional() }).nullable(),
  transcription: z
    .object({
      model: z.string(),
      language: z.string().optional(),
      languages: z.array(z.string()).optional(),
      prompt: z.string().optional(),
      keywords: z.array(z.string()).optional(),
      delay: z.string().optional(),
    })
    .nullable(),
  turn_detection: z.union([serverVad, semanticVad]).nullable(),
});

const functionTool = z.object({
  type: z.literal('function'),
  name: z.string(),
  description: z.string().optional(),
  parameters: anyObject.optional(),
});
const toolFilter = z.object({ tool_names: z.array(z.string()).optional(), read_only: z.boolean().optional() });
/** What is shown of a server: never its headers and its authorization. */
const mcpTool = z.object({
  type: z.literal('mcp'),
  server_label: z.string(),
  server_url: z.string().optional(),
  connector_id: z.enum(connectors).optional(),
  server_description: z.string().optional(),
  allowed_tools: z.union([z.array(z.string()), toolFilter]).nullish(),
  require_approval: z
    .union([z.enum(['always', 'never']), z.object({ always: toolFilter.optional(), never: toolFilter.optional() })])
    .nullish(),
  allowed_callers: z.array(z.enum(['direct', 'programmatic'])).nullish(),
  defer_loading: z.boolean().optional(),
});
const webSearchTool = z.looseObject({ type: z.literal('web_search') });

export const resumeOffer = z.object({ token: z.string(), seconds: z.number().int() });
const parley = z.union([z.object({ resume: resumeOffer }), z.object({ expires_in_seconds: z.number().int() })]).exactOptional();

const realtimeSession = z.object({
  id: z.string(),
  object: z.literal('realtime.session'),
  type: z.literal('realtime'),
  expires_at: z.number().int(),
  model: z.string(),
  instructions: z.string(),
  output_modalities: modalities,
  temperature: z.number().optional(),
  max_output_tokens: mostTokens,
  parallel_tool_calls: z.boolean(),
  reasoning: z.object({ effort: z.string() }).nullable(),
  prompt: storedPrompt,
  tools: z.array(z.union([functionTool, mcpTool, webSearchTool])),
  tool_choice: z.union([
    z.enum(['none', 'auto', 'required']),
    z.object({ type: z.literal('function'), name: z.string() }),
    z.object({ type: z.literal('mcp'), server_label: z.string(), name: z.string().optional() }),
    z.object({ type: z.literal('web_search') }),
  ]),
  tracing: z.unknown(),
  truncation,
  include: z.array(z.string()).nullable(),
  audio: z.object({
    input: heard,
    output: z.object({ format: audioFormat, voice: z.string(), model: z.string(), speed: z.number() }),
  }),
  providerData: anyObject.optional(),
  parley,
});
const transcriptionSession = z.object({
  id: z.string(),
  object: z.literal('realtime.transcription_session'),
  type: z.literal('transcription'),
  expires_at: z.number().int(),
  include: z.array(z.string()).nullable(),
  audio: z.object({ input: heard }),
  parley,
});
export const session = z.union([realtimeSession, transcriptionSession]);

export const usage = z.object({
  total_tokens: count,
  input_tokens: count,
  output_tokens: count,
  input_token_details: z.object({
    text_tokens: count,
    audio_tokens: count,
    image_tokens: count,
    cached_tokens: count,
    cached_tokens_details: z.object({ text_tokens: count, audio_tokens: count, image_tokens: count }),
  }),
  output_token_details: z.object({ text_tokens: count, audio_tokens: count }),
});

const statusDetails = z.union([
  z.object({ type: z.literal('cancelled'), reason: z.enum(['turn_detected', 'client_cancelled']) }),
  z.object({ type: z.literal('incomplete'), reason: z.enum(['max_output_tokens', 'content_filter']) }),
  z.object({ type: z.literal('failed'), error: z.object({ type: z.string(), code: z.string().nullable(), message: z.string() }) }),
]);

export const response = z.object({
  object: z.literal('realtime.response'),
  id: z.string(),
  status: z.enum(['in_progress', 'completed', 'cancelled', 'incomplete', 'failed']),
  status_details: statusDetails.nullable(),
  output: z.array(item),
  conversation_id: z.string().nullable(),
  output_modalities: modalities,
  max_output_tokens: mostTokens,
  audio: z.object({ output: z.object({ format: audioFormat, voice: z.string() }) }),
  metadata: z.record(z.string(), z.string()).nullable(),
  usage: usage.nullable(),
});
export const responsePart = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('audio'), transcript: z.string() }),
]);
export const error = z.object({
  type: z.enum(['invalid_request_error', 'server_error', 'rate_limit_error']),
  code: z.string().nullable(),
  message: z.string(),
  param: z.string().nullable(),
  event_id: z.string().nullable(),
  retry_after_ms: z.number().exactOptional(),
});
