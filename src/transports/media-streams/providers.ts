// The telephone providers whose calls come as media streams: how each signs its webhooks, what it says of a call there, what it is answered, and how
// its calls are placed. One row for each; which of them are there, the operator's credentials decide.
import type { Clock } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
import type { AudioFormat } from '../../protocol/audio-format.ts';
import { isRecord } from '../../protocol/json.ts';
import {
  type CallDocument,
  plivoAnswer,
  rejection,
  signalWireAnswer,
  type StreamInvitation,
  telnyxAnswer,
  twilioAnswer,
  vonageAnswer,
} from './answers.ts';
import { plivoRest } from './rest/plivo-rest.ts';
import type { ProviderFetch, ProviderRest, Serve } from './rest/provider-rest.ts';
import { telnyxRest } from './rest/telnyx-rest.ts';
import { signalWireRest, twilioRest } from './rest/twilio-rest.ts';
import { vonageRest } from './rest/vonage-rest.ts';
import { type FormFields, isSignedByPlivo, isSignedByTelnyx, isSignedByTwilio, isSignedByVonage } from './signatures.ts';

export type ProviderName = 'twilio' | 'signalwire' | 'telnyx' | 'plivo' | 'vonage';

/** What a provider asks: what is to be done with a call. */
export interface ProviderRequest {
  readonly method: 'GET' | 'POST';
  /** As the provider knows it: the public URL with the path and the query of the request. */
  readonly publicUrl: string;
  /** In lower case, as Node has them. */
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
  /** The fields of the form, or of the query; signatures may be about them. */
  readonly form: FormFields;
}

/** What a request says. */
export interface ProviderFields {
  readonly form: FormFields;
  /** The same with the first value of each, or the object of a JSON body. */
  readonly all: Readonly<Record<string, unknown>>;
}

export interface StreamProvider {
  readonly carrier: ProviderName;
  isSigned(request: ProviderRequest): boolean;
  answer(invitation: StreamInvitation): CallDocument;
  /** Answers through its API where its webhook was no question but an event (Telnyx' Call Control). Resolves with what went wrong, if anything. */
  answerByApi?(callId: string, invitation: StreamInvitation): Promise<string | undefined>;
  readonly reject: CallDocument;
  /** What the sound of the calls is in that it places. */
  readonly placedFormat: AudioFormat;
  readonly rest: ProviderRest;
}

/** As the operator has them from each provider. */
export interface ProviderCredentials {
  readonly twilio?: { readonly accountSid: string; readonly authToken: string } | undefined;
  /** SignalWire signs with a key that is not the API token (developer.signalwire.com/guides/webhook-security). */
  readonly signalwire?:
    | { readonly accountSid: string; readonly authToken: string; readonly signingKey: string; readonly space: string }
    | undefined;
  readonly telnyx?: { readonly apiKey: string; readonly publicKey: string; readonly connectionId?: string | undefined } | undefined;
  readonly plivo?: { readonly authId: string; readonly authToken: string } | undefined;
  readonly vonage?: { readonly applicationId: string; readonly privateKey: string; readonly signatureSecret: string } | undefined;
}

export interface ProviderParts {
  readonly fetch: ProviderFetch;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly serve: Serve;
  /** Other addresses of their APIs than the usual ones. */
  readonly baseUrls?: Partial<Record<ProviderName, string>>;
}

/** G.711, which nearly every provider has; Vonage has samples of 16 bits (answers.ts). */
const muLaw = { type: 'audio/pcmu' } as const;
const wide = { type: 'audio/pcm', rate: 16_000 } as const;

