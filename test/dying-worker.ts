// In a worker thread: dies by the order of a file. See dying.ts.
import { readFileSync, unlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { FromMember } from '../src/engines/local/crew-messages.ts';

/** From now on. Each order is for one of the workers that look for it. */
export function obey(order: string): void {
  const dieIfTold = (parts: number) => {
    try {
      if (Number(readFileSync(order, 'utf8')) !== parts) return;
      unlinkSync(order);
    } catch {
      // There is no order, or another worker has taken it.
      return;
    }
    process.exit(7);
  };
  setInterval(() => dieIfTold(0), 1).unref();
  if (!parentPort) return;
  const post = parentPort.postMessage.bind(parentPort);
  const counted = { task: 0, parts: 0 };
  parentPort.postMessage = (message: FromMember, transfer) => {
    post(message, transfer);
    if (message.kind !== 'part') return;
    if (counted.task !== message.id) Object.assign(counted, { task: message.id, parts: 0 });
    dieIfTold(++counted.parts);
  };
}
