// The telephone calls that come as media streams: a provider asks what to do with a call, is given a token for one stream, and brings it back with that
// stream; a call that this server has a provider place comes back the same way.
import type { IncomingMessage } from 'node:http';
import type { PhonesParts } from './phone-parts.ts';
import { SetupError } from './lib/own-file.ts';
import type { PhoneParty } from './transports/calls/phone-call.ts';
import { type IncomingPhoneCall, PhoneError } from './transports/calls/phone-call.ts';
import type { ProviderQuestion, TelephonyDesk } from './http/routes/deps.ts';
import { OneCallTokens } from './transports/media-streams/one-call-tokens.ts';
import type { CallDocument } from './transports/media-streams/answers.ts';
import { type Expected, type PlacedCallParts, placeStreamCall } from './transports/media-streams/placed-call.ts';
import { fieldsOf, type ProviderParts, type StreamProvider, streamProviders } from './transports/media-streams/providers.ts';
import { streamCarriers } from './transports/media-streams/dialect.ts';
import { readProgress } from './transports/media-streams/progress.ts';
import { readWebhook } from './transports/media-streams/webhooks.ts';
import { KeptByName } from './transports/media-streams/kept-by-name.ts';
import { openStreamDoor, type StreamDoor } from './transports/media-streams/stream-door.ts';
import type { Dialling } from './telephony/phone-calls.ts';
import type { RoutesFile } from './telephony/routes-schema.ts';

/** What is to be done with a stream that comes with its token. */
type Note = { readonly kind: 'inbound' } | { readonly kind: 'outbound'; readonly expected: Expected };

export interface PhoneStreams extends TelephonyDesk {
  readonly paths: StreamDoor['paths'];
  /** How a call is placed by this provider, which is one of the file. @throws PhoneError when there is none of that name. */
  dialling(by: string, target: string, from: string): Dialling;
  /** Reads what another file says of the providers; what is given back takes it over. @throws SetupError when credentials of a provider cannot be used. */
  prepare(file: RoutesFile): () => void;
  close(): void;
}

export interface PhoneStreamsParts extends PhonesParts {
  readonly chance: (characters: number) => string;
  /** Whether a call is answered by a route. */
  hasRoute(call: Pick<PhoneParty, 'carrier' | 'to' | 'trunk'>): Promise<boolean>;
  onIncoming(call: IncomingPhoneCall): void;
}

/** What the file says, and what follows from it. */
interface Served {
  readonly publicUrl: string;
  readonly asksForMachine: boolean;
  readonly providers: ReadonlyMap<string, StreamProvider>;
}

/** What an event is answered with. */
const acknowledgement = { contentType: 'application/json', body: '{}' };
/** From the provider to the callee's ear, besides what waits at the provider. */
const lagMs = 60;
/** A provider tells of a call that was placed for so long after the time that it may ring: its machine detection takes half a minute at most. */
const toldForMs = 60_000;

