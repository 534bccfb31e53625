// The WebSocket door: which upgrades are let in, as whom, and what a connection's path says about its client.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { WebSocketConnection } from './connection.ts';
import { Line } from './line.ts';
import { PartingSocket } from './parting-socket.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
import type { LoopShares } from '../../lib/loop-shares.ts';
import { endWith } from '../../lib/last-words.ts';
import { type Api, apiOf, authorizationOf } from '../../protocol/api.ts';
import { chooseDialect } from '../../protocol/dialects/choose.ts';
import type { Dialect } from '../../protocol/dialects/dialect.ts';
import { refusalRestMs } from '../../protocol/errors.ts';
import { type ResumeRefusal, type ResumeWish, resumeWishOf } from '../../protocol/resume.ts';
import type { Transport } from '../transport.ts';
import type { Turning } from './turning.ts';

/** An append of 15 MiB in base64, with the JSON around it. */
const mostFrameBytes = 21 * 1024 * 1024;
const pingEveryMs = 20_000;

/** What a connection asked for by its URL, and as whose client. */
export interface Arrival {
  /** Whose defaults and habits it expects. */
  api: Api;
  /** `?model=`. */
  model: string | undefined;
  /** `?key=`: the session id a client of Inworld made up. */
  sessionKey: string | undefined;
  /** `?intent=transcription`: the client wants to be listened to, not answered. */
  transcriptionOnly: boolean;
}

/** Somebody who may come in. */
export interface Visitor {
  /** Which key opened the door: for logs and limits, never the key itself. */
  keyId: string;
  /** What opened it. */
  credential: 'key' | 'token' | 'secret';
  /** The session that is stored with an ephemeral secret, in GA spelling. */
  session: Readonly<Record<string, unknown>> | undefined;
  /** Whether the secret was minted by one of the beta's HTTP routes. */
  beta: boolean;
}

export type Entrance =
  | { readonly outcome: 'welcome'; readonly visitor: Visitor }
  /** Nothing that it offers opens the door. */
  | { readonly outcome: 'unknown' }
  /** Too many wrong keys came from there, the key has made too many requests, or it cannot be told right now who it is. */
  | { readonly outcome: 'turned'; readonly turning: Turning };

export interface DoorOptions {
  server: Server;
  clock: Clock;
  ids: Ids;
  /** What each key's connections may have of the main loop. */
  shares: LoopShares;
  /** Who this request comes from. */
  admit(request: IncomingMessage, query: URLSearchParams): Promise<Entrance>;
  /** Why the visitor gets no further session right now, if so. */
  full(visitor: Visitor): Turning | undefined;
  enter(transport: Transport, arrival: Arrival, visitor: Visitor): void;
  /** Whether the visitor may take up a session whose connection it has lost, and in which dialect it was spoken to. */
  resume(wish: ResumeWish, visitor: Visitor): { readonly dialect: Dialect | undefined; take(transport: Transport): void } | ResumeRefusal;
  /** Told of everybody who is turned away, with the status of the answer. */
  refused?(status: number): void;
  /** Other WebSockets of this server, by their paths: whoever answers there sees to everything, and who may come in. */
  elsewhere?: ReadonlyMap<string, (upgrade: Upgrade) => Promise<void>>;
  /** Who answers at a path that is for those who have been let in here, if anybody does. */
  keyed?(pathname: string): ((upgrade: Upgrade, visitor: Visitor) => void) | undefined;
  /** Joins a call from beside (`?call_id=`); undefined when the visitor has no such call. */
  beside(callId: string, visitor: Visitor): ((transport: Transport) => void) | undefined;
}

/** A request for a WebSocket that is not answered yet. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** Answers in plain HTTP, with a body that says why, and ends the socket. */
  readonly refuse: (status: number, code: string, message: string) => void;
}

const paths: Record<string, { onlyInworld: boolean }> = {
  '/v1/realtime': { onlyInworld: false },
  '/api/v1/realtime/session': { onlyInworld: true },
};

export interface Door {
  /** Connections open now. */
  readonly size: number;
  close(): void;
}

