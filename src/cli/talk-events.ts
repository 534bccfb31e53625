// Events as a client meets them: any server's JSON, so every field is looked at before it is believed.

export type Fields = Readonly<Record<string, unknown>>;
export type RealtimeEvent = Fields & { readonly type: string };

export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'number' ? value : undefined;
}

/** The object at `name`, or an empty one: a path can be followed without asking at each step. */
export function objectOf(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : {};
}

export function listOf(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter(isFields) : [];
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The event in a text frame, or undefined when it is not one. */
export function parseEvent(frame: string): RealtimeEvent | undefined {
  try {
    const value: unknown = JSON.parse(frame);
    return isFields(value) && typeof value['type'] === 'string' ? (value as RealtimeEvent) : undefined;
  } catch {
    return undefined;
  }
}

/** What an `error` event says, as one sentence. */
export function errorSentence(event: Fields): string {
  const error = objectOf(event, 'error');
  const message = textOf(error, 'message') ?? 'The server reports an error without a message';
  const code = textOf(error, 'code') ?? textOf(error, 'type');
  const param = textOf(error, 'param');
  const place = [code, param].filter(Boolean).join(', ');
  return `${message.replace(/[.\s]+$/, '')}${place ? ` (${place})` : ''}.`;
}

/** Errors that say a race was lost, not that something went wrong. */
const harmlessCodes = new Set([
  'conversation_already_has_active_response',
  'response_cancel_not_active',
  'item_already_truncated',
  'item_truncate_invalid_item_id',
]);

export function isHarmless(event: Fields): boolean {
  return harmlessCodes.has(textOf(objectOf(event, 'error'), 'code') ?? '');
}
