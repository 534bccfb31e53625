// A client that takes its session up again whenever its connection breaks, over a WebSocket or a call: it keeps what it has said until the server
// has it, and tells which event it has seen last.
import { WebSocket } from 'ws';
import type { AnsweredCall, CallMedia } from '../../../src/transports/webrtc/media.ts';
import { Caller } from '../../transports/webrtc/caller.ts';
import { CallSound } from './call-sound.ts';
import type { WireEvent } from './events.ts';
import { openaiPath } from './client.ts';
import { apiKey } from './server.ts';

const patienceMs = 5000;
/** So long after it was greeted it has been told what it had missed. */
const missedMs = 50;

export type Way = 'websocket' | 'call';

interface Said {
  readonly text: string;
  /** Of an append; events have none. */
  readonly soundBytes: number;
}

interface Greeting extends WireEvent {
  readonly resume: { readonly token: string; readonly seconds: number };
  readonly received: { readonly events: number; readonly audio_bytes: number };
}

/** What it is connected over right now. */
interface Connection {
  readonly way: Way;
  send(text: string): void;
  /** Ends without a word to anybody. */
  drop(): Promise<void> | void;
  /** Says that it goes, and goes. */
  leave(): Promise<void> | void;
}

export interface ResumingOptions {
  /** Where calls are made and sockets opened: `http://127.0.0.1:8080`. */
  readonly http: string;
  /** The same for sockets, perhaps over a line that is cut. */
  readonly ws: string;
  /** Over which way it connects, each time. */
  readonly way: () => Way;
}

export class ResumingClient {
  /** Everything it was told, but for what greets those who come back. */
  readonly events: WireEvent[] = [];
  /** How long each return took until its greeting: over a WebSocket from the first packet on, over a call from its open data channel on. */
  readonly greetedMs: number[] = [];
  readonly refusals: number[] = [];
  readonly ways: Way[] = [];
  /** What it says and hears over its calls. */
  readonly sound = new CallSound();
  /** Of what kind the turn is that its user is at, for those who count. */
  turn = 'none yet';
  sessionId = '';
  token = '';
  /** The last event it has seen. */
  lastEvent = '';
  readonly #options: ResumingOptions;
  readonly #said: Said[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #ending: Promise<unknown>[] = [];
  #connection: Connection | undefined;
  #attempt = 0;
  #ready = false;
  #readyAtMs = 0;
  #left = false;
  #openedMs = 0;
  #patience: NodeJS.Timeout | undefined;

  constructor(options: ResumingOptions) {
    this.#options = options;
    this.#connect();
  }

  get way(): Way | undefined {
    return this.#connection?.way;
  }

  /** For how long it has been connected and has heard nothing. */
  get quietMs(): number {
    return this.#ready ? performance.now() - Math.max(this.#readyAtMs, this.sound.loudAtMs) : 0;
  }

  /**
   * Says it over and over, into one call after another, until it is told such an event: what is said into a line that breaks is lost. It stops in
   * the middle of it then.
   */
  speakUntil(samples: Int16Array, matches: (event: WireEvent) => boolean): Promise<WireEvent> {
    this.sound.speak(samples);
    return this.wait((event) => {
      if (!matches(event)) return false;
      this.sound.hush();
      return true;
    }, this.events.length);
  }

  send(event: object): void {
    this.#say({ text: JSON.stringify(event), soundBytes: 0 });
  }

  append(bytes: Uint8Array): void {
    const audio = Buffer.from(bytes).toString('base64');
    this.#say({ text: JSON.stringify({ type: 'input_audio_buffer.append', audio }), soundBytes: bytes.length });
  }

