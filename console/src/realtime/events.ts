// The wire as the page sees it: the server's own types, and the events that only a WebRTC call has.
import type { ServerEvent as SocketEvent } from '../../../src/protocol/server-events.ts';

/** `output_audio_buffer.*`: what a call's server says about what is played, since the page cannot know it there. */
interface OutputBufferEvent {
  type: 'output_audio_buffer.started' | 'output_audio_buffer.stopped' | 'output_audio_buffer.cleared';
  response_id: string;
}

export type ServerEvent = SocketEvent | OutputBufferEvent;

/** What the page sends. Its shape is checked where it matters, by the server. */
export interface ClientEvent {
  type: string;
  event_id?: string;
  [field: string]: unknown;
}

/** One message of a server as an event; undefined when it is none. Events that are not known here are shown in the log and otherwise let be. */
export function readEvent(message: string): ServerEvent | undefined {
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
      ? (value as ServerEvent)
      : undefined;
  } catch {
    return undefined;
  }
}
