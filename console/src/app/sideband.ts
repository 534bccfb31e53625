// A connection beside a call, by which the agent is told something: opened when there is something to tell, and closed when the call is left.
import { type ClientEvent, readEvent } from '../realtime/events.ts';
import type { Transport } from '../transport/transport.ts';
import { openWebSocket } from '../transport/websocket.ts';
import { fetchSecret } from './server.ts';

export interface SidebandHandlers {
  /** The session refuses something: its code, and a sentence. */
  onRefused(code: string | null | undefined, message: string): void;
  /** There was something to tell, and no way to tell it. */
  onLost(sentence: string): void;
}

export class Sideband {
  readonly #call: string;
  readonly #handlers: SidebandHandlers;
  readonly #ending = new AbortController();
  #transport: Transport | undefined;
  /** Events that were said before the session's first word. */
  #unsent: ClientEvent[] | undefined = [];
  #isOpening = false;

  constructor(call: string, handlers: SidebandHandlers) {
    this.#call = call;
    this.#handlers = handlers;
  }

  send(event: ClientEvent): void {
    if (!this.#unsent) return void this.#transport?.send(event);
    this.#unsent.push(event);
    if (!this.#isOpening) void this.#open();
  }

  close(): void {
    this.#ending.abort();
    this.#transport?.close();
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    const { signal } = this.#ending;
    try {
      const secret = await fetchSecret(signal);
      if (signal.aborted) return;
      this.#transport = openWebSocket(
        { secret, model: undefined, resume: undefined, call: this.#call },
        { onMessage: (text) => this.#hear(text), onLost: ({ sentence }) => this.#lost(sentence) },
      );
    } catch (error) {
      if (!signal.aborted) this.#lost(error instanceof Error ? error.message : String(error));
    }
  }

  #hear(text: string): void {
    const event = readEvent(text);
    if (event?.type === 'session.created') {
      const unsent = this.#unsent ?? [];
      this.#unsent = undefined;
      for (const each of unsent) this.#transport?.send(each);
    } else if (event?.type === 'error') this.#handlers.onRefused(event.error.code, event.error.message);
  }

  /** The next thing to say opens it anew. */
  #lost(sentence: string): void {
    const unsent = this.#unsent ?? [];
    this.#transport = undefined;
    this.#isOpening = false;
    this.#unsent = [];
    if (unsent.length > 0) this.#handlers.onLost(sentence);
  }
}
