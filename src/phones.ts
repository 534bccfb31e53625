// Telephone calls of a server, joined from their parts: who carries them, which routes they take, and what the HTTP routes and the console ask of them.
import type { PhoneDesk } from './http/routes/deps.ts';
import { noOutbound, openPhoneDesk } from './phone-desk.ts';
import type { PhonesParts } from './phone-parts.ts';
import { randomToken } from './lib/ids.ts';
import { ga } from './protocol/dialects/ga.ts';
import { connected, firstWords, type OpeningParts, ownTools, toolsOnBoard } from './telephony/opening.ts';
import { exactWords } from './telephony/exact-words.ts';
import { OutboundPolicy } from './telephony/outbound-policy.ts';
import { type Dialling, PhoneCalls, type PhoneSession } from './telephony/phone-calls.ts';
import type { BeginSession } from './telephony/phone-leg.ts';
import { CallRecorder } from './telephony/recording.ts';
import { matchRoute, overridden } from './telephony/route-match.ts';
import { outboundRules } from './telephony/routes-file.ts';
import type { Route } from './telephony/routes-schema.ts';
import { Webhooks } from './telephony/webhooks.ts';
import type { CallEvents } from './transports/calls/call.ts';
import type { Ending } from './transports/transport.ts';
import type { IncomingPhoneCall, PhoneParty } from './transports/calls/phone-call.ts';
import { openPhoneSip, type PhoneSip } from './phone-sip.ts';
import { openPhoneStreams, type PhoneStreams } from './phone-streams.ts';

export interface Phones extends PhoneDesk {
  /** Calls that ring or talk. */
  readonly size: number;
  readonly streams: PhoneStreams;
  /** Undefined where none is configured. */
  readonly sip: PhoneSip | undefined;
  /** SIP takes no new call any more. Calls under way go on. */
  drain(): void;
  close(): Promise<void>;
}

const arrival = { api: 'openai', model: undefined, sessionKey: undefined, transcriptionOnly: false } as const;

/** @throws SetupError when the recordings' folder cannot be made, or SIP cannot be spoken. */
export async function openPhones(parts: PhonesParts): Promise<Phones> {
  const { file, callSessions, calls, clock, ids, log, fetch } = parts;
  const webhooks = new Webhooks({ targets: file.webhooks, fetch, clock, ids, log });
  const policy = new OutboundPolicy(outboundRules(file));
  const recorder = file.routes.some(({ recording }) => recording) ? new CallRecorder({ folder: parts.recordings, clock, log }) : undefined;
  const transportOf = ({ id, owner }: Pick<PhoneSession, 'id' | 'owner'>) => calls.find(id, owner);
  const opening: OpeningParts = {
    clock,
    log,
    recorder,
    transportOf,
    machine: file.machine,
    allow: (owner, target) => policy.transfer(owner, target, clock.now()),
  };

  function prepare(session: PhoneSession): BeginSession {
    const { id, owner, speaker, route, patches } = session;
    const born = callSessions.birth(arrival, speaker, ...patches);
    const birth = { ...born, config: { ...born.config, tools: [...born.config.tools, ...ownTools(session)] } };
    return async (connect, ended) => {
      const over = new AbortController();
      const isOver = (ending: Ending | undefined) => {
        over.abort();
        ended(ending);
      };
      const request = { id, owner, dialect: ga, speaker, ended: isOver };
      const connecting = (events: CallEvents) => connected(session, opening, events, connect, over.signal);
      // Whoever telephones does not know of another server, and is not hung up on because this one leaves.
      await callSessions.begin(request, birth, connecting, { onBoard: toolsOnBoard(session, opening), goesOn: true });
      const words = firstWords(route);
      if (words !== undefined) transportOf(session)?.say(exactWords(words));
    };
  }

  function sessionOf(route: Route, call: PhoneParty): Readonly<Record<string, unknown>> {
    const { session, refused } = overridden(route.session, call.fields, route.overridable);
    if (refused.length > 0) log.warn({ route: route.name, refused }, 'parameters of a telephone call cannot be used, and were left out');
    return session;
  }

  const phoneCalls = new PhoneCalls({
    clock,
    ids,
    log,
    routeOf: (call) => matchRoute(file, call),
    ownerOf: (route) => route.key ?? parts.ownKey(),
    sessionOf,
    prepare,
    hangUp: (id, owner) => transportOf({ id, owner })?.close(1000, 'hung up'),
    tell: (event) => webhooks.tell(event),
    ask: (event, signal) => webhooks.ask(event, signal),
  });
  const streams = openPhoneStreams({
    ...parts,
    chance: randomToken,
    hasRoute: (call) => matchRoute(file, call) !== undefined,
    onIncoming: (call) => void phoneCalls.take(call),
  });
  const onIncoming = (call: IncomingPhoneCall) => void phoneCalls.take(call);
  const sip =
    file.sip &&
    (await openPhoneSip({ sip: file.sip, calls: parts.media, tls: parts.tls, clock, log, isReady: () => parts.isReady(), onIncoming }));

  function diallingBy(by: string, target: string, caller: string): Dialling {
    const [, trunk] = /^sip:(.*)$/.exec(by) ?? [];
    if (trunk === undefined) return streams.dialling(by, target, caller);
    if (!sip) throw noOutbound();
    return sip.dialling(trunk, target, caller);
  }

  return {
    get size() {
      return phoneCalls.size;
    },
    streams,
    sip,
    drain: () => sip?.drain(),
    ...openPhoneDesk({ calls: phoneCalls, policy, clock, outbound: file.outbound, diallingBy }),
    async close() {
      phoneCalls.close();
      streams.close();
      await sip?.close();
      await webhooks.close();
    },
  };
}
