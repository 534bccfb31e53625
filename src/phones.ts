// Telephone calls of a server, joined from their parts: who carries them, which routes they take, and what the HTTP routes and the console ask of them.
import type { PhoneDesk } from './http/routes/deps.ts';
import { noOutbound, openPhoneDesk } from './phone-desk.ts';
import type { PhonesParts } from './phone-parts.ts';
import { randomToken } from './lib/ids.ts';
import type { Log } from './lib/log.ts';
import { SetupError } from './lib/own-file.ts';
import { ga } from './protocol/dialects/ga.ts';
import { connected, firstWords, type OpeningParts, ownTools, sayLast, toolsOnBoard } from './telephony/opening.ts';
import { exactWords } from './telephony/exact-words.ts';
import { StoreError } from './store/store.ts';
import { OutboundLedger } from './telephony/outbound-ledger.ts';
import type { ListedCall } from './telephony/listed-calls.ts';
import { type Dialling, PhoneCalls, type PhoneSession } from './telephony/phone-calls.ts';
import type { BeginSession } from './telephony/phone-leg.ts';
import { CallRecorder } from './telephony/recording.ts';
import { matchRoute, overridden } from './telephony/route-match.ts';
import { keyMistakes, outboundRules } from './telephony/routes-file.ts';
import type { Route, RoutesFile } from './telephony/routes-schema.ts';
import { Webhooks } from './telephony/webhooks.ts';
import type { CallEvents } from './transports/calls/call.ts';
import type { Ending } from './transports/transport.ts';
import type { IncomingPhoneCall, PhoneParty } from './transports/calls/phone-call.ts';
import { openPhoneSip, type PhoneSip } from './phone-sip.ts';
import { openPhoneStreams, type PhoneStreams } from './phone-streams.ts';

export interface Phones extends PhoneDesk {
  /** Calls that ring or talk. */
  readonly size: number;
  /** Those of an owner. */
  of(owner: string): ListedCall[];
  readonly streams: PhoneStreams;
  /** Undefined where none is configured. */
  readonly sip: PhoneSip | undefined;
  /**
   * Reads what another telephony file says; what is given back takes it over, for the calls that begin from then on. What it says of SIP is not taken
   * over.
   * @param keyIds the ids of the keys that will hold then. Rejects as that of `PhonesParts`.
   * @throws SetupError naming what cannot be used; then all stays as it is.
   */
  prepare(file: RoutesFile, keyIds: PhonesParts['keyIds']): Promise<() => void>;
  /** SIP takes no new call any more. Calls under way go on. */
  drain(): void;
  close(): Promise<void>;
}

const arrival = { api: 'openai', model: undefined, sessionKey: undefined, transcriptionOnly: false } as const;

/** @throws SetupError when the file cannot be used as it is, the recordings' folder cannot be made, or SIP cannot be spoken. */
export async function openPhones(parts: PhonesParts): Promise<Phones> {
  const { callSessions, calls, board, clock, ids, log, fetch, isReady } = parts;
  let { file } = parts;
  await checkKeys(file, parts.keyIds, log);
  const webhooks = new Webhooks({ targets: file.webhooks, fetch, clock, ids, log });
  const ledger = new OutboundLedger({ rules: outboundRules(file), clock, book: parts.book, log });
  if (callsAnybody(file)) await ledger.read();
  let recorder = recorderOf(file);
  const transportOf = ({ id, owner }: Pick<PhoneSession, 'id' | 'owner'>) => calls.find(id, owner);
  const opening: OpeningParts = {
    clock,
    log,
    get recorder() {
      return recorder;
    },
    transportOf,
    get machine() {
      return file.machine;
    },
    allow: (owner, target) => ledger.transfer(owner, target),
  };

  function recorderOf({ routes }: RoutesFile): CallRecorder | undefined {
    return routes.some(({ recording }) => recording) ? new CallRecorder({ folder: parts.recordings, clock, log }) : undefined;
  }

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
      const request = { id, owner, carrier: session.party.carrier, dialect: ga, speaker, ended: isOver };
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

  /** The route that answers a call. One whose key has been revoked meanwhile answers none, and no other does in its place. */
  async function routeOf(call: Pick<PhoneParty, 'carrier' | 'to' | 'trunk'>): Promise<Route | undefined> {
    const route = matchRoute(file, call);
    if (route?.key === undefined || (await parts.holds(route.key))) return route;
    log.warn({ route: route.name, by: route.key }, 'a telephone call was refused: the key of its route holds no longer');
    return undefined;
  }

  function hangUp(id: string, owner: string): void {
    const close = () => transportOf({ id, owner })?.close(1000, 'hung up');
    // Right after its answer a call is on its way to its transport.
    if (transportOf({ id, owner })) close();
    else clock.after(0, close);
  }

  async function sayLastWords(call: { readonly id: string; readonly owner: string }): Promise<boolean> {
    const words = file.outbound.last_words;
    const transport = transportOf(call);
    if (words === undefined || !transport) return false;
    await sayLast(transport, words);
    return true;
  }

  const phoneCalls = new PhoneCalls({
    clock,
    ids,
    log,
    routeOf,
    ownerOf: (route) => route.key ?? parts.ownKey(),
    sessionOf,
    prepare,
    hangUp,
    tell(event, owner, call) {
      webhooks.tell(event);
      board.told(event, owner, call);
    },
    ask: (event, signal) => webhooks.ask(event, signal),
  });
  const streams = openPhoneStreams({
    ...parts,
    chance: randomToken,
    hasRoute: async (call) => (await routeOf(call)) !== undefined,
    onIncoming: (call) => void phoneCalls.take(call),
  });
  const onIncoming = (call: IncomingPhoneCall) => void phoneCalls.take(call);
  const sip = file.sip && (await openPhoneSip({ sip: file.sip, calls: parts.media, tls: parts.tls, clock, log, isReady, onIncoming }));

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
    of: (owner) => phoneCalls.list(owner),
    ...openPhoneDesk({ calls: phoneCalls, ledger, file: () => file, diallingBy, sayLast: sayLastWords }),
    async prepare(next, keyIds) {
      await checkKeys(next, keyIds, log);
      const nextRecorder = recorder ?? recorderOf(next);
      const takeStreams = streams.prepare(next);
      if (callsAnybody(next)) await ledger.read();
      return () => {
        if (JSON.stringify(next.sip) !== JSON.stringify(parts.file.sip))
          log.warn({}, 'what the telephony file says of SIP has changed, and holds from the next start on');
        recorder = nextRecorder;
        takeStreams();
        webhooks.configure(next.webhooks);
        ledger.configure(outboundRules(next));
        file = next;
      };
    },
    async close() {
      phoneCalls.close();
      streams.close();
      await sip?.close();
      await Promise.all([webhooks.close(), ledger.close()]);
    },
  };
}

function callsAnybody({ outbound: { prefixes, domains } }: RoutesFile): boolean {
  return prefixes.length + domains.length > 0;
}

/** @throws SetupError naming the routes whose keys there are not. */
async function checkKeys(file: RoutesFile, keyIds: PhonesParts['keyIds'], log: Log): Promise<void> {
  if (file.routes.every(({ key }) => key === undefined)) return;
  try {
    const mistakes = keyMistakes(file, await keyIds());
    if (mistakes.length > 0) throw new SetupError(`The telephony file cannot be used: ${mistakes.join(' ')}`);
  } catch (error) {
    // Configured keys open the door without the store, and calls are looked at one by one.
    if (!(error instanceof StoreError)) throw error;
    log.warn({ err: error }, 'the keys that the routes of the telephony file name cannot be checked now');
  }
}
