// A session of `@openai/agents-realtime`, unmodified, with a record of what it was sent, what it understood and what it told.
import { type RealtimeAgent, type RealtimeItem, RealtimeSession } from '@openai/agents-realtime';
import { expect } from 'vitest';
import { EventLog } from './events.ts';
import { apiKey } from './server.ts';

/** The events the SDK acts on: one that fails its schema becomes "generic" there, and is passed by without a word. */
const actedOn = [
  'session.created',
  'session.updated',
  'conversation.item.added',
  'conversation.item.done',
  'conversation.item.retrieved',
  'conversation.item.truncated',
  'conversation.item.input_audio_transcription.delta',
  'conversation.item.input_audio_transcription.completed',
  'input_audio_buffer.speech_started',
  'input_audio_buffer.speech_stopped',
  'input_audio_buffer.committed',
  'response.created',
  'response.done',
  'response.output_item.added',
  'response.output_item.done',
  'response.content_part.added',
  'response.content_part.done',
  'response.output_audio.delta',
  'response.output_audio.done',
  'response.output_audio_transcript.delta',
  'response.output_audio_transcript.done',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
  'mcp_list_tools.in_progress',
  'mcp_list_tools.completed',
  'mcp_list_tools.failed',
  'response.mcp_call_arguments.delta',
  'response.mcp_call_arguments.done',
  'response.mcp_call.in_progress',
  'response.mcp_call.completed',
] as const;

/** What the session told its application. */
export interface Told {
  tools: [name: string, result: string][];
  /** The names of the tools of MCP servers, whenever they changed. */
  mcpTools: string[][];
  mcpResults: (string | null)[];
  interruptions: number;
  errors: unknown[];
  sound: Buffer[];
  ends: string[];
}

export interface Conversation {
  readonly session: RealtimeSession;
  readonly log: EventLog;
  readonly told: Told;
  /** How often the SDK understood an event of the type. */
  readonly understood: Map<string, number>;
}

/** Connects to the server at `ws`; the caller closes the session. */
export async function connectAgent(
  ws: string,
  agent: RealtimeAgent,
  options: Partial<NonNullable<ConstructorParameters<typeof RealtimeSession>[1]>> = {},
): Promise<Conversation> {
  const session = new RealtimeSession(agent, { transport: 'websocket', model: 'gpt-realtime', ...options });
  const log = new EventLog();
  const told: Told = { tools: [], mcpTools: [], mcpResults: [], interruptions: 0, errors: [], sound: [], ends: [] };
  const understood = new Map<string, number>();
  session.transport.on('*', (event) => {
    // What a telephone said is told here too.
    if (event.type !== 'twilio_message') log.add(event);
  });
  for (const type of actedOn) session.transport.on(type, () => understood.set(type, (understood.get(type) ?? 0) + 1));
  session.on('agent_tool_end', (_context, _agent, { name }, result) => told.tools.push([name, result]));
  session.on('mcp_tools_changed', (tools) => told.mcpTools.push(tools.map(({ name }) => name)));
  session.on('mcp_tool_call_completed', (_context, _agent, { output }) => told.mcpResults.push(output));
  session.on('audio_interrupted', () => told.interruptions++);
  session.on('audio', ({ data }) => told.sound.push(Buffer.from(data)));
  session.on('agent_end', (_context, _agent, output) => told.ends.push(output));
  session.on('error', (error) => told.errors.push(error));
  await session.connect({ apiKey, url: `${ws}/v1/realtime?model=gpt-realtime` });
  await log.wait('session.updated');
  return { session, log, told, understood };
}

export function expectAllUnderstood({ log, understood }: Conversation): void {
  const sent = Object.fromEntries(actedOn.map((type) => [type, log.of(type).length]));
  expect(Object.fromEntries(actedOn.map((type) => [type, understood.get(type) ?? 0]))).toEqual(sent);
}

/** What the SDK's own history says one side has said. */
export function said(history: readonly RealtimeItem[], role: 'user' | 'assistant'): string[] {
  return history.flatMap((item) => {
    if (item.type !== 'message' || item.role !== role) return [];
    return [item.content.map((part) => ('transcript' in part ? (part.transcript ?? '') : 'text' in part ? part.text : '')).join('')];
  });
}
