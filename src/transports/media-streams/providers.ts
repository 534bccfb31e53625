// The telephone providers whose calls come as media streams: how each signs its webhooks, what it says of a call there, what it is answered, and how
// its calls are placed. One row for each; which of them are there, the operator's credentials decide.
import type { Clock } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
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
  /** The fields of the form, of the JSON body or of the query. */
  readonly fields: FormFields;
}

/** The call that a provider asks about. */
export interface AskedCall {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
}

export interface StreamProvider {
  readonly carrier: ProviderName;
  isSigned(request: ProviderRequest): boolean;
  call(fields: FormFields): AskedCall;
  answer(invitation: StreamInvitation): CallDocument;
  readonly reject: CallDocument;
  readonly rest: ProviderRest;
}

/** As the operator has them from each provider. */
export interface ProviderCredentials {
  readonly twilio?: { readonly accountSid: string; readonly authToken: string } | undefined;
  readonly signalwire?: { readonly accountSid: string; readonly authToken: string; readonly space: string } | undefined;
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

/** Those for which there are credentials. */
export function streamProviders(credentials: ProviderCredentials, parts: ProviderParts): StreamProvider[] {
  const { twilio, signalwire, telnyx, plivo, vonage } = credentials;
  const { clock, ids, serve, fetch, baseUrls = {} } = parts;
  const options = (name: ProviderName) => ({ fetch, clock, ...(baseUrls[name] === undefined ? {} : { baseUrl: baseUrls[name] }) });
  const twimlFields = { callId: 'CallSid', from: 'From', to: 'To' };
  return [
    twilio && {
      carrier: 'twilio' as const,
      isSigned: (request: ProviderRequest) => isSignedLikeTwilio(request, 'x-twilio-signature', twilio.authToken),
      call: callOf(twimlFields),
      answer: twilioAnswer,
      reject: rejection.twiml,
      rest: twilioRest(options('twilio'), twilio),
    },
    signalwire && {
      carrier: 'signalwire' as const,
      isSigned: (request: ProviderRequest) => isSignedLikeTwilio(request, 'x-signalwire-signature', signalwire.authToken),
      call: callOf(twimlFields),
      answer: signalWireAnswer,
      reject: rejection.twiml,
      rest: signalWireRest(options('signalwire'), { ...signalwire, projectId: signalwire.accountSid }, serve),
    },
    telnyx && {
      carrier: 'telnyx' as const,
      isSigned: ({ body, header }: ProviderRequest) =>
        isSignedByTelnyx({
          body,
          signature: header('telnyx-signature-ed25519'),
          timestamp: header('telnyx-timestamp'),
          publicKey: telnyx.publicKey,
          wallMs: clock.wallMs(),
        }),
      call: callOf(twimlFields),
      answer: telnyxAnswer,
      reject: rejection.twiml,
      rest: telnyxRest(options('telnyx'), { apiKey: telnyx.apiKey, connectionId: telnyx.connectionId ?? '' }),
    },
    plivo && {
      carrier: 'plivo' as const,
      isSigned: ({ method, publicUrl, fields, header }: ProviderRequest) =>
        isSignedByPlivo({
          method,
          publicUrl,
          form: fields,
          signature: header('x-plivo-signature-v3'),
          nonce: header('x-plivo-signature-v3-nonce'),
          authToken: plivo.authToken,
        }),
      call: callOf({ callId: 'CallUUID', from: 'From', to: 'To' }),
      answer: plivoAnswer,
      reject: rejection.plivo,
      rest: plivoRest(options('plivo'), plivo, serve),
    },
    vonage && {
      carrier: 'vonage' as const,
      isSigned: ({ header, body }: ProviderRequest) =>
        isSignedByVonage({ authorization: header('authorization'), body, secret: vonage.signatureSecret, wallMs: clock.wallMs() }),
      call: callOf({ callId: 'uuid', from: 'from', to: 'to' }),
      answer: (invitation: StreamInvitation) => vonageAnswer(invitation),
      reject: rejection.ncco,
      rest: vonageRest(options('vonage'), vonage, ids),
    },
  ].filter((provider) => provider !== undefined);
}

/** The fields of a body, as its type says; of a request without one, those of its query. */
export function fieldsOf(contentType: string | undefined, body: Uint8Array, query: URLSearchParams): FormFields {
  if (body.length === 0) return listed(query);
  const text = Buffer.from(body).toString('utf8');
  if (!/json/i.test(contentType ?? '')) return listed(new URLSearchParams(text));
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return {};
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}

function listed(fields: URLSearchParams): FormFields {
  return Object.fromEntries([...new Set(fields.keys())].map((name) => [name, fields.getAll(name)]));
}

function callOf(names: AskedCall): (fields: FormFields) => AskedCall {
  const first = (fields: FormFields, name: string) => [fields[name] ?? ''].flat()[0] ?? '';
  return (fields) => ({ callId: first(fields, names.callId), from: first(fields, names.from), to: first(fields, names.to) });
}

function isSignedLikeTwilio({ method, publicUrl, fields, header }: ProviderRequest, name: string, authToken: string): boolean {
  const signature = header(name) ?? header('x-twilio-signature');
  return isSignedByTwilio({ publicUrl, ...(method === 'POST' ? { form: fields } : {}), signature, authToken });
}
