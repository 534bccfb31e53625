// The session of a call, whoever carries it: born in the formats of the call, let in if there is a place, and run over it.
import type { Usage } from './access/usage.ts';
import type { Router } from './engines/routing/router.ts';
import { Refusal } from './http/routes/family.ts';
import type { Speaker } from './protocol/audio-format.ts';
import { errors } from './protocol/errors.ts';
import type { Birth } from './session/birth.ts';
import { inOwnFormats } from './session/settings/settings.ts';
import type { SessionOptions, Sessions } from './sessions.ts';
import type { Call, CallEvents } from './transports/calls/call.ts';
import type { CallRequest, Calls } from './transports/calls/calls.ts';
import type { Arrival } from './transports/websocket/door.ts';

export interface CallSessionParts {
  readonly sessions: Sessions;
  readonly calls: Calls;
  readonly router: Router;
  readonly usage: Usage;
}

/** What brings a session along, in GA spelling: a secret, an offer, a route. */
type Brought = Readonly<Record<string, unknown>>;

export class CallSessions {
  readonly #parts: CallSessionParts;

  constructor(parts: CallSessionParts) {
    this.#parts = parts;
  }

  /** @throws RealtimeError naming the field that cannot be used. */
  birth(arrival: Arrival, speaker: Speaker, ...brought: readonly Brought[]): Birth {
    const { sessions, router } = this.#parts;
    const born = { ...sessions.birth(arrival, ...brought), speaker };
    const birth = { ...born, config: inOwnFormats(born, born.config) };
    if (!router.hasLlm(birth.config.model)) throw errors.modelNotFound('model', birth.config.model);
    return birth;
  }

  /** Begins the call with its session. @throws Refusal or RealtimeError when there is no place, and whatever `connect` rejects with. */
  begin<C extends Call>(
    request: CallRequest,
    birth: Birth,
    connect: (events: CallEvents, id: string) => Promise<C>,
    options?: SessionOptions,
  ): Promise<{ id: string; call: C }> {
    const { sessions, calls, usage } = this.#parts;
    const { owner, carrier } = request;
    if (sessions.full !== undefined) throw new Refusal(503, 'server_overloaded', sessions.full);
    const excess = usage.full(owner);
    if (excess) throw errors.limited(excess);
    const opening = calls.open(request, connect, (transport, id) =>
      sessions.run(transport, birth, { by: owner, call: id, carrier }, options),
    );
    return sessions.keepPlaceFor(owner, opening);
  }
}
