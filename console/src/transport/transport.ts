// What a way to the server is to the rest of the page, whichever it is.
import type { ClientEvent } from '../realtime/events.ts';

export type TransportKind = 'websocket' | 'webrtc';

export interface Loss {
  readonly sentence: string;
  /** Trying again cannot help. */
  readonly hopeless: boolean;
  /** The server has ended the session, which cannot be taken up any more. */
  readonly over: boolean;
}

export interface TransportHandlers {
  onMessage(text: string): void;
  /** Once, also when it never opened; not after `close()`. */
  onLost(lost: Loss): void;
}

export interface Transport {
  readonly kind: TransportKind;
  /** Events that cannot be sent any more are dropped: the loss is told by `onLost`. */
  send(event: ClientEvent): void;
  /** Sound that goes another way than by events; without an effect where it is sent as events. */
  useMicrophone(stream: MediaStream): void;
  close(): void;
}
