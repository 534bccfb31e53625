// What an INVITE may ask for, looked at before anybody is told of it (RFC 3261 section 8.2).
import { descriptionOf, mediaType } from './body.ts';
import { extensions, responseTo } from './build.ts';
import type { Core } from './core.ts';
import type { Header } from './header-list.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { agreeAsServer } from './session-interval.ts';

/** 420 where the request needs an extension that we do not have (section 8.2.2.3). */
export function missingExtension(request: SipRequest): SipResponse | undefined {
  // Proxy-Require is for proxies; but nobody who requires something of those on the way would be served without it either.
  const missing = request.headers
    .values('Require')
    .concat(request.headers.values('Proxy-Require'))
    .filter((option) => !(extensions as readonly string[]).includes(option.toLowerCase()));
  if (missing.length === 0) return undefined;
  return responseTo(request, 420, { headers: [{ name: 'Unsupported', value: missing.join(', ') }] });
}

/** The refusal of an INVITE whose body, answer or interval we could not serve. */
export function inviteRefusal(request: SipRequest, core: Core): SipResponse | undefined {
  const takes = [{ name: 'Accept', value: 'application/sdp' }];
  if (descriptionOf(request).kind === 'unsupported') {
    return responseTo(request, 415, { headers: [...takes, { name: 'Accept-Encoding', value: 'identity' }] });
  }
  const accepted = request.headers.values('Accept').map(mediaType);
  if (accepted.length > 0 && !accepted.some((type) => type === 'application/sdp' || type === '*/*' || type === 'application/*')) {
    return responseTo(request, 406, { headers: takes });
  }
  const agreement = agreeAsServer(request, core.interval);
  return agreement.kind === 'too-short' ? responseTo(request, 422, { headers: agreement.headers }) : undefined;
}

const secret = new Set(['authorization', 'proxy-authorization']);

/** The headers that may be told further: in order and with duplicates, without credentials. */
export function tellableHeaders(request: SipRequest): Header[] {
  return [...request.headers].filter(({ name }) => !secret.has(name.toLowerCase()));
}
