// Whether the page is connected, and when it tries again by itself. Pure: facts and the time in, the next state out.

export type LinkState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting'; readonly attempt: number }
  | { readonly phase: 'open' }
  /** Lost; the next attempt is due at `retryAt`. */
  | { readonly phase: 'waiting'; readonly attempt: number; readonly retryAt: number }
  /** The server does not know us: a key is asked for. */
  | { readonly phase: 'locked' };

export type LinkFact =
  | { readonly kind: 'connect' | 'opened' | 'hung.up' | 'due' }
  /** The session goes on over another connection: nothing was lost, and nothing is waited for. */
  | { readonly kind: 'renew' }
  | { readonly kind: 'lost' /** Whether trying again can help. */; readonly hopeless: boolean }
  | { readonly kind: 'refused' };

const firstWaitMs = 500;
const longestWaitMs = 15_000;
/** Attempts in a row before it is left to the user. */
const mostAttempts = 12;

/** @param chance From 0 to 1: pages that lost the same server should not come back all at once. */
export function nextLink(state: LinkState, fact: LinkFact, now: number, chance: number): LinkState {
  switch (fact.kind) {
    case 'connect':
      return state.phase === 'open' || state.phase === 'connecting' ? state : { phase: 'connecting', attempt: 0 };
    case 'due':
      return state.phase === 'waiting' ? { phase: 'connecting', attempt: state.attempt } : state;
    case 'renew':
      return state.phase === 'open' ? { phase: 'connecting', attempt: 0 } : state;
    case 'opened':
      return state.phase === 'connecting' ? { phase: 'open' } : state;
    case 'hung.up':
      return { phase: 'idle' };
    case 'refused':
      return { phase: 'locked' };
    case 'lost': {
      if (state.phase === 'idle' || state.phase === 'locked' || state.phase === 'waiting') return state;
      const attempt = state.phase === 'open' ? 1 : state.attempt + 1;
      if (fact.hopeless || attempt > mostAttempts) return { phase: 'idle' };
      const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempt - 1));
      return { phase: 'waiting', attempt, retryAt: now + waitMs * (0.75 + chance / 2) };
    }
  }
}
