// What a SIP user agent is told: plain data, as a configuration gives it.
import type { SipTimes } from './transactions/timers.ts';
import type { DigestHash } from './credentials.ts';
import type { TransportName } from './flow.ts';

export interface ListenOptions {
  readonly transport: TransportName;
  /** An address of this machine; `0.0.0.0` or `::` for all of one family. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface TrunkDigest {
  readonly username: string;
  readonly password: string;
  /**
   * What its password may be hashed with, the preferred first (RFC 8760); SHA-256 and MD5 unless told. Some programs that know only MD5
   * give up at a challenge that offers anything else beside it (baresip 1.0, sipp 3.6): `['md5']` is for those.
   */
  readonly hashes?: readonly DigestHash[];
}

/** Who may call. All that a trunk names must hold for a request: an address, a password, a certificate. */
export interface TrunkOptions {
  readonly name: string;
  /** Addresses and networks (`203.0.113.0/24`); with none, its calls come from nowhere until it is said from where (`SipAgent.admitServers`). */
  readonly addresses?: readonly string[];
  readonly digest?: TrunkDigest;
  /** Names of which the caller's TLS certificate bears one; needs `tls.ca`. */
  readonly tlsNames?: readonly string[];
}

export interface SipTlsOptions {
  /** Ours, which a TLS address that is listened at needs. */
  readonly cert?: string;
  readonly key?: string;
  /** Who signs certificates that we trust, of callers and of servers; without it the usual ones for servers, and none for callers. */
  readonly ca?: string;
  /** Takes certificates of servers that nobody vouches for: to try things only. */
  readonly insecure?: boolean;
}

export interface SipOptions {
  readonly listen: readonly ListenOptions[];
  /** The address that others reach us at, where that is another than ours (a router in between). */
  readonly publicAddress?: string;
  /** Hosts that calls are for; others get 404. Without it, any. */
  readonly domains?: readonly string[];
  /** Named in digest challenges. */
  readonly realm?: string;
  readonly trunks: readonly TrunkOptions[];
  /**
   * What callers are told that no trunk lets in: 403, or nothing at all. Where a trunk asks for a password, whoever might be it is asked for
   * that, as it sends one only then.
   */
  readonly strangers: 'refuse' | 'silence';
  /** The session interval that we ask for (RFC 4028), in seconds; 1800 unless told. */
  readonly sessionExpiresS?: number;
  /** The shortest that we agree to; 90 unless told. */
  readonly minSessionExpiresS?: number;
  readonly tls?: SipTlsOptions;
  /** Calls at the same time, in both directions; 500 unless told. */
  readonly mostCalls?: number;
  /** New calls of one trunk in a second; 50 unless told. */
  readonly callsPerSecond?: number;
  /** Messages that a stranger's network may send in ten seconds before they are dropped unread; 50 unless told. */
  readonly strangerMessages?: number;
  readonly userAgent?: string;
  readonly times?: SipTimes;
}
