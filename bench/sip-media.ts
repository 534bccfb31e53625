// What the sound of telephone calls costs: so many calls of G.711 in one media worker, talking both ways, plain and encrypted. The callers are
// a process of their own. `node bench/sip-media.ts [calls] [seconds]`.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { toBytes } from '../src/media/pcm.ts';
import { openPhoneMedia } from '../src/transports/sip/media/phone-media.ts';
import type { FarCall, FarOrder, FarReport } from './sip-callers.ts';
import { table } from './table.ts';

const [calls = 60, seconds = 20] = process.argv.slice(2).map(Number);
const speech = toBytes(Int16Array.from({ length: 24_000 }, (_, i) => Math.round(6000 * Math.sin(i / 9) * Math.sin(i / 2400))));

async function measure(suite: string | undefined): Promise<string[]> {
  const far = fork(new URL('./sip-callers.ts', import.meta.url), { serialization: 'advanced' });
  const order = (message: FarOrder) => far.send(message);
  order({ kind: 'open', calls, suite });
  const [offers] = (await once(far, 'message')) as [string[]];
  const media = openPhoneMedia(
    { workers: 1, mostCalls: 1000, portRange: undefined, publicAddress: undefined, interfaces: ['127.0.0.1'] },
    { log: silentLog, clock: systemClock },
  );
  await media.warmUp();
  let frames = 0;
  const events = {
    onSound: () => void frames++,
    onOpen() {},
    onMessage() {},
    onPlayed() {},
    onTaken() {},
    onDigit() {},
    onEnd() {},
  };
  const how = { srtp: suite ? ('required' as const) : ('off' as const), secureSignalling: true };
  const begunMs = performance.now();
  const placed = await Promise.all(offers.map((offer) => media.answer(offer, how, events)));
  const setUpMs = (performance.now() - begunMs) / calls;
  const answers: FarCall[] = placed.map(({ sdp }) => ({ sdp }));
  order({ kind: 'talk', answers, seconds });
  const talking = setInterval(() => {
    for (const call of placed) call.play(speech);
  }, 1000);
  for (const call of placed) call.play(speech);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const before = process.cpuUsage();
  const [countedMs, countedFrames] = [performance.now(), frames];
  await new Promise((resolve) => setTimeout(resolve, (seconds - 4) * 1000));
  const { user, system } = process.cpuUsage(before);
  const passedMs = performance.now() - countedMs;
  const heardShare = ((frames - countedFrames) * 20) / (passedMs * calls);
  clearInterval(talking);
  const [report] = (await once(far, 'message')) as [FarReport];
  const lost = placed.reduce((sum, call) => sum + call.stats().lost, 0);
  await media.close();
  far.disconnect();
  const cpuShare = (user + system) / 1000 / passedMs;
  return [
    suite ?? 'plain',
    String(calls),
    `${(cpuShare * 100).toFixed(0)} %`,
    ((cpuShare * 100) / calls).toFixed(2),
    Math.floor(calls / cpuShare).toString(),
    `${(heardShare * 100).toFixed(1)} %`,
    String(lost),
    report.gapMs.map((ms) => ms.toFixed(1)).join(' / '),
    `${(report.comeShare * 100).toFixed(1)} %`,
    setUpMs.toFixed(1),
  ];
}

const rows: string[][] = [];
for (const suite of [undefined, 'AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_128_GCM']) rows.push(await measure(suite));
const head = [
  'sound',
  'calls',
  'CPU of a core',
  '% a call',
  'calls a core',
  'heard of what was said',
  'lost here',
  'between two packets, p50 / p99 / max ms',
  'came there',
  'ms to set one up',
];
console.log(table(head, rows));
