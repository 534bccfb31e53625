// The line to the server: one connection after another, each with a secret of its own, tried again by itself when it is lost.
import type { ClientEvent } from '../realtime/events.ts';
import { type LinkFact, type LinkState, nextLink } from '../realtime/link.ts';
import type { Resumption } from '../transport/destination.ts';
import type { Loss, Transport, TransportKind } from '../transport/transport.ts';
import { openWebRtc } from '../transport/webrtc.ts';
import { openWebSocket } from '../transport/websocket.ts';
import { fetchSecret, ServerRefusal } from './server.ts';
import type { Voice } from './voice.ts';

export interface LineHandlers {
  /** How to connect, asked before each attempt. */
  wish(): { readonly kind: TransportKind; readonly model: string | undefined; readonly resume: Resumption | undefined };
  onLink(link: LinkState): void;
  onMessage(text: string): void;
  /** The session that was to be taken up is not to be had: the next attempt begins a new one. */
  onGone(): void;
  /** A connection or an attempt ended without being asked to; the link has its next phase. */
  onLost(sentence: string): void;
}

export class Line {
  readonly #voice: Voice;
  readonly #handlers: LineHandlers;
  #link: LinkState = { phase: 'idle' };
  #transport: Transport | undefined;
  /** What the session went over until it was taken up by ourselves. */
  #left: Transport | undefined;
  #opening = new AbortController();
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(voice: Voice, handlers: LineHandlers) {
    this.#voice = voice;
    this.#handlers = handlers;
  }

  get link(): LinkState {
    return this.#link;
  }

  /** How the present connection goes; undefined when there is none. */
  get kind(): TransportKind | undefined {
    return this.#transport?.kind;
  }

  connect(): void {
    this.#step({ kind: 'connect' });
  }

  /** The server has said its first word. */
  opened(): void {
    this.#left?.close();
    this.#left = undefined;
    this.#step({ kind: 'opened' });
  }

  /** Takes the session up over another connection. The present one is not closed: that would be a goodbye, and the server closes it then. */
  renew(): void {
    this.#opening.abort();
    this.#opening = new AbortController();
    this.#left = this.#transport;
    this.#transport = undefined;
    this.#step({ kind: 'renew' });
  }

  hangUp(): void {
    this.#left?.close();
    this.#left = undefined;
    this.#end();
    this.#step({ kind: 'hung.up' });
  }

  /** The server wants a key first. */
  lock(): void {
    this.#end();
    this.#step({ kind: 'refused' });
  }

  send(event: ClientEvent): void {
    this.#transport?.send(event);
  }

  useMicrophone(stream: MediaStream): void {
    this.#transport?.useMicrophone(stream);
  }

  #step(fact: LinkFact): void {
    const link = nextLink(this.#link, fact, performance.now(), Math.random());
    if (link === this.#link) return;
    this.#link = link;
    clearTimeout(this.#retry);
    this.#handlers.onLink(link);
    if (link.phase === 'connecting') void this.#connect();
    if (link.phase === 'waiting') this.#retry = setTimeout(() => this.#step({ kind: 'due' }), link.retryAt - performance.now());
  }

  async #connect(): Promise<void> {
    this.#end();
    const { signal } = this.#opening;
    const { kind, model, resume } = this.#handlers.wish();
    try {
      const [secret] = await Promise.all([fetchSecret(signal), kind === 'websocket' ? this.#voice.openSpeaker() : this.#voice.wake()]);
      if (signal.aborted) return;
      const handlers = {
        onMessage: (text: string) => !signal.aborted && this.#handlers.onMessage(text),
        onLost: (lost: Loss) => {
          if (signal.aborted) return;
          // The server answers, since it gave a secret, and turned this away: a page is not told why a WebSocket is.
          const isRefused = resume !== undefined && this.#link.phase === 'connecting';
          if (isRefused || lost.over) this.#handlers.onGone();
          this.#lost(lost.sentence, lost.hopeless && !isRefused);
        },
      };
      this.#transport =
        kind === 'webrtc'
          ? openWebRtc({ secret, model, resume }, (stream) => void this.#voice.playStream(stream), handlers)
          : openWebSocket({ secret, model, resume }, handlers);
      if (this.#voice.microphone) this.#transport.useMicrophone(this.#voice.microphone);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ServerRefusal && error.status === 401) this.lock();
      else if (error instanceof ServerRefusal) this.#lost(error.message, error.status >= 400 && error.status < 500);
      else this.#lost(`This page met an error: ${String(error)}`, true);
    }
  }

  #lost(sentence: string, hopeless: boolean): void {
    this.#end();
    this.#step({ kind: 'lost', hopeless });
    this.#handlers.onLost(sentence);
  }

  #end(): void {
    this.#opening.abort();
    this.#opening = new AbortController();
    this.#transport?.close();
    this.#transport = undefined;
    this.#voice.silenceStream();
  }
}
