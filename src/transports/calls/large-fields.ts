// An event without what makes it too long for a data channel: each field that is left out has a mark beside it that says so. What strict
// clients insist upon is emptied instead.
import { errorBody, RealtimeError } from '../../protocol/errors.ts';
import { isRecord } from '../../protocol/json.ts';
import type { ServerEvent } from '../../protocol/server-events.ts';

/** A field shorter than this is not what makes an event too long. */
const leastCharacters = 16 * 1024;

/** Fields that may go, by what they are part of. `[]` stands instead of those that must be there. */
const removable: readonly { of: (part: Record<string, unknown>) => boolean; field: string; instead?: [] }[] = [
  { of: ({ type }) => type === 'input_audio' || type === 'output_audio', field: 'audio' },
  { of: ({ type }) => type === 'input_image', field: 'image_url' },
  { of: ({ type }) => type === 'mcp_list_tools', field: 'tools', instead: [] },
  { of: ({ object }) => object === 'realtime.response', field: 'output', instead: [] },
  { of: isSession, field: 'instructions' },
  { of: isSession, field: 'tools', instead: [] },
];

function isSession({ object }: Record<string, unknown>): boolean {
  return object === 'realtime.session';
}

/** What may be sent instead, the best first. */
export function withoutLargeFields(event: ServerEvent): ServerEvent[] {
  const message = `The event '${event.type}' is too large for this data channel; a WebSocket with ?call_id= gets it.`;
  const refusal = new RealtimeError('event_too_large', message, null, 'server_error');
  return [reduced(event) as ServerEvent, { type: 'error', error: errorBody(refusal, null) }];
}

function reduced(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reduced);
  if (!isRecord(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, held] of Object.entries(value)) {
    const rule = removable.find(({ of, field }) => field === key && of(value));
    if (rule && held != null && JSON.stringify(held).length >= leastCharacters) {
      if (rule.instead) kept[key] = rule.instead;
      kept[`${key}_omitted`] = 'too_large';
    } else kept[key] = reduced(held);
  }
  return kept;
}
