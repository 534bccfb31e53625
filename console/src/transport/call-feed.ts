// The WebSocket by which the server tells of calls, and by which the page says what it wants to see and hear of them.
import { type FeedMessage, readFeed } from '../realtime/call-feed.ts';

export interface FeedHandlers {
  onMessage(message: FeedMessage): void;
  /** Sound of the call that is listened to: interleaved samples of both sides. */
  onSound(pairs: Int16Array<ArrayBuffer>): void;
  /** Once, also when it never opened; not after `close()`. */
  onLost(): void;
}

export interface CallFeed {
  /** The call to be told of, and the one to be heard: ids, or null for none. */
  want(wish: { readonly watch: string | null; readonly listen: string | null }): void;
  close(): void;
}

export function openCallFeed(ticket: string, handlers: FeedHandlers): CallFeed {
  const url = `${location.origin.replace(/^http/, 'ws')}/console/calls`;
  const socket = new WebSocket(url, ['parley-calls', `parley-ticket.${ticket}`]);
  socket.binaryType = 'arraybuffer';
  const ending = new AbortController();
  const { signal } = ending;
  let waiting: string | undefined;
  socket.addEventListener('open', () => waiting !== undefined && socket.send(waiting), { signal });
  socket.addEventListener(
    'message',
    ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) return handlers.onSound(new Int16Array(data));
      const message = typeof data === 'string' ? readFeed(data) : undefined;
      if (message) handlers.onMessage(message);
    },
    { signal },
  );
  socket.addEventListener(
    'close',
    () => {
      ending.abort();
      handlers.onLost();
    },
    { signal },
  );
  return {
    want(wish) {
      waiting = JSON.stringify(wish);
      if (socket.readyState === WebSocket.OPEN) socket.send(waiting);
    },
    close() {
      ending.abort();
      socket.close(1000);
    },
  };
}
