// Stands in for the media worker: answers offers of one word, and dies when another, or a message, says so.
import { parentPort } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../../../src/transports/webrtc/media-messages.ts';

const tell = (message: FromWorker) => parentPort?.postMessage(message);

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'stop') process.exit();
  if ((message.kind === 'answer' && message.offer === 'die') || (message.kind === 'send' && message.text === 'die')) process.exit(3);
  if (message.kind !== 'answer') return;
  tell({ kind: 'answered', call: message.call, sdp: 'gladly', mostMessageBytes: 262_144 });
  tell({ kind: 'open', call: message.call });
});
