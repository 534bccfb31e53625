// The WebSocket: events and sound on one connection. The secret travels as a subprotocol, the only header a page may set.
import { closeSentence } from '../realtime/sentences.ts';
import { type Destination, query, type Transport, type TransportHandlers } from './transport.ts';

/** Sound that piles up is sound that comes too late: beyond this the line is taken for broken. */
const mostBufferedBytes = 4 * 1024 * 1024;

export function openWebSocket(destination: Destination, handlers: TransportHandlers): Transport {
  const url = `${location.origin.replace(/^http/, 'ws')}/v1/realtime${query(destination)}`;
  const socket = new WebSocket(url, ['realtime', `openai-insecure-api-key.${destination.secret}`]);
  const ending = new AbortController();
  const { signal } = ending;
  const lost = (sentence: string, hopeless: boolean) => {
    ending.abort();
    socket.close();
    handlers.onLost({ sentence, hopeless });
  };
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => typeof data === 'string' && handlers.onMessage(data), { signal });
  socket.addEventListener(
    'close',
    // 1008 is said of what would be refused again: an unknown model, a session that has had its time.
    ({ code, reason }) => lost(closeSentence(code, reason), code === 1000 || code === 1008),
    { signal },
  );
  return {
    kind: 'websocket',
    send(event) {
      if (socket.readyState !== WebSocket.OPEN || signal.aborted) return;
      if (socket.bufferedAmount > mostBufferedBytes) return lost(closeSentence(1013, ''), false);
      socket.send(JSON.stringify(event));
    },
    useMicrophone() {},
    close() {
      ending.abort();
      socket.close(1000);
    },
  };
}
