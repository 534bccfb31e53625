// What the media streams of telephone providers cost, and how late they are: paced streams in Twilio's dialect over real sockets, both ways, with
// callers in a process of their own. `node bench/media-streams.ts [streams] [seconds]`
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { randomIds, randomToken } from '../src/lib/ids.ts';
import { silentLog } from '../src/lib/log.ts';
import { LoopShares } from '../src/lib/loop-shares.ts';
import type { PhoneCall } from '../src/transports/calls/phone-call.ts';
import { OneCallTokens } from '../src/transports/media-streams/one-call-tokens.ts';
import { openStreamDoor } from '../src/transports/media-streams/stream-door.ts';
import { openDoor } from '../src/transports/websocket/door.ts';
import { SimulatedProvider } from '../test/transports/media-streams/simulators/provider.ts';
import { twilioWire } from '../test/transports/media-streams/simulators/wires.ts';
import { spread } from './statistics.ts';
import { table, title } from './table.ts';

const [firstArgument = '100', secondArgument = '20', callersOf] = process.argv.slice(2);
const streams = Number(firstArgument);
const seconds = Number(secondArgument);
const clearEveryMs = 1000;

/** The same in both processes. */
const wallMs = () => performance.timeOrigin + performance.now();

if (callersOf === undefined) await serve();
else await call(callersOf.split(' '));

/** What the callers' process tells when it is asked: how they fared. */
interface Fared {
  readonly clearedAtMs: number[];
  readonly errors: string[];
  readonly mostBufferedMs: number;
}

async function serve(): Promise<void> {
  const server = createServer();
  const shares = new LoopShares(systemClock);
  const tokens = new OneCallTokens<undefined>(systemClock, randomToken);
  const calls: PhoneCall[] = [];
  let heardMs = 0;
  const door = openStreamDoor<undefined>({
    clock: systemClock,
    log: silentLog,
    shares,
    tokens,
    carriers: ['twilio'],
    admit: () => Promise.resolve(undefined),
    onIncoming(incoming) {
      const answered = incoming.answer({
        onSound: (sound) => (heardMs += sound.length / 8),
        onOpen() {},
        onMessage() {},
        onPlayed() {},
        onTaken() {},
        onDigit() {},
        onEnd() {},
      });
      void answered.then((call) => calls.push(call));
    },
  });
  const sessions = openDoor({
    server,
    clock: systemClock,
    ids: randomIds,
    shares,
    admit: () => Promise.resolve({ outcome: 'unknown' }),
    full: () => undefined,
    enter() {},
    resume: () => ({ status: 404, code: 'session_not_found', message: '' }),
    beside: () => undefined,
    elsewhere: door.paths,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/realtime/twilio`;
  const issued = Array.from({ length: streams }, () => tokens.issue({ carrier: 'twilio', note: undefined }));
  const callers = fork(fileURLToPath(import.meta.url), [firstArgument, secondArgument, [url, ...issued].join(' ')]);
  while (calls.length < streams) await sleep(systemClock, 50);

  const second = new Uint8Array(8000).fill(0x20);
  const speaking = setInterval(() => {
    for (const each of calls) each.play(second);
  }, 1000);
  for (const each of calls) each.play(second);
  await sleep(systemClock, 1000);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const before = { cpu: process.cpuUsage(), atMs: performance.now(), heardMs };
  const clears: number[] = [];
  const clearing = setInterval(() => {
    // One call is interrupted in each second, in the middle of its sound.
    clears.push(wallMs());
    calls[0]?.clear();
  }, clearEveryMs);
  await sleep(systemClock, seconds * 1000);
  const cpu = process.cpuUsage(before.cpu);
  const tookMs = performance.now() - before.atMs;
  const heard = (heardMs - before.heardMs) / streams / tookMs;
  loop.disable();
  clearInterval(clearing);
  clearInterval(speaking);
  callers.send('tell');
  const [fared] = (await once(callers, 'message')) as [Fared];
  const lateMs = spread(
    clears.slice(0, fared.clearedAtMs.length).map((sentMs, index) => (fared.clearedAtMs[index] ?? Number.NaN) - sentMs),
  );
  const share = (cpu.user + cpu.system) / 1000 / tookMs;

  const ms = (value: number) => `${value.toFixed(2)} ms`;
  console.log(title(`${streams} media streams for ${seconds} s`));
  console.log(
    table(
      ['what', 'figure'],
      [
        ['processor', `${(share * 100).toFixed(1)} % of a core, ${((share / streams) * 100).toFixed(3)} % for each stream`],
        ['resident memory', `${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`],
        [
          'main loop, late by',
          `${ms(loop.percentile(50) / 1e6)} (p50), ${ms(loop.percentile(99) / 1e6)} (p99), ${ms(loop.max / 1e6)} (most)`,
        ],
        ['sound heard of real time', `${(heard * 100).toFixed(2)} %`],
        ['sound waiting at the provider, at most', ms(fared.mostBufferedMs)],
        ['from `clear()` to the provider', `${ms(lateMs.p50)} (p50), ${ms(lateMs.p99)} (p99) of ${lateMs.count}`],
        ['frames that a provider would refuse', String(fared.errors.length)],
      ],
    ),
  );
  callers.kill();
  door.close();
  sessions.close();
  server.closeAllConnections();
  server.close();
  process.exit(fared.errors.length > 0 ? 1 : 0);
}

async function call([url = '', ...issued]: string[]): Promise<void> {
  const clearedAtMs: number[] = [];
  const providers = await Promise.all(
    issued.map(async (token) => {
      const socket = new WebSocket(url, { perMessageDeflate: false });
      const provider = new SimulatedProvider(systemClock, twilioWire(), (frame) => 'text' in frame && socket.send(frame.text));
      socket.on('message', (data) => {
        const text = (data as Buffer).toString('latin1');
        if (text.startsWith('{"event":"clear"')) clearedAtMs.push(wallMs());
        provider.receive({ text });
      });
      await once(socket, 'open');
      provider.open(token);
      return provider;
    }),
  );
  process.on('message', () => {
    process.send?.({
      clearedAtMs,
      errors: providers.flatMap(({ errors }) => errors),
      mostBufferedMs: Math.max(...providers.map(({ mostBufferedMs }) => mostBufferedMs)),
    } satisfies Fared);
  });
}
