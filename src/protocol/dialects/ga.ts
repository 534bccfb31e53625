// The native dialect, OpenAI's GA and Inworld's: what the session says is what is sent, but for what only the beta has. Sessions may be
// written in Inworld's camelCase too.
import { isRecord } from '../json.ts';
import type { Dialect } from './dialect.ts';
import { sessionConfigToGa } from './inworld.ts';

/** The beta's server events that GA has no word for; typed clients of GA end at the first of them. */
export const unknownToGa: ReadonlySet<string> = new Set(['conversation.created']);

export const ga: Dialect = {
  name: 'ga',
  toGa: (message) =>
    isRecord(message) && message.type === 'session.update' ? { ...message, session: sessionConfigToGa(message.session) } : message,
  fromGa: (event) => (unknownToGa.has(event.type) ? [] : [event]),
  audioDeltaType: 'response.output_audio.delta',
};
