// The thread calls live in: up to a few dozen of them, with one pacer. Started by rtp/media-thread.ts, with which it speaks media-messages.ts.
// A fault of the stack in one call must not end the others, so whatever nobody caught is reported and the thread goes on.
import { networkInterfaces } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../lib/clock.ts';
import { offeredAddresses } from '../rtp/addresses.ts';
import { type CallDuties, WorkerCall } from './call.ts';
import { defaultRule, mayBeChecked } from './candidates.ts';
import { CallError } from '../calls/call.ts';
import type { FromWorker } from '../rtp/media-messages.ts';
import type { MediaWorkerData, ToRtcWorker } from './media-messages.ts';
import { encodeSilence } from '../rtp/opus.ts';
import { Pacer } from '../rtp/pacer.ts';
import { readOffer } from './sdp.ts';
import { finishAnswer } from './sdp-answer.ts';
import { callOneself } from './warm-up.ts';
import { bindSocketsSafely } from './werift-sockets.ts';

/** No number of a caller's. */
const ONESELF = -1;
const data = workerData as MediaWorkerData;
const calls = new Map<number, WorkerCall>();
/** Calls that are being answered. */
const beginning = new Set<number>();
const closing = new Set<Promise<void>>();
const silence = await encodeSilence();
const pacer = new Pacer(systemClock, (leftOut) => {
  const nowMs = systemClock.now();
  for (const call of calls.values()) call.tick(nowMs, leftOut);
});

bindSocketsSafely();
process.on('uncaughtException', (error) => tell({ kind: 'fault', error: error.stack ?? String(error) }));
process.on('unhandledRejection', (error) => tell({ kind: 'fault', error: (error instanceof Error && error.stack) || String(error) }));

parentPort?.on('message', (message: ToRtcWorker) => {
  switch (message.kind) {
    case 'ping':
      return tell({ kind: 'pong' });
    case 'warm':
      return void warmUp();
    case 'begin':
      return void begin(message.call, message.wish.offer);
    case 'ask':
      // Calls of this kind are asked nothing.
      return;
    case 'close':
      return end(message.call);
    case 'stop':
      return void stop();
    case 'send':
    case 'play':
    case 'clear':
    case 'taken':
      calls.get(message.call)?.do(message);
  }
});

function tell(message: FromWorker, handOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, handOver);
}

async function warmUp(): Promise<void> {
  try {
    await callOneself(async (offer) => (await answer(ONESELF, offer, () => {})).sdp, systemClock);
  } catch (error) {
    tell({ kind: 'fault', error: String(error) });
  }
  end(ONESELF);
  tell({ kind: 'warm' });
}

async function begin(id: number, text: string): Promise<void> {
  beginning.add(id);
  try {
    const { sdp, mostMessageBytes } = await answer(id, text, tell);
    if (beginning.has(id)) tell({ kind: 'begun', call: id, sdp, mostMessageBytes });
    else end(id);
  } catch (error) {
    const { reason, message } =
      error instanceof CallError ? error : new CallError('rejected', `The offer cannot be answered: ${String(error)}`);
    tell({ kind: 'refused', call: id, reason, message });
  } finally {
    beginning.delete(id);
  }
}

/** @throws CallError, or what the stack throws at an offer it does not understand. */
async function answer(id: number, text: string, report: CallDuties['tell']) {
  const interfaces = networkInterfaces();
  const addresses = offeredAddresses(interfaces, data.interfaces);
  const network = { interfaces, offered: addresses, publicAddress: data.publicAddress };
  const offer = readOffer(text, mayBeChecked(data.candidates ?? defaultRule(network), network));
  const duties: CallDuties = { silence, tell: report, nowMs: () => systemClock.now(), ended: () => end(id) };
  const call = await WorkerCall.create(id, offer, { ...data, addresses }, duties);
  calls.set(id, call);
  pacer.start();
  try {
    const sdp = finishAnswer(await call.answer(offer), offer.echo, { addresses, publicAddress: data.publicAddress });
    if (!sdp.includes('a=candidate:')) throw new CallError('unavailable', 'This machine has no address and port left to be called at.');
    return { sdp, mostMessageBytes: offer.mostMessageBytes };
  } catch (error) {
    end(id);
    throw error;
  }
}

function end(id: number): void {
  beginning.delete(id);
  const call = calls.get(id);
  if (!call) return;
  calls.delete(id);
  if (calls.size === 0) pacer.stop();
  const ending: Promise<void> = call.close().finally(() => closing.delete(ending));
  closing.add(ending);
}

async function stop(): Promise<void> {
  for (const id of calls.keys()) end(id);
  await Promise.allSettled(closing);
  // The stack may have timers left that nobody waits for.
  process.exit();
}
