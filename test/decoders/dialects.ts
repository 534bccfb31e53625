// Records what a session without a transport says, as each dialect would put it on the wire.
import { beta } from '../../src/protocol/dialects/beta.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import { isRecord } from '../../src/protocol/json.ts';
import type { ServerEvent, StampedEvent } from '../../src/protocol/server-events.ts';
import { keep, type Recorded, type Spoken } from './recorded.ts';

export function recordInDialects(events: readonly ServerEvent[], api: Spoken['api']): void {
  for (const [index, { type, ...rest }] of events.entries()) {
    const stamped = { type, event_id: `event_${index}`, ...rest } as StampedEvent;
    for (const dialect of [ga, beta]) {
      for (const event of dialect.fromGa(stamped)) {
        keep({ dialect: dialect.name, api, event: (dialect === beta ? withModelOfBeta(event) : event) as Recorded['event'] });
      }
    }
  }
}

/** The types of the beta list the models of their day, and that of a session without a transport is none of them. */
function withModelOfBeta(event: object): object {
  if (!('session' in event && isRecord(event.session) && event.session.model !== undefined)) return event;
  return { ...event, session: { ...event.session, model: 'gpt-4o-realtime-preview' } };
}
