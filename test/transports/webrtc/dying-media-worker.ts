// Stands in for the media worker: answers offers of one word, and dies when another, or a message, says so.
import { parentPort } from 'node:worker_threads';
import type { FromWorker } from '../../../src/transports/rtp/media-messages.ts';
import type { ToRtcWorker } from '../../../src/transports/webrtc/media-messages.ts';

const tell = (message: FromWorker) => parentPort?.postMessage(message);

parentPort?.on('message', (message: ToRtcWorker) => {
  if (message.kind === 'stop') process.exit();
  if ((message.kind === 'begin' && message.wish.offer.trim() === 'die') || (message.kind === 'send' && message.text === 'die'))
    process.exit(3);
  if (message.kind !== 'begin') return;
  tell({ kind: 'begun', call: message.call, sdp: 'gladly', mostMessageBytes: 262_144 });
  tell({ kind: 'open', call: message.call });
});
