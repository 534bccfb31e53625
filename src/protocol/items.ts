// Conversation items (protocol 3.5): the shapes we keep and send, and the liberal reading of what clients write.
import { z } from 'zod';
import { isBase64, plainBase64 } from './base64.ts';
import { isRecord } from './json.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Says that a part comes without its sound because there is too much of it for one event. */
interface SoundOmitted {
  audio_omitted?: 'too_large';
}
export type UserPart =
  | { type: 'input_text'; text: string }
  | ({ type: 'input_audio'; audio?: string; transcript: string | null } & SoundOmitted)
  | { type: 'input_image'; image_url: string; detail: 'auto' | 'low' | 'high' };
export type AssistantPart =
  | { type: 'output_text'; text: string }
  | ({ type: 'output_audio'; audio?: string; transcript: string } & SoundOmitted);

interface Common {
  id: string;
  object: 'realtime.item';
  status: ItemStatus;
}
export type SystemMessage = Common & { type: 'message'; role: 'system'; content: { type: 'input_text'; text: string }[] };
export type UserMessage = Common & { type: 'message'; role: 'user'; content: UserPart[] };
export type AssistantMessage = Common & { type: 'message'; role: 'assistant'; content: AssistantPart[] };
export type FunctionCall = Common & { type: 'function_call'; call_id: string; name: string; arguments: string };
export type FunctionCallOutput = Common & { type: 'function_call_output'; call_id: string; output: string };

/** A tool as an MCP server lists it. */
export interface McpListedTool {
  name: string;
  description: string | null;
  input_schema: Record<string, unknown>;
  annotations: Record<string, unknown> | null;
}
export type McpCallError =
  | { type: 'protocol_error'; code: number; message: string }
  | { type: 'tool_execution_error'; message: string }
  | { type: 'http_error'; code: number; message: string };
/** Items about MCP servers have neither `object` nor `status` (protocol 3.5). */
export interface McpListTools {
  id: string;
  type: 'mcp_list_tools';
  server_label: string;
  tools: McpListedTool[];
  /** Our own, and only there when tools were left out: which, and why. */
  left_out?: { name: string | null; reason: string }[];
}
export interface McpCall {
  id: string;
  type: 'mcp_call';
  server_label: string;
  name: string;
  arguments: string;
  approval_request_id: string | null;
  output: string | null;
  error: McpCallError | null;
}
export interface McpApprovalRequest {
  id: string;
  type: 'mcp_approval_request';
  server_label: string;
  name: string;
  arguments: string;
}
export interface McpApprovalResponse {
  id: string;
  type: 'mcp_approval_response';
  approval_request_id: string;
  approve: boolean;
  reason: string | null;
}
export type McpItem = McpListTools | McpCall | McpApprovalRequest | McpApprovalResponse;
export type Item = SystemMessage | UserMessage | AssistantMessage | FunctionCall | FunctionCallOutput | McpItem;

const id = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_.:-]+$/, { error: 'may hold letters, digits and _ . : - only' })
  .nullish();
const callId = z.string().min(1).max(128);

const text = z.string();
const inputText = z.object({ type: z.literal('input_text'), text });
const dataUrl = /^data:image\/(?:png|jpe?g|webp|gif);base64,/i;
/** Of an image that is named by its address. */
const mostAddressCharacters = 8192;
/** What an image in a data: URL begins with, before its base64. */
export function imageHead(url: unknown): string | undefined {
  return (typeof url === 'string' && dataUrl.exec(url)?.[0]) || undefined;
}
const imageUrl = z.preprocess(
  (url) => {
    const head = imageHead(url);
    return head === undefined ? url : head.toLowerCase() + plainBase64(String(url).slice(head.length));
  },
  z
    .string()
    .refine((url) => dataUrl.test(url) || url.length <= mostAddressCharacters, {
      error: `is longer than ${mostAddressCharacters} characters and no data: URL of an image`,
      abort: true,
    })
    .refine((url) => (dataUrl.test(url) ? isImage(url.slice(url.indexOf(',') + 1)) : /^https?:\/\/[^\s/]\S*$/.test(url)), {
      error: 'must be an https URL, or a data: URL of a PNG, JPEG, WebP or GIF image in base64',
    }),
);
const isImage = (base64: string) => base64 !== '' && isBase64(base64);
/** Base64. Much of it is bytes already when the session gets it: see transports/lifted-fields.ts. */
const sound: z.ZodType<string | Uint8Array> = z.preprocess(
  (audio) => (typeof audio === 'string' ? plainBase64(audio) : audio),
  z.string().refine(isBase64, { error: 'is not base64' }),
);
const userPart = z.discriminatedUnion('type', [
  inputText,
  z.object({ type: z.literal('input_audio'), audio: sound.nullish(), transcript: z.string().nullish() }),
  z.object({ type: z.literal('input_image'), image_url: imageUrl, detail: z.enum(['auto', 'low', 'high']).default('auto') }),
]);
const outputText = z.object({ type: z.literal('output_text'), text });

