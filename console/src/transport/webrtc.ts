// A WebRTC call, made as OpenAI's clients make it: the bare offer to /v1/realtime/calls, events on the data channel `oai-events`. The server says
// which STUN and TURN servers may help it through the network.
import { type Destination, query } from './destination.ts';
import type { Loss, Transport, TransportHandlers } from './transport.ts';

/** How long the server may take to name them. */
const namingMs = 3000;
/** How long addresses are gathered before the offer goes out with those that are known. */
const gatherMs = 1000;
/** How long a call may be without its peer before it is given up. */
const patienceMs = 8000;

/** @param onSound Gets the far end's sound, once there is any. */
export function openWebRtc(destination: Destination, onSound: (stream: MediaStream) => void, handlers: TransportHandlers): Transport {
  const peer = new RTCPeerConnection();
  const events = peer.createDataChannel('oai-events');
  const ending = new AbortController();
  const { signal } = ending;
  let patience: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    ending.abort();
    clearTimeout(patience);
    peer.close();
  };
  const lost = (sentence: string, more: Partial<Loss> = {}) => {
    if (signal.aborted) return;
    end();
    handlers.onLost({ sentence, hopeless: false, over: false, ...more });
  };

  // Both ways from the start, so that a microphone may come later without another offer.
  const { sender } = peer.addTransceiver('audio', { direction: 'sendrecv' });
  peer.addEventListener('track', ({ streams, track }) => onSound(streams[0] ?? new MediaStream([track])), { signal });
  events.addEventListener('message', ({ data }: MessageEvent<unknown>) => typeof data === 'string' && handlers.onMessage(data), { signal });
  events.addEventListener('close', () => lost('The call ended.', { over: true }), { signal });
  peer.addEventListener(
    'connectionstatechange',
    () => {
      clearTimeout(patience);
      if (peer.connectionState === 'failed') lost('The call found no way through the network. A WebSocket may.');
      if (peer.connectionState === 'disconnected') patience = setTimeout(() => lost('The call was lost.'), patienceMs);
    },
    { signal },
  );

  async function call(): Promise<void> {
    await useIceServers(peer, destination.secret, signal);
    if (signal.aborted) return;
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer, signal);
    const answer = await fetch(`/v1/realtime/calls${query(destination)}`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${destination.secret}`,
        'Content-Type': 'application/sdp',
        ...(destination.resume && { 'Parley-Resume-Token': destination.resume.token }),
      },
      body: peer.localDescription?.sdp ?? '',
      signal,
    });
    const text = await answer.text();
    if (!answer.ok) return lost(reasonOf(text, answer.status), { hopeless: answer.status < 500 });
    await peer.setRemoteDescription({ type: 'answer', sdp: text });
  }
  call().catch((error: unknown) => {
    lost(error instanceof TypeError ? 'The server does not answer.' : `The call could not be made: ${String(error)}`);
  });

  return {
    kind: 'webrtc',
    send(event) {
      if (events.readyState === 'open') events.send(JSON.stringify(event));
    },
    useMicrophone(stream) {
      const [track] = stream.getAudioTracks();
      // Refused only when the call has ended, which is told elsewhere.
      if (track) sender.replaceTrack(track).catch(() => {});
    },
    close: end,
  };
}

/** A call may come about without them, and says so if it does not: whatever is wrong with them keeps nobody from calling. */
async function useIceServers(peer: RTCPeerConnection, secret: string, signal: AbortSignal): Promise<void> {
  try {
    const answer = await fetch('/v1/realtime/ice-servers', {
      headers: { Authorization: `Bearer ${secret}` },
      cache: 'no-store',
      signal: AbortSignal.any([signal, AbortSignal.timeout(namingMs)]),
    });
    const { ice_servers: iceServers } = (await answer.json()) as { ice_servers?: RTCIceServer[] };
    if (iceServers?.length && !signal.aborted) peer.setConfiguration({ iceServers });
  } catch (error) {
    if (!signal.aborted) console.warn('The call is made without STUN and TURN servers.', error);
  }
}

async function gathered(peer: RTCPeerConnection, signal: AbortSignal): Promise<void> {
  if (peer.iceGatheringState === 'complete') return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, gatherMs);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', done, { once: true });
    peer.addEventListener('icegatheringstatechange', () => peer.iceGatheringState === 'complete' && done(), { signal });
  });
}

function reasonOf(body: string, status: number): string {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: string } };
    if (error?.message) return error.message;
  } catch {
    // Not ours: a proxy's page.
  }
  return `The call was refused (${status}).`;
}
