// Inworld's camelCase `sessionConfig` (brief 004: the body of POST /v1/realtime/webrtc) as a GA session.
import { isRecord } from '../json.ts';
import { at, type Home, nest } from './paths.ts';

const homes: readonly Home[] = [
  ['maxTokens', 'max_output_tokens'],
  ['voice', 'audio.output.voice'],
  ['inputAudioFormat', 'audio.input.format'],
  ['outputAudioFormat', 'audio.output.format'],
  ['turnDetection', 'audio.input.turn_detection'],
  ['toolChoice', 'tool_choice'],
];
const detectionHomes: readonly Home[] = [
  ['silenceDurationMs', 'silence_duration_ms'],
  ['prefixPaddingMs', 'prefix_padding_ms'],
  ['idleTimeoutMs', 'idle_timeout_ms'],
  ['createResponse', 'create_response'],
  ['interruptResponse', 'interrupt_response'],
];
const serverHomes: readonly Home[] = [
  ['url', 'server_url'],
  ['serverLabel', 'server_label'],
  ['serverDescription', 'server_description'],
  ['allowedTools', 'allowed_tools'],
  ['requireApproval', 'require_approval'],
];

const asItIs = (_name: string, value: unknown) => value;

/**
 * A `sessionConfig` as GA says it, to be read by the schema of sessions. Values are moved, not judged, and what is written in GA's own
 * names stays and wins. `mcpServers` become tools of type `mcp`, each labelled by its host.
 */
export function sessionConfigToGa(sessionConfig: unknown): unknown {
  if (!isRecord(sessionConfig)) return sessionConfig;
  const { mcpServers, ...rest } = sessionConfig;
  const session = nest(rest, homes, (name, value) => (name === 'turnDetection' ? detection(value) : value));
  if (mcpServers == null) return session;
  // Of what is not a list, the schema says so.
  if (!Array.isArray(mcpServers)) return { ...session, tools: mcpServers };
  const tools = session.tools ?? [];
  return Array.isArray(tools) ? { ...session, tools: [...tools, ...mcpTools(mcpServers, tools)] } : session;
}

/** `none` is how Inworld says off; GA says null. */
function detection(turnDetection: unknown): unknown {
  if (!isRecord(turnDetection)) return turnDetection === 'none' ? null : turnDetection;
  return turnDetection.type === 'none' ? null : nest(turnDetection, detectionHomes, asItIs);
}

function mcpTools(servers: readonly unknown[], tools: readonly unknown[]): unknown[] {
  const taken = new Set([...tools, ...servers].map((entry) => at(entry, 'server_label') ?? at(entry, 'serverLabel')));
  return servers.map((server) => {
    if (!isRecord(server)) return server;
    // How to reach the server is found out by asking it, whatever `transport` says.
    const { transport: _transport, ...rest } = server;
    const tool = nest(rest, serverHomes, asItIs);
    if (tool.server_label == null) {
      tool.server_label = unused(labelOf(tool.server_url), taken);
      taken.add(tool.server_label);
    }
    // Who configures a server in this form has no field to ask for approvals with, and knows no event to give them by.
    tool.require_approval ??= 'never';
    return { type: 'mcp', ...tool };
  });
}

/** The host's name in the letters that a label may have, beginning with one. */
function labelOf(serverUrl: unknown): string {
  const host = typeof serverUrl === 'string' && URL.canParse(serverUrl) ? new URL(serverUrl).hostname : '';
  // No host that can be reached has a longer name, and the patterns below are slow on what is long.
  const label = host
    .slice(0, 253)
    .replaceAll(/[^A-Za-z0-9_-]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  return (/^[A-Za-z]/.test(label) ? label : `mcp_${label}`.replace(/_$/, '')).slice(0, 56);
}

function unused(label: string, taken: ReadonlySet<unknown>): string {
  let candidate = label;
  for (let count = 2; taken.has(candidate); count += 1) candidate = `${label}_${count}`;
  return candidate;
}
