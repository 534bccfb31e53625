// Calls by the REST API of Twilio (twilio.com/docs/voice/api/call-resource) and of SignalWire, whose compatibility API has the same paths at the
// host of one's own space (developer.signalwire.com/compatibility-api: Create a Call, Update a Call) and takes the URL of a document only.
import { type CallDocument, dialDocument, signalWireAnswer, twilioAnswer } from '../answers.ts';
import { at, ask, basic, placed, type Placing, type ProviderRest, type RestOptions, type Serve, transferred } from './provider-rest.ts';

export interface TwilioCredentials {
  readonly accountSid: string;
  /** An API key and its secret, instead of the account's own token. */
  readonly keySid?: string;
  readonly authToken: string;
}

export interface SignalWireCredentials {
  /** `example.signalwire.com`. */
  readonly space: string;
  readonly projectId: string;
  readonly authToken: string;
}

export function twilioRest(options: RestOptions, credentials: TwilioCredentials): ProviderRest {
  const { accountSid, keySid = accountSid, authToken } = credentials;
  return twilioLike({
    rest: options,
    calls: at(options.baseUrl ?? 'https://api.twilio.com', '/2010-04-01/Accounts', accountSid, 'Calls'),
    authorization: basic(keySid, authToken),
    secrets: [authToken],
    answer: twilioAnswer,
    what: ({ body }) => ({ Twiml: body }),
  });
}

export function signalWireRest(options: RestOptions, credentials: SignalWireCredentials, serve: Serve): ProviderRest {
  const { space, projectId, authToken } = credentials;
  return twilioLike({
    rest: options,
    calls: at(options.baseUrl ?? `https://${space}`, '/api/laml/2010-04-01/Accounts', projectId, 'Calls'),
    authorization: basic(projectId, authToken),
    secrets: [authToken],
    answer: signalWireAnswer,
    what: (document) => ({ Url: serve(document), Method: 'GET' }),
  });
}

interface TwilioLike {
  readonly rest: RestOptions;
  readonly calls: string;
  readonly authorization: string;
  readonly secrets: readonly string[];
  readonly answer: (invitation: Placing['invitation']) => CallDocument;
  /** The fields that say what is to be done with a call. */
  readonly what: (document: CallDocument) => Record<string, string>;
}

function twilioLike({ rest, calls, authorization, secrets, answer, what }: TwilioLike): ProviderRest {
  const post = (url: string, form: Record<string, string | string[]>, signal?: AbortSignal) =>
    ask(rest, { url, method: 'POST', authorization, form, secrets, ...(signal && { signal }) });
  const callUrl = (callId: string) => `${at(calls, '', callId)}.json`;
  return {
    async place({ to, from, invitation, ringSeconds, detectMachine, statusUrl }, signal) {
      const form = {
        To: to,
        From: from,
        ...what(answer(invitation)),
        ...(ringSeconds !== undefined && { Timeout: String(ringSeconds) }),
        // Asynchronously: otherwise nothing is heard of the callee for the first seconds.
        ...(detectMachine && { MachineDetection: 'Enable', AsyncAmd: 'true' }),
        ...(detectMachine && statusUrl !== undefined && { AsyncAmdStatusCallback: statusUrl }),
        // The end is `completed`, however it came to that.
        ...(statusUrl !== undefined && { StatusCallback: statusUrl, StatusCallbackEvent: ['ringing', 'completed'] }),
      };
      return placed(await post(`${calls}.json`, form, signal), ({ sid }) => sid);
    },
    transfer: async (callId, target, signal) => transferred(await post(callUrl(callId), what(dialDocument(target)), signal)),
    async hangUp(callId) {
      const answered = await post(callUrl(callId), { Status: 'completed' });
      return answered.outcome === 'refused' ? answered.reason : undefined;
    },
  };
}