/** @throws SetupError when credentials of a provider cannot be used. */
export function openPhoneStreams(parts: PhoneStreamsParts): PhoneStreams {
  const { clock, ids, log, shares } = parts;
  const tokens = new OneCallTokens<Note>(clock, parts.chance);
  const documents = new KeptByName<CallDocument>(clock, parts.chance);
  /** Calls that were placed, as providers are told to name them. */
  const expected = new KeptByName<Expected>(clock, parts.chance);
  let served = servedBy(parts.file);
  const door = openStreamDoor<Note>({
    clock,
    log,
    shares,
    tokens,
    carriers: streamCarriers,
    isServed: (carrier) => carrier === 'asterisk' || carrier === 'stream' || served.providers.has(carrier),
    isSigned: (carrier, request) => isUpgradeSigned(served.providers.get(carrier), served.publicUrl, request),
    async admit(carrier, request, query) {
      const principal = await parts.identify(request, query);
      return principal && { carrier, note: { kind: 'inbound' } };
    },
    controlOf: (carrier) => served.providers.get(carrier)?.rest,
    onIncoming: (call, { note }) => (note.kind === 'inbound' ? parts.onIncoming(call) : note.expected.arrived(call)),
  });

  function servedBy(file: RoutesFile): Served {
    const publicUrl = file.public_url ?? '';
    const serve = (document: CallDocument) => `${publicUrl}/v1/realtime/telephony/documents/${documents.keep(document)}`;
    const named = Object.entries(file.carriers).flatMap(([carrier, { api_url: url } = {}]) => (url === undefined ? [] : [[carrier, url]]));
    const providers = providersOf(file, { fetch: parts.fetch, clock, ids, serve, baseUrls: Object.fromEntries(named) });
    return { publicUrl, asksForMachine: file.machine.by === 'provider', providers };
  }

  /** What a provider says, if it is the provider that says it. */
  function heard(name: string, { path, contentType, ...request }: ProviderQuestion): Heard {
    const provider = served.providers.get(name);
    if (!provider) return { outcome: 'unknown_provider' };
    const query = new URL(path, served.publicUrl).searchParams;
    const { form, all } = fieldsOf(contentType, request.body, query);
    if (!provider.isSigned({ ...request, publicUrl: served.publicUrl + path, form })) return { outcome: 'unsigned' };
    return { outcome: 'heard', provider, fields: all, query };
  }

  function progressed({ provider: { carrier }, fields, query }: Extract<Heard, { outcome: 'heard' }>): void {
    const told = readProgress(carrier, fields);
    if (!told) return;
    expected.find(query.get('call') ?? '')?.told(told.progress);
    if (told.progress.kind === 'ended') door.hungUp(carrier, told.callId);
  }

  return {
    paths: door.paths,
    async answer(name, question) {
      const asked = heard(name, question);
      if (asked.outcome !== 'heard') return asked;
      const { provider, fields } = asked;
      const { carrier } = provider;
      const isEvent = 'data' in fields && provider.answerByApi !== undefined;
      const call = readWebhook(carrier, fields);
      // Telnyx' Call Control tells every event of a call, its end among them, at the address where it tells of new ones.
      if (!call && isEvent) {
        progressed(asked);
        return { outcome: 'answered', document: acknowledgement };
      }
      if (!call || !(await parts.hasRoute({ carrier, to: call.to }))) {
        log.info({ carrier }, 'a telephone call to a number without a route was refused');
        if (call && isEvent) void told(provider, call.callId, 'refused', provider.rest.hangUp?.(call.callId));
        return { outcome: 'answered', document: isEvent ? acknowledgement : provider.reject };
      }
      const token = tokens.issue({ carrier, ...call, note: { kind: 'inbound' } });
      const invitation = { publicUrl: served.publicUrl, token };
      if (!isEvent) return { outcome: 'answered', document: provider.answer(invitation) };
      void told(provider, call.callId, 'answered', provider.answerByApi?.(call.callId, invitation)).then((isDone) => {
        if (!isDone) tokens.revoke(token);
      });
      return { outcome: 'answered', document: acknowledgement };
    },
    tell(name, question) {
      const said = heard(name, question);
      if (said.outcome !== 'heard') return said;
      progressed(said);
      return { outcome: 'answered', document: acknowledgement };
    },
    document: (name) => documents.find(name),
    dialling(by, target, from) {
      const provider = served.providers.get(by);
      if (!provider) throw new PhoneError({ status: 503, reason: `There is no provider '${by}'.` });
      return diallingBy(provider, target, from);
    },
    prepare(file) {
      const next = servedBy(file);
      return () => {
        served = next;
      };
    },
    close: () => door.close(),
  };

  /** Whether a provider did what it was asked through its API. */
  async function told({ carrier }: StreamProvider, callId: string, what: string, asked: Promise<string | undefined> | undefined) {
    const reason = await asked;
    if (reason !== undefined) log.warn({ carrier, call: callId, reason }, `a telephone call could not be ${what}`);
    return reason === undefined;
  }

  function diallingBy(provider: StreamProvider, target: string, from: string): Dialling {
    const { carrier, placedFormat } = provider;
    const { publicUrl, asksForMachine } = served;
    const to = target.replace(/^tel:/, '');
    const expect: PlacedCallParts['expect'] = (ringMs, each) => {
      const token = tokens.issue({ carrier, note: { kind: 'outbound', expected: each } }, ringMs);
      const statusUrl = `${publicUrl}/v1/realtime/${carrier}/events?call=${expected.keep(each, ringMs + toldForMs)}`;
      return { token, statusUrl, revoke: () => tokens.revoke(token) };
    };
    return {
      party: { carrier, from, to, carrierId: '', fields: [] },
      speaker: { format: placedFormat, lagMs },
      dial(events, givenUp, rings, told) {
        const answeredBy = asksForMachine ? told : undefined;
        return placeStreamCall({ to, from }, events, givenUp, rings, { provider, publicUrl, clock, log, answeredBy, expect });
      },
    };
  }
}

type Heard =
  | { readonly outcome: 'unknown_provider' | 'unsigned' }
  | {
      readonly outcome: 'heard';
      readonly provider: StreamProvider;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly query: URLSearchParams;
    };

function providersOf(file: RoutesFile, parts: ProviderParts): ReadonlyMap<string, StreamProvider> {
  try {
    return new Map(streamProviders(credentialsOf(file), parts).map((provider) => [provider.carrier, provider]));
  } catch (error) {
    // What is said of a key that is none may quote it.
    throw new SetupError('The telephony file cannot be used: carriers.vonage.private_key is no private key in PEM.', {
      cause: (error as NodeJS.ErrnoException).code,
    });
  }
}

/** Twilio signs the request for the stream as well; of the others only the token says that the stream is theirs. */
function isUpgradeSigned(provider: StreamProvider | undefined, publicUrl: string, { headers, url = '' }: IncomingMessage): boolean {
  if (provider?.carrier !== 'twilio') return true;
  const header = (name: string) => [headers[name] ?? []].flat()[0];
  return provider.isSigned({ method: 'GET', publicUrl: publicUrl + url, header, body: new Uint8Array(0), form: {} });
}

function credentialsOf({ carriers: { twilio, signalwire, telnyx, plivo, vonage } }: RoutesFile): Parameters<typeof streamProviders>[0] {
  return {
    twilio: twilio && { accountSid: twilio.account_sid, authToken: twilio.auth_token },
    signalwire: signalwire && {
      accountSid: signalwire.account_sid,
      authToken: signalwire.auth_token,
      signingKey: signalwire.signing_key,
      space: signalwire.space,
    },
    telnyx: telnyx && { apiKey: telnyx.api_key, publicKey: telnyx.public_key, connectionId: telnyx.connection_id },
    plivo: plivo && { authId: plivo.auth_id, authToken: plivo.auth_token },
    vonage: vonage && {
      applicationId: vonage.application_id,
      privateKey: vonage.private_key,
      signatureSecret: vonage.signature_secret,
    },
  };
}
