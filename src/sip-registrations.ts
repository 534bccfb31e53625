// The registrations with SIP providers that the operator's file names: kept up by the user agent, and told of in the log, to /health and to /metrics.
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import type { Trunk } from './telephony/routes-schema.ts';
import type { RegistrationState, SipAgent } from './transports/sip/agent.ts';
import { proxyUri } from './transports/sip/parties.ts';
import { reasonOf } from './transports/sip/status.ts';
import { hostPort, parseUri } from './transports/sip/uri.ts';

/** One registration as it is now. */
export type RegistrationShown = { readonly trunk: string } & (
  | { readonly state: 'trying' }
  | { readonly state: 'registered'; readonly expires_in_seconds: number }
  /** `status` is SIP's: 403 of a wrong password, 408 where nobody answered, 503 where no way leads there. */
  | { readonly state: 'failed'; readonly status: number; readonly reason: string; readonly retry_in_seconds: number }
);

interface Kept {
  readonly trunk: string;
  state: RegistrationState;
  /** By the clock. */
  sinceMs: number;
  failures: number;
}

export interface SipRegistrationsParts {
  readonly agent: SipAgent;
  readonly trunks: readonly Trunk[];
  readonly clock: Clock;
  readonly log: Log;
}

export class SipRegistrations {
  readonly #clock: Clock;
  readonly #kept: readonly Kept[];

  /** Registers. @throws Error where a server is no SIP URI. */
  constructor({ agent, trunks, clock, log }: SipRegistrationsParts) {
    this.#clock = clock;
    this.#kept = trunks.flatMap((trunk) => {
      const { name, register } = trunk;
      if (!register) return [];
      const kept: Kept = { trunk: name, state: { kind: 'trying' }, sinceMs: clock.now(), failures: 0 };
      const server = proxyUri(register.server);
      const admit = () => (isKnownByServers(trunk) ? agent.admitServers(name, server) : undefined);
      const onState = (state: RegistrationState) => {
        kept.state = state;
        kept.sinceMs = clock.now();
        const fields = { trunk: name, ...state };
        if (state.kind === 'failed') {
          kept.failures++;
          log.warn({ ...fields, reason: reasonOf(state.status) }, 'SIP registration: failed');
        } else log.info(fields, `SIP registration: ${state.kind}`);
        if (state.kind === 'registered') void admit();
      };
      // A provider may know this server still from before its last end.
      void admit();
      agent.register({ address: addressAt(server, register.username), servers: [server], credentials: register }, onState);
      return [kept];
    });
  }

  get shown(): RegistrationShown[] {
    return this.#kept.flatMap(({ trunk, state, sinceMs }): RegistrationShown[] => {
      const passedMs = this.#clock.now() - sinceMs;
      const leftSeconds = (ofMs: number) => Math.max(0, Math.round((ofMs - passedMs) / 1000));
      if (state.kind === 'registered') return [{ trunk, state: state.kind, expires_in_seconds: leftSeconds(state.expiresS * 1000) }];
      if (state.kind === 'trying') return [{ trunk, state: state.kind }];
      if (state.kind === 'over') return [];
      const { status, retryMs } = state;
      return [{ trunk, state: state.kind, status, reason: reasonOf(status), retry_in_seconds: leftSeconds(retryMs) }];
    });
  }

  /** How often each has failed. */
  get failures(): { readonly trunk: string; readonly failures: number }[] {
    return this.#kept.map(({ trunk, failures }) => ({ trunk, failures }));
  }
}

/** Calls of a provider that one is registered with come from its servers, where nothing else is said. */
export function isKnownByServers({ addresses, password, tls_names: names, register }: Trunk): boolean {
  return register !== undefined && addresses.length === 0 && password === undefined && names.length === 0;
}

function addressAt(server: string, username: string): string {
  const at = parseUri(server);
  if (!at || !('host' in at)) throw new Error(`'${server}' is no SIP URI of a server`);
  return `sip:${username}@${hostPort(at.host, at.port)}`;
}
