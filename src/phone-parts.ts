// What the telephone calls of a server are made from.
import type { IncomingMessage } from 'node:http';
import type { CallBoard } from './call-board.ts';
import type { CallSessions } from './call-sessions.ts';
import type { Config } from './config.ts';
import type { Clock } from './lib/clock.ts';
import type { FetchFunction } from './lib/guarded-fetch.ts';
import type { Ids } from './lib/ids.ts';
import type { Log } from './lib/log.ts';
import type { LoopShares } from './lib/loop-shares.ts';
import type { Principal } from './store/principal.ts';
import type { OutboundBook } from './telephony/outbound-ledger.ts';
import type { RoutesFile } from './telephony/routes-schema.ts';
import type { Calls } from './transports/calls/calls.ts';

export interface PhonesParts {
  readonly file: RoutesFile;
  readonly callSessions: CallSessions;
  readonly calls: Calls;
  readonly board: CallBoard;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly shares: LoopShares;
  /** Where recordings are kept. */
  readonly recordings: string;
  /** Workers, ports and addresses of SIP's media: those of all calls. */
  readonly media: Config['calls'];
  readonly tls: Config['tls'];
  /** For webhooks, whose addresses the operator has named, and for providers. */
  readonly fetch: FetchFunction;
  /** The id of the key that calls belong to whose route names none. */
  ownKey(): string;
  /** The ids of the keys that hold. Rejects with StoreError when the store cannot be asked. */
  readonly keyIds: () => Promise<ReadonlySet<string>>;
  /** Whether the key of that id holds. One that cannot be looked up does. */
  holds(keyId: string): Promise<boolean>;
  /** Where is written what keys have called. */
  readonly book: OutboundBook;
  /** Whether a new conversation would be served at this moment. */
  isReady(): boolean;
  /** Whose request this is, by the key that it brings. */
  identify(request: IncomingMessage, query: URLSearchParams): Promise<Principal | undefined>;
}
