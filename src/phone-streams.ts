// The telephone calls that come as media streams: a provider asks what to do with a call, is given a token for one stream, and brings it back with that
// stream; a call that this server has a provider place comes back the same way.
import type { IncomingMessage } from 'node:http';
import type { PhonesParts } from './phone-parts.ts';
import { SetupError } from './lib/own-file.ts';
import type { PhoneParty } from './transports/calls/phone-call.ts';
import { type IncomingPhoneCall, PhoneError } from './transports/calls/phone-call.ts';
import type { TelephonyDesk } from './http/routes/deps.ts';
import { OneCallTokens } from './transports/media-streams/one-call-tokens.ts';
import type { CallDocument } from './transports/media-streams/answers.ts';
import { type PlacedCallParts, placeStreamCall } from './transports/media-streams/placed-call.ts';
import {
  fieldsOf,
  type ProviderName,
  type ProviderParts,
  type StreamProvider,
  streamProviders,
} from './transports/media-streams/providers.ts';
import { readWebhook } from './transports/media-streams/webhooks.ts';
import { ServedDocuments } from './transports/media-streams/served-documents.ts';
import { openStreamDoor, type StreamDoor } from './transports/media-streams/stream-door.ts';
import type { Dialling } from './telephony/phone-calls.ts';
import type { RoutesFile } from './telephony/routes-schema.ts';

/** What is to be done with a stream that comes with its token. */
type Note = { readonly kind: 'inbound' } | { readonly kind: 'outbound'; readonly arrived: (call: IncomingPhoneCall) => void };

export interface PhoneStreams extends TelephonyDesk {
  readonly paths: StreamDoor['paths'];
  /** How a call is placed by this provider, which is one of the file. */
  dialling(by: string, target: string, from: string): Dialling;
  close(): void;
}

export interface PhoneStreamsParts extends PhonesParts {
  readonly chance: (characters: number) => string;
  hasRoute(call: Pick<PhoneParty, 'carrier' | 'to' | 'trunk'>): boolean;
  onIncoming(call: IncomingPhoneCall): void;
}

/** What an event is answered with. */
const acknowledgement = { contentType: 'application/json', body: '{}' };
/** From the provider to the callee's ear, besides what waits at the provider. */
const lagMs = 60;

/** @throws SetupError when credentials of a provider cannot be used. */
export function openPhoneStreams(parts: PhoneStreamsParts): PhoneStreams {
  const { file, clock, ids, log, shares } = parts;
  const publicUrl = file.public_url ?? '';
  const tokens = new OneCallTokens<Note>(clock, parts.chance);
  const documents = new ServedDocuments(clock, parts.chance);
  const serve = (document: CallDocument) => `${publicUrl}/v1/realtime/telephony/documents/${documents.keep(document)}`;
  const providers = providersOf(file, { fetch: parts.fetch, clock, ids, serve });
  const door = openStreamDoor<Note>({
    clock,
    log,
    shares,
    tokens,
    carriers: [...([...providers.keys()] as ProviderName[]), 'asterisk', 'stream'],
    isSigned: (carrier, request) => isUpgradeSigned(providers.get(carrier), publicUrl, request),
    async admit(carrier, request, query) {
      const principal = await parts.identify(request, query);
      return principal && { carrier, note: { kind: 'inbound' } };
    },
    controls: Object.fromEntries([...providers].map(([name, { rest }]) => [name, rest])),
    onIncoming: (call, { note }) => (note.kind === 'inbound' ? parts.onIncoming(call) : note.arrived(call)),
  });

  return {
    paths: door.paths,
    answer(name, { path, contentType, ...request }) {
      const provider = providers.get(name);
      if (!provider) return { outcome: 'unknown_provider' };
      const { form, all } = fieldsOf(contentType, request.body, new URL(path, publicUrl).searchParams);
      if (!provider.isSigned({ ...request, publicUrl: publicUrl + path, form })) return { outcome: 'unsigned' };
      const { carrier } = provider;
      const isEvent = 'data' in all && provider.answerByApi !== undefined;
      const call = readWebhook(carrier, all);
      // Telnyx' Call Control tells every event of a call, its end among them, at the address where it tells of new ones.
      if (!call && isEvent) return { outcome: 'answered', document: acknowledgement };
      if (!call || !parts.hasRoute({ carrier, to: call.to })) {
        log.info({ carrier }, 'a telephone call to a number without a route was refused');
        if (call && isEvent) void told(provider, call.callId, 'refused', provider.rest.hangUp?.(call.callId));
        return { outcome: 'answered', document: isEvent ? acknowledgement : provider.reject };
      }
      const token = tokens.issue({ carrier, ...call, note: { kind: 'inbound' } });
      const invitation = { publicUrl, token };
      if (!isEvent) return { outcome: 'answered', document: provider.answer(invitation) };
      void told(provider, call.callId, 'answered', provider.answerByApi?.(call.callId, invitation)).then((isDone) => {
        if (!isDone) tokens.revoke(token);
      });
      return { outcome: 'answered', document: acknowledgement };
    },
    document: (name) => documents.find(name),
    dialling(by, target, from) {
      const provider = providers.get(by);
      if (!provider) throw new PhoneError({ status: 503, reason: `There is no provider '${by}'.` });
      return diallingBy(provider, target, from);
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
    const to = target.replace(/^tel:/, '');
    const invite: PlacedCallParts['invite'] = (ringMs, arrived) => {
      const token = tokens.issue({ carrier, note: { kind: 'outbound', arrived } }, ringMs);
      return { token, revoke: () => tokens.revoke(token) };
    };
    return {
      party: { carrier, from, to, carrierId: '', fields: [] },
      speaker: { format: placedFormat, lagMs },
      dial: (events, givenUp) => placeStreamCall({ to, from }, events, givenUp, { provider, publicUrl, clock, log, invite }),
    };
  }
}

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
