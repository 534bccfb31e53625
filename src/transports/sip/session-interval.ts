// Who refreshes a session and how often: the negotiation of RFC 4028, as pure functions of the messages.
import type { Header } from './header-list.ts';
import { parseCount, parseParameters } from './headers.ts';
import type { SipRequest, SipResponse } from './message.ts';

export interface Interval {
  readonly seconds: number;
  readonly refresher: 'us' | 'them';
}

export interface IntervalWish {
  readonly wantedS: number;
  readonly leastS: number;
}

export type Agreement =
  /** 422 with our minimum (section 8.2). */
  | { readonly kind: 'too-short'; readonly headers: readonly Header[] }
  | { readonly kind: 'agreed'; readonly interval: Interval; readonly headers: readonly Header[] };

interface SessionExpires {
  readonly seconds: number;
  readonly refresher: 'uac' | 'uas' | undefined;
}

export function parseSessionExpires(value: string | undefined): SessionExpires | undefined {
  const seconds = parseCount(value);
  if (value === undefined || seconds === undefined) return undefined;
  const refresher = parseParameters(value.replace(/^[ \t]*\d+/, ''))
    ?.get('refresher')
    ?.toLowerCase();
  return { seconds, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined };
}

/** What we ask for in an INVITE or UPDATE; `refresher` is named where the session has one already (section 7.4). */
export function intervalWish(wish: IntervalWish, refresher?: 'us' | 'them'): Header[] {
  const suffix = refresher === undefined ? '' : `;refresher=${refresher === 'us' ? 'uac' : 'uas'}`;
  return [
    { name: 'Session-Expires', value: `${wish.wantedS}${suffix}` },
    { name: 'Min-SE', value: String(wish.leastS) },
  ];
}

/** The answer to an INVITE or UPDATE, and what its success says (section 9 with its table 2). */
export function agreeAsServer(request: SipRequest, wish: IntervalWish): Agreement {
  const asked = parseSessionExpires(request.headers.first('Session-Expires'));
  const knowsTimers = request.headers.lists('Supported', 'timer') || request.headers.lists('Require', 'timer');
  if (asked && asked.seconds < wish.leastS && knowsTimers)
    return { kind: 'too-short', headers: [{ name: 'Min-SE', value: String(wish.leastS) }] };
  const theirLeastS = parseCount(request.headers.first('Min-SE')) ?? 0;
  const seconds = Math.max(asked?.seconds ?? wish.wantedS, theirLeastS, wish.leastS);
  // Who does not know timers cannot be the refresher. Otherwise we are, unless the caller wants to be.
  const refresher = knowsTimers && asked?.refresher === 'uac' ? 'uac' : 'uas';
  return {
    kind: 'agreed',
    interval: { seconds, refresher: refresher === 'uac' ? 'them' : 'us' },
    headers: [
      { name: 'Session-Expires', value: `${seconds};refresher=${refresher}` },
      ...(refresher === 'uac' ? [{ name: 'Require', value: 'timer' }] : []),
    ],
  };
}

/** What a success says; nothing where the far end wants no timer (section 7.2). */
export function agreedAsClient(response: SipResponse): Interval | undefined {
  const answer = parseSessionExpires(response.headers.first('Session-Expires'));
  if (!answer || answer.seconds === 0) return undefined;
  return { seconds: answer.seconds, refresher: answer.refresher === 'uas' ? 'them' : 'us' };
}
