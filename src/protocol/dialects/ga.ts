// The native dialect: what the session says is what is sent. Sessions may be written in Inworld's camelCase too.
import { isRecord } from '../json.ts';
import type { Dialect } from './dialect.ts';
import { sessionConfigToGa } from './inworld.ts';

export const ga: Dialect = {
  name: 'ga',
  toGa: (message) =>
    isRecord(message) && message.type === 'session.update' ? { ...message, session: sessionConfigToGa(message.session) } : message,
  fromGa: (event) => [event],
  audioDeltaType: 'response.output_audio.delta',
};
