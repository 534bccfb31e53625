// The real media worker, which also goes wrong in the ways the messages of its calls ask for.
import { parentPort } from 'node:worker_threads';
import type { ToRtcWorker } from '../../../src/transports/webrtc/media-messages.ts';

await import('../../../src/transports/webrtc/media-worker.ts');
parentPort?.on('message', (message: ToRtcWorker) => {
  if (message.kind !== 'send') return;
  if (message.text === 'die') process.exit(3);
  if (message.text === 'reject') void Promise.reject(new Error('nobody listens'));
  if (message.text === 'throw')
    setImmediate(() => {
      throw new Error('nobody catches');
    });
  if (message.text === 'hang') for (;;);
});
