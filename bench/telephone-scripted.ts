// The server of the telephone benchmark: the scripted one, which also answers the process that started it what it keeps, and how its clock goes.
import { queryObjects } from 'node:v8';
import { systemClock } from '../src/lib/clock.ts';
import { PhoneLeg } from '../src/telephony/phone-leg.ts';
import { CallTransport } from '../src/transports/calls/call-transport.ts';
import { StreamCall } from '../src/transports/media-streams/stream-call.ts';
import { SipPhoneCall } from '../src/transports/sip/sip-phone-call.ts';
import { Session } from '../src/session/session.ts';
import { collectGarbage } from './garbage.ts';

/** What of it is asked for. */
export type ServerQuestion = 'clock' | 'kept';

/** What is to be added to an instant of its clock to have one of the clock that all processes of the machine share. */
export type ClockOffsetMs = number;

/** Once garbage was collected in all threads. */
export interface Kept {
  /** Of the main thread. */
  readonly heapBytes: number;
  readonly residentBytes: number;
  /** Objects of the main thread that are still reachable, by what they are. */
  readonly objects: Readonly<Record<string, number>>;
}

const timer = setTimeout(() => {}, 0);
const kinds = {
  sessions: Session,
  transports: CallTransport,
  legs: PhoneLeg,
  'SIP calls': SipPhoneCall,
  streams: StreamCall,
  timers: timer.constructor,
};

process.on('message', (question: ServerQuestion) => {
  if (question === 'clock') process.send?.((Number(process.hrtime.bigint()) / 1e6 - systemClock.now()) satisfies ClockOffsetMs);
  else void kept().then((told) => process.send?.(told));
});
await import('../src/cli/scripted.ts');

async function kept(): Promise<Kept> {
  await collectGarbage();
  const objects = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, Number(queryObjects(kind))]));
  const { heapUsed, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, residentBytes: rss, objects };
}
