// Full collections of this process's heap and of those of its threads: what memory is left after them is really held.
import { Session } from 'node:inspector/promises';
import { sleep, systemClock } from '../src/lib/clock.ts';

/** A thread that waits for something else than its messages, as the watchdog's does, does not answer. */
const patienceMs = 2000;

/** An answer of a thread to one of our messages; threads also tell of things nobody asked for. */
interface Answer {
  readonly id?: number;
}

/** Resolves when all are done. */
export async function collectGarbage(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    const threads: string[] = [];
    session.on('NodeWorker.attachedToWorker', ({ params }) => threads.push(params.sessionId));
    await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    await Promise.all(threads.map((sessionId) => Promise.race([collectIn(session, sessionId), sleep(systemClock, patienceMs)])));
    await session.post('NodeWorker.disable');
    await session.post('HeapProfiler.collectGarbage');
  } finally {
    session.disconnect();
  }
}

function collectIn(session: Session, sessionId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const hear = ({ params }: { params: { sessionId: string; message: string } }) => {
      if (params.sessionId !== sessionId || (JSON.parse(params.message) as Answer).id !== 1) return;
      session.off('NodeWorker.receivedMessageFromWorker', hear);
      resolve();
    };
    session.on('NodeWorker.receivedMessageFromWorker', hear);
    const message = JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' });
    session.post('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(reject);
  });
}
