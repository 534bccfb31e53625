// Telephone calls that come and go: how long they take to be answered, and what is left of them in the server.
import { sleep, systemClock } from '../src/lib/clock.ts';
import { openSockets } from './processes.ts';
import type { Clip } from './speech.ts';
import { type Spread, spread } from './statistics.ts';
import type { TransportName } from './telephone-line.ts';
import { TelephoneLoad, type TrafficHow } from './telephone-load.ts';
import type { Kept } from './telephone-scripted.ts';
import { startTelephoneServer, type TelephoneServer } from './telephone-server.ts';

export interface SetUp {
  readonly calls: number;
  readonly perSecond: number;
  readonly setUpMs: Spread;
  readonly failed: number;
  readonly faults: readonly string[];
  /** How late calls were begun. */
  readonly lateMs: Spread;
}

export interface KeptAll extends Kept {
  readonly sockets: number;
}

export interface Traffic {
  readonly transport: TransportName;
  readonly calls: number;
  readonly perSecond: number;
  readonly failed: number;
  readonly faults: readonly string[];
  /** Each time that so many had come and gone. The first fill what is kept for others. */
  readonly kept: readonly KeptAll[];
}

/** A transaction of SIP is remembered for 64 × 500 ms, so that what is sent again is answered as before (RFC 3261, 17); a socket closes at once. */
const forgottenMs = (transport: TransportName) => (transport === 'twilio' ? 5000 : 34_000);

export async function measureSetUp(clips: readonly Clip[], { calls, perSecond, talkMs }: TrafficHow): Promise<SetUp> {
  return withCallers('pcmu', clips, async (_telephones, load) => {
    // The first call has much to compile.
    await load.comeAndGo({ calls: perSecond, perSecond, talkMs: 1000 });
    const told = await load.comeAndGo({ calls, perSecond, talkMs });
    return { calls, perSecond, setUpMs: spread(told.setUpMs), lateMs: spread(told.lateMs), failed: told.failed, faults: few(told.faults) };
  });
}

export async function measureTraffic(
  transport: TransportName,
  clips: readonly Clip[],
  { calls, perSecond, talkMs }: TrafficHow,
  rounds: number,
): Promise<Traffic> {
  return withCallers(transport, clips, async (telephones, load) => {
    const faults: string[] = [];
    let failed = 0;
    const kept: KeptAll[] = [];
    for (let round = 0; round <= rounds; round++) {
      const told = await load.comeAndGo({ calls, perSecond, talkMs });
      failed += told.failed;
      faults.push(...told.faults);
      await sleep(systemClock, forgottenMs(transport));
      kept.push({ ...(await telephones.kept()), sockets: openSockets(telephones.server.pid) });
    }
    return { transport, calls, perSecond, failed, faults: few(faults), kept };
  });
}

async function withCallers<T>(
  transport: TransportName,
  clips: readonly Clip[],
  measure: (telephones: TelephoneServer, load: TelephoneLoad) => Promise<T>,
): Promise<T> {
  const telephones = await startTelephoneServer({ secure: transport === 'srtp' });
  try {
    const load = await TelephoneLoad.start(transport, telephones, clips);
    try {
      return await measure(telephones, load);
    } finally {
      await load.stop();
    }
  } finally {
    await telephones.stop();
    telephones.tidy();
  }
}

function few(faults: readonly string[]): string[] {
  return [...new Set(faults)].slice(0, 5);
}
