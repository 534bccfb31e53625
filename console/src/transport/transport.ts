// What a way to the server is to the rest of the page, whichever it is.
import type { ClientEvent } from '../realtime/events.ts';

export type TransportKind = 'websocket' | 'webrtc';

export interface TransportHandlers {
  onMessage(text: string): void;
  /** Once, also when it never opened; not after `close()`. */
  onLost(lost: { readonly sentence: string; readonly hopeless: boolean }): void;
}

export interface Transport {
  readonly kind: TransportKind;
  /** Events that cannot be sent any more are dropped: the loss is told by `onLost`. */
  send(event: ClientEvent): void;
  /** Sound that goes another way than by events; without an effect where it is sent as events. */
  useMicrophone(stream: MediaStream): void;
  close(): void;
}

/** Where to and as whom. */
export interface Destination {
  readonly secret: string;
  readonly model: string | undefined;
}

export function query({ model }: Destination): string {
  return model === undefined ? '' : `?model=${encodeURIComponent(model)}`;
}
