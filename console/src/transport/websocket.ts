// The WebSocket: events and sound on one connection. The secret travels as a subprotocol, the only header a page may set.
import { closeSentence } from '../realtime/sentences.ts';
import { type Destination, query } from './destination.ts';
import type { Transport, TransportHandlers } from './transport.ts';

/** Sound that piles up is sound that comes too late: beyond this the line is taken for broken. */
const mostBufferedBytes = 4 * 1024 * 1024;

/** The code of a connection that ended without a word. */
const broken = 1006;

export function openWebSocket(destination: Destination, handlers: TransportHandlers): Transport {
  const url = `${location.origin.replace(/^http/, 'ws')}/v1/realtime${query(destination)}`;
  const { secret, resume } = destination;
  const taking = resume ? [`parley-resume.${resume.token}`] : [];
  const socket = new WebSocket(url, ['realtime', `openai-insecure-api-key.${secret}`, ...taking]);
  const ending = new AbortController();
  const { signal } = ending;
  const lost = (code: number, reason: string) => {
    ending.abort();
    socket.close();
    // 1008 is said of what would be refused again: an unknown model, a session that has had its time.
    handlers.onLost({ sentence: closeSentence(code, reason), hopeless: code === 1000 || code === 1008, over: code !== broken });
  };
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => typeof data === 'string' && handlers.onMessage(data), { signal });
  socket.addEventListener('close', ({ code, reason }) => lost(code, reason), { signal });
  return {
    kind: 'websocket',
    send(event) {
      if (socket.readyState !== WebSocket.OPEN || signal.aborted) return;
      if (socket.bufferedAmount > mostBufferedBytes) return lost(1013, '');
      socket.send(JSON.stringify(event));
    },
    useMicrophone() {},
    close() {
      ending.abort();
      socket.close(1000);
    },
  };
}
