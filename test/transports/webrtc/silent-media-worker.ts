// Stands in for the media worker: answers offers of one word, opens their data channel and then says no more, not even to a ping.
import { parentPort } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../../../src/transports/webrtc/media-messages.ts';

const tell = (message: FromWorker) => parentPort?.postMessage(message);

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'stop') process.exit();
  if (message.kind !== 'answer' || message.offer !== 'please') return;
  tell({ kind: 'answered', call: message.call, sdp: 'gladly', mostMessageBytes: 262_144 });
  tell({ kind: 'open', call: message.call });
});
