// The real worker of telephone calls, which also goes wrong in the ways that pressed keys ask for.
import { parentPort } from 'node:worker_threads';
import type { ToPhoneWorker } from '../../../../src/transports/sip/media/call-messages.ts';

await import('../../../../src/transports/sip/media/phone-worker.ts');
parentPort?.on('message', (message: ToPhoneWorker) => {
  if (message.kind !== 'ask' || message.question.kind !== 'digits') return;
  if (message.question.digits === 'DDDD') process.exit(3);
  if (message.question.digits === 'AAAA')
    setImmediate(() => {
      throw new Error('nobody catches');
    });
});