export function openDoor(options: DoorOptions): Door {
  const { server, clock, ids } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    WebSocket: PartingSocket,
    perMessageDeflate: false,
    maxPayload: mostFrameBytes,
    // Exactly one of what was offered may be answered, and never the one that carries the key.
    handleProtocols: (offered) => (offered.has('realtime') ? 'realtime' : false),
  });
  const connections = new Set<WebSocketConnection>();
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    answer(request, socket, head).catch(() => socket.destroy());
  });
  async function answer(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = targetOf(request.url ?? '/');
    const pathname = url.pathname.replace(/(?<!\/)\/+$/, '');
    const path = paths[pathname];
    const keyed = path ? undefined : options.keyed?.(pathname);
    const refuse = (status: number, code: string, message: string, retryAfterSeconds?: number) => {
      options.refused?.(status);
      endWith(socket, refusal(status, code, message, retryAfterSeconds), clock);
    };
    const turn = async ({ status, code, why, retryAfterSeconds }: Turning) => {
      await sleep(clock, refusalRestMs);
      refuse(status, code, why, retryAfterSeconds);
    };
    const other = options.elsewhere?.get(pathname);
    if (other) return other({ request, url, socket, head, refuse });
    if (!path && !keyed) return refuse(404, 'not_found', `There is no WebSocket at ${url.pathname.slice(0, 128)}; try /v1/realtime.`);
    const entrance = await options.admit(request, url.searchParams);
    if (socket.destroyed) return;
    if (entrance.outcome === 'turned') return turn(entrance.turning);
    if (entrance.outcome === 'unknown') {
      return refuse(401, 'invalid_api_key', 'Incorrect or missing API key. Send it as "Authorization: Bearer <key>".');
    }
    const { visitor } = entrance;
    if (!path) return keyed?.({ request, url, socket, head, refuse }, visitor);
    const callId = url.searchParams.get('call_id');
    const join = callId === null ? undefined : options.beside(callId, visitor);
    if (callId !== null && !join) return refuse(404, 'call_not_found', `There is no call '${callId.slice(0, 128)}'.`);
    const wish = join ? undefined : resumeWishOf(url.searchParams, request.headers);
    const taking = wish && options.resume(wish, visitor);
    if (taking && 'status' in taking) {
      await sleep(clock, refusalRestMs);
      return refuse(taking.status, taking.code, taking.message);
    }
    const turning = join || taking ? undefined : options.full(visitor);
    if (turning) return turn(turning);
    // Whoever has hung up meanwhile wants no session.
    if (!socket.readable) return void socket.destroy();
    const share = options.shares.open(visitor.keyId);
    const line = new Line(socket, share);
    line.once('close', () => share.end());
    sockets.handleUpgrade(request, line, head, (webSocket) => {
      const shown = chooseDialect({ headers: request.headers, subprotocols: subprotocolsOf(request), secretIsBeta: visitor.beta });
      const dialect = taking?.dialect ?? shown;
      const connection = new WebSocketConnection(webSocket, line, clock, ids, dialect);
      connections.add(connection);
      webSocket.on('close', () => connections.delete(connection));
      if (join) return join(connection);
      if (taking) return taking.take(connection);
      const arrival = {
        api: apiOf({
          onlyInworld: path.onlyInworld,
          credential: visitor.credential,
          authorization: authorizationOf(request.headers, url.searchParams),
          beta: dialect.name === 'beta',
        }),
        model: url.searchParams.get('model') ?? undefined,
        sessionKey: url.searchParams.get('key') ?? undefined,
        transcriptionOnly: url.searchParams.get('intent') === 'transcription',
      };
      options.enter(connection, arrival, visitor);
    });
  }
  let timer = clock.after(pingEveryMs, pingAll);
  function pingAll(): void {
    for (const connection of connections) connection.ping();
    timer = clock.after(pingEveryMs, pingAll);
  }
  return {
    get size() {
      return connections.size;
    },
    close() {
      timer.cancel();
      sockets.close();
    },
  };
}

function subprotocolsOf(request: IncomingMessage): string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',');
}

/** What a request line asks for. Anybody may write anything there: what is no URL is nowhere. */
function targetOf(target: string): URL {
  const origin = 'http://parley';
  return new URL(URL.canParse(target, origin) ? target : '/', origin);
}

const statusTexts: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  410: 'Gone',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};
const types: Record<number, string> = { 429: 'rate_limit_error', 503: 'server_error' };

/** An answer in plain HTTP, with a body that says why. */
function refusal(status: number, code: string, message: string, retryAfterSeconds: number | undefined): string {
  const body = JSON.stringify({ error: { message, type: types[status] ?? 'invalid_request_error', param: null, code } });
  return (
    `HTTP/1.1 ${status} ${statusTexts[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
    `${status === 401 ? 'WWW-Authenticate: Bearer\r\n' : ''}${retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`}` +
    `Connection: close\r\n\r\n${body}`
  );
}