/** Parts of one message: each costs more than its text. */
const mostParts = 256;
const message = z.discriminatedUnion('role', [
  z.object({ type: z.literal('message'), id, role: z.literal('system'), content: z.array(inputText).min(1).max(mostParts) }),
  z.object({ type: z.literal('message'), id, role: z.literal('user'), content: z.array(userPart).min(1).max(mostParts) }),
  z.object({ type: z.literal('message'), id, role: z.literal('assistant'), content: z.array(outputText).min(1).max(mostParts) }),
]);
const functionCall = z.object({
  type: z.literal('function_call'),
  id,
  call_id: callId.nullish(),
  name: z.string().min(1).max(128),
  arguments: z.string(),
});
const functionCallOutput = z.object({ type: z.literal('function_call_output'), id, call_id: callId, output: z.string() });
const mcpApprovalResponse = z.object({
  type: z.literal('mcp_approval_response'),
  id,
  approval_request_id: z.string().min(1).max(64),
  approve: z.boolean(),
  reason: z.string().max(10_000).nullish(),
});
const itemReference = z.object({ type: z.literal('item_reference'), id: z.string().min(1) });

/** The part's GA name: short beta and Inworld names (`text`, `audio`) depend on who speaks (conflict C10). */
function canonicalPart(given: unknown, role: unknown): unknown {
  if (typeof given === 'string') return { type: role === 'assistant' ? 'output_text' : 'input_text', text: given };
  if (!isRecord(given)) return given;
  // The published types let a part go without saying what it is; its fields tell.
  const part: Record<string, unknown> = given.type === undefined ? { ...given, type: typeByField(given) } : given;
  const side = role === 'assistant' ? 'output' : 'input';
  if (part.type === 'text' || (part.type === 'output_text' && side === 'input')) return { ...part, type: `${side}_text` };
  const isSound = part.type === 'audio' || part.type === `${side}_audio`;
  if (isSound && side === 'output' && typeof part.transcript === 'string') {
    // What an assistant once said may be put back as words; its sound, which a retrieved item brings along, cannot (protocol 1.6).
    return { type: 'output_text', text: part.transcript };
  }
  if (isSound) return { ...part, type: `${side}_audio` };
  return part;
}

function typeByField(part: Record<string, unknown>): string | undefined {
  if (part.text !== undefined) return 'text';
  if (part.image_url !== undefined) return 'input_image';
  return part.audio !== undefined || part.transcript !== undefined ? 'audio' : undefined;
}

function canonicalItem(item: unknown): unknown {
  if (!isRecord(item)) return item;
  if (item.type === 'function_call_result' || item.role === 'tool') {
    const output = item.output ?? item.content;
    return { ...item, type: 'function_call_output', output: typeof output === 'string' ? output : JSON.stringify(output) };
  }
  if (item.type === 'message' || (item.type === undefined && item.role !== undefined)) {
    const content = typeof item.content === 'string' ? [item.content] : item.content;
    return {
      ...item,
      type: 'message',
      content: Array.isArray(content) ? content.map((part) => canonicalPart(part, item.role)) : content,
    };
  }
  if (item.type === 'function_call_output' && item.output !== undefined && typeof item.output !== 'string')
    return { ...item, output: JSON.stringify(item.output) };
  return item;
}

/** An item as a client creates it: ids optional, all spellings of section 8 accepted. */
export const clientItem = z.preprocess(
  canonicalItem,
  z.discriminatedUnion('type', [message, functionCall, functionCallOutput, mcpApprovalResponse]),
);
export type ClientItem = z.infer<typeof clientItem>;

/** What `response.create.response.input` may hold: items, or references to items of the conversation. */
export const inputItem = z.preprocess(
  canonicalItem,
  z.discriminatedUnion('type', [message, functionCall, functionCallOutput, itemReference]),
);
export type InputItem = z.infer<typeof inputItem>;

/** A client's item made whole: an id, a status, and a call id where it had none. Without its sound, which is not the conversation's to keep. */
export function completeItem(
  item: ClientItem | Exclude<InputItem, { type: 'item_reference' }>,
  itemId: string,
  mintCallId: () => string,
): Item {
  const common = { id: itemId, object: 'realtime.item', status: 'completed' } as const;
  switch (item.type) {
    case 'function_call':
      return { ...common, type: item.type, call_id: item.call_id ?? mintCallId(), name: item.name, arguments: item.arguments };
    case 'function_call_output':
      return { ...common, type: item.type, call_id: item.call_id, output: item.output };
    case 'mcp_approval_response':
      return {
        id: itemId,
        type: item.type,
        approval_request_id: item.approval_request_id,
        approve: item.approve,
        reason: item.reason ?? null,
      };
    case 'message':
      if (item.role === 'user') {
        return { ...common, type: 'message', role: 'user', content: item.content.map(completeUserPart) };
      }
      if (item.role === 'system') return { ...common, type: 'message', role: 'system', content: item.content };
      return { ...common, type: 'message', role: 'assistant', content: item.content };
  }
}

function completeUserPart(part: z.infer<typeof userPart>): UserPart {
  if (part.type !== 'input_audio') return part;
  return { type: 'input_audio', transcript: part.transcript ?? null };
}
