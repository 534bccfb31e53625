// Calls by Vonage's Voice API: developer.vonage.com/en/api/voice (POST /v1/calls, PUT /v1/calls/{uuid}), with a JWT of the application for each request
// (developer.vonage.com/en/getting-started/concepts/authentication).
import { createPrivateKey, sign } from 'node:crypto';
import type { Ids } from '../../../lib/ids.ts';
import { addressOf, vonageConnection } from '../answers.ts';
import { ask, at, placed, type ProviderRest, type RestOptions, transferred } from './provider-rest.ts';

export interface VonageCredentials {
  readonly applicationId: string;
  /** PEM. */
  readonly privateKey: string;
}

/** A token is made for one request. */
const holdsSeconds = 60;

/** @throws when the private key is none. */
export function vonageRest(options: RestOptions, { applicationId, privateKey }: VonageCredentials, ids: Ids): ProviderRest {
  const calls = at(options.baseUrl ?? 'https://api.nexmo.com', '/v1/calls');
  const key = createPrivateKey(privateKey);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  function authorization(): string {
    const iat = Math.floor(options.clock.wallMs() / 1000);
    const claims = { application_id: applicationId, iat, exp: iat + holdsSeconds, jti: ids('jwt') };
    const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
    return `Bearer ${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  }
  const request = (method: 'POST' | 'PUT', url: string, json: object, signal?: AbortSignal) =>
    ask(options, { url, method, authorization: authorization(), json, secrets: [privateKey], ...(signal && { signal }) });
  return {
    async place({ to, from, invitation, ringSeconds, detectMachine, statusUrl }, signal) {
      const json = {
        to: [endpointOf(to)],
        from: { type: 'phone', number: digitsOf(from) },
        ncco: vonageConnection(invitation),
        ...(ringSeconds !== undefined && { ringing_timer: ringSeconds }),
        ...(detectMachine && { machine_detection: 'continue' }),
        ...(statusUrl !== undefined && { event_url: [statusUrl] }),
      };
      return placed(await request('POST', calls, json, signal), ({ uuid }) => uuid);
    },
    async transfer(callId, target, signal) {
      const destination = { type: 'ncco', ncco: [{ action: 'connect', endpoint: [endpointOf(target)] }] };
      return transferred(await request('PUT', at(calls, '', callId), { action: 'transfer', destination }, signal));
    },
    async hangUp(callId) {
      const answered = await request('PUT', at(calls, '', callId), { action: 'hangup' });
      return answered.outcome === 'refused' ? answered.reason : undefined;
    },
  };
}

function endpointOf(target: string): object {
  const { kind, address } = addressOf(target);
  return kind === 'number' ? { type: 'phone', number: digitsOf(address) } : { type: 'sip', uri: address };
}

/** E.164 without its plus. */
function digitsOf(number: string): string {
  return number.replace(/^\+/, '');
}