  /** The first match among the events from number `from` on, which may be still to come. */
  wait(matches: (event: WireEvent) => boolean, from = 0): Promise<WireEvent> {
    return new Promise((resolve, reject) => {
      let at = from;
      const look = () => {
        for (; at < this.events.length; at++) {
          const event = this.events[at];
          if (!event || !matches(event)) continue;
          clearTimeout(timer);
          this.#watchers.delete(look);
          return resolve(event);
        }
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        const seen = this.events.slice(from).map(({ type }) => type);
        reject(new Error(`Not within 40 s of ${seen.length} events: ${seen.slice(-40).join(' ')}; refused: ${this.refusals.join()}`));
      }, 40_000);
      this.#watchers.add(look);
      look();
    });
  }

  /** The connection that it has is dead: it comes back over another. */
  reconnect(): void {
    const dead = this.#connection;
    this.#connection = undefined;
    this.sound.follow(undefined);
    if (dead) this.#ending.push(Promise.resolve(dead.drop()));
    this.#connect();
  }

  /** Goes for good, as a client does that takes its leave. */
  async leave(): Promise<void> {
    this.#left = true;
    clearTimeout(this.#patience);
    await this.#connection?.leave();
    await Promise.all(this.#ending);
  }

  #connect(): void {
    this.#ready = false;
    this.#attempt += 1;
    const way = this.#options.way();
    this.ways.push(way);
    // On a machine that is busy a handshake of the stack may come to nothing: whoever is not greeted tries again.
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.reconnect(), patienceMs);
    const resuming = this.sessionId === '' ? '' : `&resume=${this.sessionId}&last_event=${this.lastEvent}`;
    const headers = { Authorization: `Bearer ${apiKey}`, ...(resuming && { 'Parley-Resume-Token': this.token }) };
    if (way === 'websocket') this.#openSocket(`${this.#options.ws}${openaiPath}${resuming}`, headers, this.#attempt);
    else void this.#call(`${this.#options.http}/v1/realtime/calls?model=gpt-realtime${resuming}`, headers, this.#attempt);
  }

  #again(attempt: number): void {
    setTimeout(() => {
      if (!this.#left && this.#attempt === attempt) this.#connect();
    }, 1);
  }

  #openSocket(url: string, headers: Record<string, string>, attempt: number): void {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    this.#openedMs = performance.now();
    socket.on('unexpected-response', (_request, response) => {
      this.refusals.push(response.statusCode ?? 0);
      response.destroy();
    });
    // What still comes over a connection that it has given up comes again over the next.
    socket.on('message', (data) => this.#attempt === attempt && this.#hear((data as Buffer).toString('utf8')));
    socket.on('error', () => {});
    socket.on('close', () => this.#again(attempt));
    const drop = () => socket.terminate();
    this.#connection = { way: 'websocket', send: (text) => socket.send(text), drop, leave: () => socket.close(1000) };
  }

  async #call(url: string, headers: Record<string, string>, attempt: number): Promise<void> {
    const offered: Pick<CallMedia, 'answer'> = {
      answer: async (body) => {
        const response = await fetch(url, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/sdp' }, body });
        const sdp = await response.text();
        if (response.status !== 201) {
          this.refusals.push(response.status);
          throw new Error(sdp);
        }
        const nothing = { mostMessageBytes: 0, takenBytes: 0, waitingBytes: 0, send: () => false, play() {}, clear() {}, close() {} };
        return { ...nothing, sdp } satisfies AnsweredCall;
      },
    };
    try {
      const caller = await Caller.call(offered as CallMedia);
      const drop = async () => {
        // Its packets go nowhere any more; the goodbye of its stack neither.
        for (const { connection } of caller.peer.iceTransports) await connection.close();
        await caller.hangUp();
      };
      if (this.#attempt !== attempt) return await drop();
      const { channel } = caller;
      if (!channel) throw new Error('a call without a data channel');
      channel.onMessage.subscribe((message) => this.#attempt === attempt && this.#hear(String(message)));
      // Nobody says goodbye over a connection that has broken.
      caller.peer.connectionStateChange.subscribe((state) => {
        if (state === 'failed' && this.#attempt === attempt && !this.#left) this.reconnect();
      });
      channel.stateChanged.subscribe((state) => {
        if (state === 'open') this.#openedMs = performance.now();
        // An earlier attempt of its own may have come there later, and have taken the session from this one.
        else if (state === 'closed') this.#again(attempt);
      });
      const leave = () => caller.hangUp();
      this.sound.follow(caller);
      this.#connection = { way: 'call', send: (text) => channel.send(text), drop, leave };
    } catch {
      this.#again(attempt);
    }
  }

  #say(said: Said): void {
    this.#said.push(said);
    if (this.#ready) this.#connection?.send(said.text);
  }

  #hear(text: string): void {
    const event = JSON.parse(text) as WireEvent;
    if (typeof event['event_id'] === 'string') this.lastEvent = event['event_id'];
    if (event.type === 'session.resumed') return this.#greeted(event as Greeting);
    this.events.push(event);
    if (event.type === 'session.created') {
      const { id, parley } = event['session'] as { id: string; parley: { resume: { token: string } } };
      this.sessionId = id;
      this.token = parley.resume.token;
      this.#ready = true;
      clearTimeout(this.#patience);
      for (const said of this.#said) this.#connection?.send(said.text);
    }
    for (const watcher of [...this.#watchers]) watcher();
  }

  #greeted({ resume, received }: Greeting): void {
    this.greetedMs.push(performance.now() - this.#openedMs);
    this.token = resume.token;
    let { events, audio_bytes: soundBytes } = received;
    for (const said of this.#said) {
      if (said.soundBytes > 0 && soundBytes > 0) soundBytes -= said.soundBytes;
      else if (said.soundBytes === 0 && events > 0) events -= 1;
      else this.#connection?.send(said.text);
    }
    this.#ready = true;
    this.#readyAtMs = performance.now();
    clearTimeout(this.#patience);
    // It may have been noticed before the line broke.
    const attempt = this.#attempt;
    setTimeout(() => {
      if (this.#attempt === attempt) this.sound.speakOn();
    }, missedMs);
  }
}