/** Those for which there are credentials. @throws when the private key of one is none. */
export function streamProviders(credentials: ProviderCredentials, parts: ProviderParts): StreamProvider[] {
  const { twilio, signalwire, telnyx, plivo, vonage } = credentials;
  const { clock, ids, serve, fetch, baseUrls = {} } = parts;
  const options = (name: ProviderName) => ({ fetch, clock, ...(baseUrls[name] === undefined ? {} : { baseUrl: baseUrls[name] }) });
  const telnyxApi = telnyx && telnyxRest(options('telnyx'), { apiKey: telnyx.apiKey, connectionId: telnyx.connectionId ?? '' });
  return [
    twilio && {
      carrier: 'twilio' as const,
      isSigned: (request: ProviderRequest) => isSignedLikeTwilio(request, 'x-twilio-signature', twilio.authToken),
      answer: twilioAnswer,
      reject: rejection.twiml,
      placedFormat: muLaw,
      rest: twilioRest(options('twilio'), twilio),
    },
    signalwire && {
      carrier: 'signalwire' as const,
      isSigned: (request: ProviderRequest) => isSignedLikeTwilio(request, 'x-signalwire-signature', signalwire.signingKey),
      answer: signalWireAnswer,
      reject: rejection.twiml,
      placedFormat: muLaw,
      rest: signalWireRest(options('signalwire'), { ...signalwire, projectId: signalwire.accountSid }, serve),
    },
    telnyx &&
      telnyxApi && {
        carrier: 'telnyx' as const,
        isSigned: ({ body, header }: ProviderRequest) =>
          isSignedByTelnyx({
            body,
            signature: header('telnyx-signature-ed25519'),
            timestamp: header('telnyx-timestamp'),
            publicKey: telnyx.publicKey,
            wallMs: clock.wallMs(),
          }),
        answer: telnyxAnswer,
        answerByApi: async (callId: string, invitation: StreamInvitation) => {
          const answered = await telnyxApi.answer(callId, invitation, new AbortController().signal);
          return answered.outcome === 'refused' ? answered.reason : undefined;
        },
        reject: rejection.twiml,
        placedFormat: muLaw,
        rest: telnyxApi,
      },
    plivo && {
      carrier: 'plivo' as const,
      isSigned: ({ method, publicUrl, form, header }: ProviderRequest) =>
        isSignedByPlivo({
          method,
          publicUrl,
          form,
          signature: header('x-plivo-signature-v3'),
          nonce: header('x-plivo-signature-v3-nonce'),
          authToken: plivo.authToken,
        }),
      answer: plivoAnswer,
      reject: rejection.plivo,
      placedFormat: muLaw,
      rest: plivoRest(options('plivo'), plivo, serve),
    },
    vonage && {
      carrier: 'vonage' as const,
      isSigned: ({ header, body }: ProviderRequest) =>
        isSignedByVonage({ authorization: header('authorization'), body, secret: vonage.signatureSecret, wallMs: clock.wallMs() }),
      answer: (invitation: StreamInvitation) => vonageAnswer(invitation),
      reject: rejection.ncco,
      placedFormat: wide,
      rest: vonageRest(options('vonage'), vonage, ids),
    },
  ].filter((provider) => provider !== undefined);
}

/** What a provider says, as its type says how it is written: a JSON object, a form, or the query of a request without a body. */
export function fieldsOf(contentType: string | undefined, body: Uint8Array, query: URLSearchParams): ProviderFields {
  const text = Buffer.from(body).toString('utf8');
  if (body.length > 0 && /json/i.test(contentType ?? '')) return { form: {}, all: objectIn(text) };
  const fields = body.length === 0 ? query : new URLSearchParams(text);
  const names = [...new Set(fields.keys())];
  return {
    form: Object.fromEntries(names.map((name) => [name, fields.getAll(name)])),
    all: Object.fromEntries(names.map((name) => [name, fields.get(name)])),
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isSignedLikeTwilio({ method, publicUrl, form, header }: ProviderRequest, name: string, authToken: string): boolean {
  const signature = header(name) ?? header('x-twilio-signature');
  return isSignedByTwilio({ publicUrl, ...(method === 'POST' ? { form } : {}), signature, authToken });
}
