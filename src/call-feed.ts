// What the console's page is told of its key's calls over one WebSocket: which there are, what happens in the one that is looked at, and the sound of
// the one that is listened to. It is looked up ten times a second, so that a page that reads slowly misses nothing and nothing waits for it.
import { z } from 'zod';
import { Tickets } from './access/tickets.ts';
import type { RandomToken } from './access/vault.ts';
import type { CallBoard } from './call-board.ts';
import type { Clock, Timer } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import type { LoopShares } from './lib/loop-shares.ts';
import { CallListener } from './transports/calls/call-listener.ts';
import type { Upgrade } from './transports/websocket/door.ts';
import { openRawSockets, type RawEvents, type RawFrame, type RawSocket } from './transports/websocket/raw-sockets.ts';

const path = '/console/calls';
/** Offered beside the ticket, and answered. */
const subprotocol = 'parley-calls';
const ticketPrefix = 'parley-ticket.';
const lookMs = 100;
/** The list is looked up so many times less often. */
const looksPerList = 3;
/** With so many bytes unread a page is told nothing more for now. */
const mostUnreadBytes = 1024 * 1024;
/** Pages at once, of all keys. */
const mostPages = 64;
/** For so long nothing may come of a page, not even the answer to a ping. */
const mostSilentMs = 30_000;
/** Then it comes back with another ticket: a key that has been revoked gets none. */
const mostLifeMs = 60 * 60_000;
const mostFrameBytes = 4096;

/** What a page wants: all of it each time. */
const wish = z.object({ watch: z.string().max(128).nullable(), listen: z.string().max(128).nullable() });

export interface CallFeed {
  /** Lets one page of that key in. */
  ticket(owner: string): string;
  /** For the WebSocket door's `elsewhere`. */
  readonly paths: ReadonlyMap<string, (upgrade: Upgrade) => Promise<void>>;
  close(): void;
}

export interface CallFeedParts {
  readonly board: CallBoard;
  readonly clock: Clock;
  readonly log: Log;
  readonly shares: LoopShares;
  readonly random: RandomToken;
}

export function openCallFeed(parts: CallFeedParts): CallFeed {
  const { clock, shares, random } = parts;
  const tickets = new Tickets<string>(clock, random);
  const sockets = openRawSockets({ clock, shares, owner: 'console', mostFrameBytes, subprotocol });
  const pages = new Set<Page>();

  async function answer({ request, socket, head, refuse }: Upgrade): Promise<void> {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
    const ticket = offered.find((each) => each.startsWith(ticketPrefix))?.slice(ticketPrefix.length) ?? '';
    const owner = tickets.take(ticket);
    if (owner === undefined) return refuse(401, 'invalid_ticket', 'This is for the page of the console, which brings a ticket.');
    if (pages.size >= mostPages) return refuse(429, 'rate_limit_exceeded', 'Too many pages look at calls.');
    sockets.accept(request, socket, head, (raw) => {
      const page = new Page(raw, owner, parts);
      pages.add(page);
      return {
        onFrame: (frame) => page.take(frame),
        onPong: (mark) => page.read(mark),
        onClose() {
          pages.delete(page);
          page.end();
        },
      } satisfies RawEvents;
    });
  }

  return {
    ticket: (owner) => tickets.issue(owner),
    paths: new Map([[path, answer]]),
    close() {
      for (const page of pages) page.end();
      sockets.close();
    },
  };
}

interface Watched {
  readonly call: string;
  /** The last entry that the page has been told of. */
  last: number;
}

class Page {
  readonly #socket: RawSocket;
  readonly #owner: string;
  readonly #parts: CallFeedParts;
  readonly #untilMs: number;
  /** What is added to times by the clock, to make them times of the wall, and the same for as long as the page is there. */
  readonly #wallMs: number;
  /** Calls as the page knows them, by their ids. */
  #known = new Map<string, string>();
  #watched: Watched | undefined;
  #listener: { readonly call: string; readonly listener: CallListener } | undefined;
  #looks = 0;
  #timer: Timer;

  constructor(socket: RawSocket, owner: string, parts: CallFeedParts) {
    this.#socket = socket;
    this.#owner = owner;
    this.#parts = parts;
    const { clock } = parts;
    this.#untilMs = clock.now() + mostLifeMs;
    this.#wallMs = clock.wallMs() - clock.now();
    this.#timer = clock.after(0, () => this.#look());
  }

