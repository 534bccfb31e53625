// With what the session can be taken up after its connection was lost, and what was said to the server that may not have come there. Pure.
import type { ClientEvent, ServerEvent } from './events.ts';

export interface Resuming {
  readonly session: string;
  readonly token: string;
  /** How long the server keeps the session. */
  readonly seconds: number;
  readonly lastEvent: string;
  /** The last events that were sent, sound aside, and how many there were in all. */
  readonly said: readonly ClientEvent[];
  readonly count: number;
}

const mostSaid = 50;

/** What is known after an event of the server's. */
export function hearing(known: Resuming | undefined, event: ServerEvent): Resuming | undefined {
  const lastEvent = (event as { event_id?: string }).event_id ?? known?.lastEvent ?? '';
  if (event.type === 'session.created') {
    const { id, parley } = event.session;
    return parley && 'resume' in parley ? { session: id, ...parley.resume, lastEvent, said: [], count: 0 } : undefined;
  }
  if (event.type === 'session.resumed') return known && { ...known, ...event.resume, lastEvent };
  return known && { ...known, lastEvent };
}

/** What is known after an event of ours. */
export function saying(known: Resuming | undefined, event: ClientEvent): Resuming | undefined {
  if (event.type === 'input_audio_buffer.append') return known;
  return known && { ...known, said: [...known.said, event].slice(-mostSaid), count: known.count + 1 };
}

/** What has not come there, where the server has had so many of our events. */
export function unheard({ said, count }: Resuming, received: number): readonly ClientEvent[] {
  return said.slice(Math.max(0, said.length - Math.max(0, count - received)));
}
