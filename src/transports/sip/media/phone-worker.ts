// The thread that telephone calls live in: up to a hundred of them, with one pacer. Started by rtp/media-thread.ts, with which it speaks
// call-messages.ts. A fault in one call must not end the others, so whatever nobody caught is reported and the thread goes on.
import { networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../../lib/clock.ts';
import { randomInteger, randomKey } from '../../../lib/ids.ts';
import { CallError } from '../../calls/call.ts';
import { offeredAddresses } from '../../rtp/addresses.ts';
import type { Refusal } from '../../rtp/media-messages.ts';
import { Pacer } from '../../rtp/pacer.ts';
import type { FromPhoneWorker, PhoneQuestion, PhoneWish, PhoneWorkerData, ToPhoneWorker } from './call-messages.ts';
import { type CallDuties, RtpCall } from './rtp-call.ts';
import { readDescription, refused } from './sdp-offer.ts';
import { talkToOneself } from './talk-to-oneself.ts';

const data = workerData as PhoneWorkerData;
const calls = new Map<number, RtpCall>();
/** Calls that are beginning. */
const beginning = new Set<number>();
const closing = new Set<Promise<void>>();
const pacer = new Pacer(systemClock, (leftOut) => {
  const nowMs = systemClock.now();
  for (const [id, call] of calls) {
    try {
      call.tick(nowMs, leftOut);
    } catch (error) {
      // It would go wrong again at each tick, and the others would be left out.
      tell({ kind: 'fault', error: (error instanceof Error && error.stack) || String(error) });
      tell({ kind: 'ended', call: id, end: 'crashed' });
      end(id);
    }
  }
});

process.on('uncaughtException', (error) => tell({ kind: 'fault', error: error.stack ?? String(error) }));
process.on('unhandledRejection', (error) => tell({ kind: 'fault', error: (error instanceof Error && error.stack) || String(error) }));

parentPort?.on('message', (message: ToPhoneWorker) => {
  switch (message.kind) {
    case 'ping':
      return tell({ kind: 'pong' });
    case 'warm':
      return void talkToOneself(duties(0, () => {})).then(() => tell({ kind: 'warm' }));
    case 'begin':
      return void begin(message.call, message.wish);
    case 'ask':
      return void ask(message.call, message.ask, message.question);
    case 'close':
      return end(message.call);
    case 'stop':
      return void stop();
    case 'play':
    case 'clear':
      return calls.get(message.call)?.do(message);
    case 'send':
    case 'taken':
      // A telephone has no data channel.
      return;
  }
});

function tell(message: FromPhoneWorker, handOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, handOver);
}

function duties(id: number, report: CallDuties['tell'] = tell): CallDuties {
  return {
    nowMs: () => systemClock.now(),
    wallMs: () => systemClock.wallMs(),
    random: randomKey,
    integer: randomInteger,
    tell: report,
    ended: () => end(id),
  };
}

async function begin(id: number, wish: PhoneWish): Promise<void> {
  beginning.add(id);
  try {
    const call = await RtpCall.open(id, wish.how, { address: addressFor(wish), portRange: data.portRange }, duties(id));
    calls.set(id, call);
    pacer.start();
    const sdp = wish.offer === undefined ? call.offer() : await call.answer(wish.offer);
    if (!beginning.has(id)) return end(id);
    tell({ kind: 'begun', call: id, sdp, mostMessageBytes: 0 });
    call.tellNews();
  } catch (error) {
    end(id);
    tell({ kind: 'refused', call: id, ...refusalOf(error) });
  } finally {
    beginning.delete(id);
  }
}

async function ask(id: number, number: number, question: PhoneQuestion): Promise<void> {
  try {
    const call = calls.get(id);
    if (!call) throw new CallError('unavailable', 'The call is over.');
    tell({ kind: 'replied', call: id, ask: number, text: await call.ask(question) });
  } catch (error) {
    tell({ kind: 'denied', call: id, ask: number, ...refusalOf(error) });
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof CallError) return { reason: error.reason, message: error.message, status: error.status };
  tell({ kind: 'fault', error: (error instanceof Error && error.stack) || String(error) });
  return { reason: 'unavailable', message: 'The sound of the call cannot be carried: a fault of the server.', status: 500 };
}

/** The address that is written down: one of the family that the far side has. */
function addressFor({ offer, how }: PhoneWish): string {
  // Read before any port is opened: most of what is refused is refused by that.
  const place = offer === undefined ? undefined : readDescription(offer).audio[0]?.place;
  const family = place ? isIP(place.address) : 0;
  const wanted = [how.address, data.publicAddress, ...offeredAddresses(networkInterfaces(), data.interfaces)];
  const address = wanted.find((address) => address !== undefined && (family === 0 ? isIP(address) !== 0 : isIP(address) === family));
  if (address === undefined) throw refused(488, `This machine has no address of version ${family === 6 ? 6 : 4} for sound.`);
  return address;
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
  process.exit();
}