  /** The page says what it wants. */
  take(frame: RawFrame): void {
    const wanted = 'text' in frame ? wish.safeParse(jsonOf(frame.text)) : undefined;
    if (!wanted?.success) return this.#socket.close(1008, 'not understood');
    const { watch, listen } = wanted.data;
    if (watch !== (this.#watched?.call ?? null)) this.#watched = watch === null ? undefined : { call: watch, last: 0 };
    if (listen !== (this.#listener?.call ?? null)) this.#listenTo(listen);
  }

  /** A ping was answered. */
  read(mark: string): void {
    this.#listener?.listener.read(mark);
  }

  end(): void {
    this.#timer.cancel();
    this.#stopListening();
  }

  #look(): void {
    const { clock } = this.#parts;
    this.#timer = clock.after(lookMs, () => this.#look());
    if (clock.now() > this.#untilMs) return this.#socket.close(1001, 'come again');
    if (this.#socket.silentMs > mostSilentMs) return this.#socket.close(1001, 'nothing is heard of the page');
    if (this.#socket.waitingBytes > mostUnreadBytes) return;
    if (this.#looks % looksPerList === 0) this.#tellCalls();
    this.#looks += 1;
    if (this.#watched) this.#tellEvents(this.#watched);
  }

  #tellCalls(): void {
    const { board, clock } = this.#parts;
    const isFirst = this.#looks === 0;
    const known = new Map<string, string>();
    const changed: string[] = [];
    for (const call of [...board.live(this.#owner), ...board.ended(this.#owner)]) {
      // How long it has been there the page reckons itself.
      const text = JSON.stringify({ ...call, seconds: undefined });
      known.set(call.id, text);
      if (this.#known.get(call.id) !== text) changed.push(text);
    }
    const gone = [...this.#known.keys()].filter((id) => !known.has(id));
    this.#known = known;
    if (!isFirst && changed.length === 0 && gone.length === 0) return;
    this.#socket.send({ text: `{"type":"calls","now":${clock.wallMs()},"calls":[${changed.join()}],"gone":${JSON.stringify(gone)}}` });
  }

  #tellEvents(watched: Watched): void {
    const { call, last } = watched;
    const { entries, lost } = this.#parts.board.history(call, this.#owner)?.after(last) ?? { entries: [], lost: 0 };
    if (entries.length === 0) return;
    watched.last = entries.at(-1)?.number ?? last;
    const told = entries.map(({ atMs, text, voice }) => {
      const { startMs, lastMs } = voice ?? {};
      const heard = {
        ...(startMs !== undefined && { from: this.#wall(startMs) }),
        ...(lastMs !== undefined && { to: this.#wall(lastMs) }),
      };
      return `{"at":${this.#wall(atMs)},"event":${text}${voice ? `,"heard":${JSON.stringify(heard)}` : ''}}`;
    });
    this.#socket.send({ text: `{"type":"events","call":${JSON.stringify(call)},"lost":${lost},"entries":[${told.join()}]}` });
  }

  #listenTo(call: string | null): void {
    this.#stopListening();
    if (call === null) return;
    const { board, clock, log } = this.#parts;
    const sound = board.monitor(call, this.#owner)?.sound;
    if (!sound) return this.#refuse(call, 'call_not_found', 'This call cannot be listened to: it has not been answered, or it is over.');
    if (!sound.hasRoom) return this.#refuse(call, 'too_many_listeners', 'As many listen to this call already as can.');
    const socket = this.#socket;
    const onEnd = () => {
      this.#stopListening();
      socket.send({ text: JSON.stringify({ type: 'call.listening_ended', call_id: call }) });
    };
    this.#listener = { call, listener: new CallListener({ socket, clock, callId: call, sound, onEnd }) };
    log.info({ call, by: this.#owner }, 'somebody listens to a call');
  }

  #stopListening(): void {
    this.#listener?.listener.close();
    this.#listener = undefined;
  }

  #refuse(call: string, code: string, message: string): void {
    this.#socket.send({ text: JSON.stringify({ type: 'call.listening_ended', call_id: call, error: { code, message } }) });
  }

  #wall(ms: number): number {
    return Math.round(ms + this.#wallMs);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
