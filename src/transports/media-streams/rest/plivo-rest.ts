// Calls by Plivo's Voice API: plivo.com/docs/voice/api/call (Make a call, Transfer a call, Hang up a call). It takes the URL of a document only.
import { plivoAnswer, plivoDialDocument } from '../answers.ts';
import { ask, at, basic, placed, type ProviderRest, type RestOptions, type Serve, transferred } from './provider-rest.ts';

export interface PlivoCredentials {
  readonly authId: string;
  readonly authToken: string;
}

export function plivoRest(options: RestOptions, { authId, authToken }: PlivoCredentials, serve: Serve): ProviderRest {
  const calls = `${at(options.baseUrl ?? 'https://api.plivo.com', '/v1/Account', authId, 'Call')}/`;
  const request = (method: 'POST' | 'DELETE', url: string, json?: object, signal?: AbortSignal) =>
    ask(options, {
      url,
      method,
      authorization: basic(authId, authToken),
      secrets: [authToken],
      ...(json && { json }),
      ...(signal && { signal }),
    });
  const callUrl = (callId: string) => `${at(calls, '', callId)}/`;
  return {
    async place({ to, from, invitation, ringSeconds, detectMachine, statusUrl }, signal) {
      const json = {
        // Digits only; SIP addresses as they are.
        to: to.replace(/^\+/, ''),
        from: from.replace(/^\+/, ''),
        answer_url: serve(plivoAnswer(invitation)),
        answer_method: 'GET',
        ...(ringSeconds !== undefined && { ring_timeout: ringSeconds }),
        // In the background: the call goes on, and the URL is told.
        ...(detectMachine && { machine_detection: 'true' }),
        ...(detectMachine && statusUrl !== undefined && { machine_detection_url: statusUrl }),
        ...(statusUrl !== undefined && { hangup_url: statusUrl, ring_url: statusUrl }),
      };
      return placed(await request('POST', calls, json, signal), ({ request_uuid: id }) => id);
    },
    async transfer(callId, target, signal) {
      const json = { legs: 'aleg', aleg_url: serve(plivoDialDocument(target)), aleg_method: 'GET' };
      return transferred(await request('POST', callUrl(callId), json, signal));
    },
    async hangUp(callId) {
      const answered = await request('DELETE', callUrl(callId));
      return answered.outcome === 'refused' ? answered.reason : undefined;
    },
  };
}
