// A call of a worker with itself: werift takes several times as long for its first call as for any other, and no caller should wait for that.
import { MediaStream, MediaStreamTrack, type RTCDataChannel, RTCPeerConnection } from 'werift';
import { type Clock, sleep } from '../../lib/clock.ts';
import { opusCodec } from './peer.ts';

const MOST_MS = 3000;
/** As soon as packets go both ways there is little left to learn. */
const TALKING_MS = 100;

/** `answer` answers an offer. Resolves when the call is over, however it went. */
export async function callOneself(answer: (offer: string) => Promise<string>, clock: Clock): Promise<void> {
  const caller = new RTCPeerConnection({
    codecs: { audio: [opusCodec()], video: [] },
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ['127.0.0.1'],
  });
  try {
    caller.addTrack(new MediaStreamTrack({ kind: 'audio' }), new MediaStream());
    const channel = caller.createDataChannel('oai-events');
    for (const { connection } of caller.iceTransports) delete connection.stunServer;
    await caller.setLocalDescription(await caller.createOffer());
    await caller.setRemoteDescription({ type: 'answer', sdp: await answer(caller.localDescription?.sdp ?? '') });
    await Promise.race([opened(channel), sleep(clock, MOST_MS)]);
    await sleep(clock, TALKING_MS);
  } finally {
    await caller.close();
  }
}

function opened(channel: RTCDataChannel): Promise<void> {
  return new Promise((resolve) => {
    channel.stateChanged.subscribe((state) => {
      if (state === 'open') resolve();
    });
  });
}
