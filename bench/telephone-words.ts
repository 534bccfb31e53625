// How many words of people are heard wrong who call by SIP: their recordings are said at real time into calls of G.711, through the whole
// server with its embedded engines. `node bench/telephone-words.ts`; ends with 1 when more than 8 % are wrong.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { randomIds, randomInteger, randomToken } from '../src/lib/ids.ts';
import { silentLog } from '../src/lib/log.ts';
import { concat, toBytes } from '../src/media/pcm.ts';
import { resample } from '../src/media/resample.ts';
import type { CallEvents } from '../src/transports/calls/call.ts';
import type { PhoneCall } from '../src/transports/calls/phone-call.ts';
import { openPhoneMedia } from '../src/transports/sip/media/phone-media.ts';
import { placePhoneCall, type SipPhoneParts } from '../src/transports/sip/phone-calls.ts';
import { openSipAgent } from '../src/transports/sip/user-agent.ts';
import { type Heard, Hearing, SILENCE_MS } from './hearing.ts';
import { ServerProcess } from './server.ts';
import { people, type Recording, RATE_HZ } from './speech.ts';
import { percentile } from './statistics.ts';
import { freeUdpPort } from './telephone-server.ts';
import { table } from './table.ts';
import { leastWordErrors, numbersSpoken } from './word-errors.ts';

const mostErrorShare = 0.08;
const leadMs = 500;
/** After the speech, for the turn to end and its words to come. */
const tailMs = 2400;
const pieceMs = 200;
const deaf: CallEvents = { onSound() {}, onDigit() {}, onEnd() {}, onOpen() {}, onMessage() {}, onPlayed() {}, onTaken() {} };

const folder = resolve(import.meta.dirname, '..', '..', 'shared', 'speech');
const recordings = people(folder);
if (recordings.length === 0) throw new Error(`There are no recordings in ${folder}.`);

const sipPort = await freeUdpPort();
const own = mkdtempSync(join(tmpdir(), 'parley-telephone-words-'));
const input = {
  transcription: { model: 'bench', language: 'en' },
  turn_detection: { type: 'server_vad', silence_duration_ms: SILENCE_MS, create_response: false, interrupt_response: false },
};
const telephony = {
  routes: [{ name: 'listen', numbers: ['*'], session: { type: 'realtime', audio: { input } } }],
  sip: { listen: [`udp:127.0.0.1:${sipPort}`], trunks: [{ name: 'callers', addresses: ['127.0.0.1'] }] },
};
writeFileSync(join(own, 'telephony.json'), JSON.stringify(telephony));
const server = await ServerProcess.start({ engines: 'embedded', settings: { PARLEY_TELEPHONY: join(own, 'telephony.json') } });
const media = openPhoneMedia(
  { workers: 1, mostCalls: 10, portRange: undefined, publicAddress: undefined, interfaces: ['127.0.0.1'] },
  { clock: systemClock, log: silentLog },
);
const agent = await openSipAgent(
  { listen: [{ transport: 'udp', host: '127.0.0.1', port: 0 }], trunks: [], strangers: 'refuse' },
  { clock: systemClock, chance: { ids: randomIds, token: randomToken, integer: randomInteger }, log: silentLog },
  { onIncoming: (call) => call.reject(486) },
);
const parts: SipPhoneParts = { media, log: silentLog, how: () => ({ srtp: 'off', secureSignalling: false, codecs: ['PCMU'] }) };

async function callFrom(from: string): Promise<string> {
  const headers = { authorization: `Bearer ${server.key}` };
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/realtime/calls`, { headers });
  const { data } = (await answer.json()) as { data: { id: string; from: string }[] };
  const found = data.find((call) => call.from === from);
  if (!found) throw new Error(`The server has no call from ${from}.`);
  return found.id;
}

async function speak(call: PhoneCall, samples: Int16Array): Promise<void> {
  const startMs = systemClock.now();
  const size = (RATE_HZ * pieceMs) / 1000;
  for (let at = 0; at < samples.length; at += size) {
    call.play(toBytes(samples.subarray(at, at + size)));
    await sleep(systemClock, Math.max(0, startMs + ((at + size) * 1000) / RATE_HZ - systemClock.now()));
  }
}

async function hear({ pcm }: Recording, index: number): Promise<Heard> {
  const from = `+1555000${1000 + index}`;
  const target = { uri: `sip:+15550002@127.0.0.1:${sipPort}`, from: `sip:${from}@127.0.0.1` };
  const call = await placePhoneCall(agent, target, deaf, new AbortController().signal, parts);
  const hearing = await Hearing.beside(server, await callFrom(from));
  const quiet = (ms: number) => new Int16Array((RATE_HZ * ms) / 1000);
  await speak(call, concat([quiet(leadMs), resample(pcm, RATE_HZ).samples, quiet(tailMs)]));
  const heard = await hearing.finish();
  call.close();
  return heard;
}

try {
  const heard = await Promise.all(recordings.map(hear));
  const counted = recordings.map(({ words }, index) => leastWordErrors([words], readings(heard[index]?.text ?? '')));
  const [words, errors] = [counted.reduce((sum, each) => sum + each.words, 0), counted.reduce((sum, each) => sum + each.errors, 0)];
  const failures = heard.reduce((sum, each) => sum + each.failures, 0);
  const delaysMs = heard.flatMap((each) => each.delaysMs);
  const rows = recordings.map(({ name }, index) => [
    name,
    String(counted[index]?.words),
    String(counted[index]?.errors),
    heard[index]?.text ?? '',
  ]);
  console.log(table(['recording', 'words', 'wrong', 'heard'], rows));
  console.log(`\n${((errors / words) * 100).toFixed(1)} % of ${words} words wrong; ${failures} failures`);
  console.log(`end of turn to words: p50 ${percentile(delaysMs, 0.5).toFixed(0)} ms, p95 ${percentile(delaysMs, 0.95).toFixed(0)} ms`);
  if (errors > words * mostErrorShare) process.exitCode = 1;
} finally {
  await agent.close();
  await media.close();
  await server.stop();
  rmSync(own, { recursive: true, force: true });
}

function readings(text: string): string[] {
  return [text, numbersSpoken(text)];
}
