// The telephone calls that come as media streams: a provider asks what to do with a call, is given a token for one stream, and brings it back with that
// stream; a call that this server has a provider place comes back the same way.
import type { IncomingMessage } from 'node:http';
import type { PhonesParts } from './phone-parts.ts';
import { sleep } from './lib/clock.ts';
import type { PhoneParty } from './transports/calls/phone-call.ts';
import { type IncomingPhoneCall, PhoneError } from './transports/calls/phone-call.ts';
import type { TelephonyDesk } from './http/routes/deps.ts';
import { OneCallTokens } from './transports/media-streams/one-call-tokens.ts';
import { fieldsOf, type ProviderName, type StreamProvider, streamProviders } from './transports/media-streams/providers.ts';
import { readWebhook } from './transports/media-streams/webhooks.ts';
import { ServedDocuments } from './transports/media-streams/served-documents.ts';
import { openStreamDoor, type StreamDoor } from './transports/media-streams/stream-door.ts';
import type { Dialling } from './telephony/phone-calls.ts';
import type { RoutesFile } from './telephony/routes-schema.ts';

/** What is to be done with a stream that comes with its token. */
type Note = { readonly kind: 'inbound' } | { readonly kind: 'outbound'; readonly arrived: (call: IncomingPhoneCall) => void };

export interface PhoneStreams extends TelephonyDesk {
  readonly paths: StreamDoor['paths'];
  /** How a call is placed by this provider. @throws Error when there is none of that name. */
  dialling(by: string, target: string, from: string): Dialling;
  close(): void;
}

export interface PhoneStreamsParts extends PhonesParts {
  readonly chance: (characters: number) => string;
  hasRoute(call: Pick<PhoneParty, 'carrier' | 'to' | 'trunk'>): boolean;
  onIncoming(call: IncomingPhoneCall): void;
}

/** A call that is placed may ring for so long. */
const ringSeconds = 45;
/** The answer, and the stream's way here. */
const streamWaitMs = 15_000;
/** What an event is answered with. */
const nothingToDo = { contentType: 'application/json', body: '{}' };
/** G.711, which every provider has. */
const speaker = { format: { type: 'audio/pcmu' }, lagMs: 60 } as const;

export function openPhoneStreams(parts: PhoneStreamsParts): PhoneStreams {
  const { file, clock, ids, log, shares } = parts;
  const publicUrl = file.public_url ?? '';
  const tokens = new OneCallTokens<Note>(clock, parts.chance);
  const documents = new ServedDocuments(clock, parts.chance);
  const providers = new Map<string, StreamProvider>(
    streamProviders(credentialsOf(file), {
      fetch: parts.fetch,
      clock,
      ids,
      serve: (document) => `${publicUrl}/v1/realtime/telephony/documents/${documents.keep(document)}`,
    }).map((provider) => [provider.carrier, provider]),
  );
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
      const call = readWebhook(carrier, all);
      if (!call || !parts.hasRoute({ carrier, to: call.to })) {
        log.info({ carrier }, 'a telephone call to a number without a route was refused');
        return { outcome: 'answered', document: provider.reject };
      }
      const token = tokens.issue({ carrier, ...call, note: { kind: 'inbound' } });
      const invitation = { publicUrl, token };
      if (!('data' in all) || !provider.answerByApi) return { outcome: 'answered', document: provider.answer(invitation) };
      void provider.answerByApi(call.callId, invitation);
      return { outcome: 'answered', document: nothingToDo };
    },
    document: (name) => documents.find(name),
    dialling(by, target, from) {
      const provider = providers.get(by);
      if (!provider) throw new Error(`There is no provider '${by}'.`);
      return diallingBy(provider, target, from, { tokens, publicUrl, clock });
    },
    close: () => door.close(),
  };
}

function diallingBy(
  { carrier, rest }: StreamProvider,
  target: string,
  from: string,
  { tokens, publicUrl, clock }: { tokens: OneCallTokens<Note>; publicUrl: string } & Pick<PhonesParts, 'clock'>,
): Dialling {
  const to = target.replace(/^tel:/, '');
  return {
    party: { carrier, from, to, carrierId: '', fields: [] },
    speaker,
    async dial(events, givenUp) {
      const arrival = Promise.withResolvers<IncomingPhoneCall>();
      const token = tokens.issue({ carrier, note: { kind: 'outbound', arrived: arrival.resolve } }, ringSeconds * 1000);
      const placed = await rest.place({ to, from, invitation: { publicUrl, token }, ringSeconds }, givenUp);
      if (placed.outcome === 'refused') {
        tokens.revoke(token);
        throw new PhoneError(placed.failure);
      }
      const late = sleep(clock, ringSeconds * 1000 + streamWaitMs, givenUp);
      const call = await Promise.race([arrival.promise, late]);
      if (call) return call.answer(events);
      tokens.revoke(token);
      void rest.hangUp?.(placed.callId);
      throw new PhoneError(
        givenUp.aborted ? { status: 487, reason: 'The call was given up.' } : { status: 408, reason: 'Nobody answered the call.' },
      );
    },
  };
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
    signalwire: signalwire && { accountSid: signalwire.account_sid, authToken: signalwire.auth_token, space: signalwire.space },
    telnyx: telnyx && { apiKey: telnyx.api_key, publicKey: telnyx.public_key, connectionId: telnyx.connection_id },
    plivo: plivo && { authId: plivo.auth_id, authToken: plivo.auth_token },
    vonage: vonage && {
      applicationId: vonage.application_id,
      privateKey: vonage.private_key,
      signatureSecret: vonage.signature_secret,
    },
  };
}
