// The services that the adapters are measured against, in a process of their own: the fakes of the tests, which answer so long after they were asked, and
// note both instants. Started by adapters-far-side.ts; one of them listens at a time.
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { systemClock } from '../src/lib/clock.ts';
import { FakeChatServer, finishChunk, textChunk } from '../test/contract/fake-chat-server.ts';
import { FakeCartesia } from '../test/contract/voices/cartesia.ts';
import { FakeDeepgram } from '../test/contract/voices/deepgram.ts';
import { FakeElevenLabs } from '../test/contract/voices/elevenlabs.ts';
import type { FakeService as FakeVoices } from '../test/contract/voices/fake-service.ts';
import { FakeInworld } from '../test/contract/voices/inworld.ts';
import { FakeOpenAi } from '../test/contract/voices/openai.ts';
import { FakeService as FakeEars, type Speaks } from '../test/engines/cloud/ears/fake-service.ts';
import { FakeTranscriptions, openAiEvents } from '../test/engines/cloud/ears/fake-transcriptions.ts';
import { assemblyAi, cartesia, deepgram, deepgramFlux, inworld, soniox } from '../test/engines/cloud/ears/fakes.ts';
import { FAKE_MS, type FromFakes, shared, type Stamp, type ToFakes, turnIn } from './adapters-stamps.ts';

interface Fake {
  readonly url: string;
  close(): Promise<void>;
}

let stamps: Stamp[] = [];

/** Gives the answer when its time has come. What is nobody's first answer is not noted. */
function answer(turn: string | undefined, connectedMs: number, askedMs: number, give: () => void): void {
  setTimeout(() => {
    const answeredMs = shared(systemClock.now());
    if (turn !== undefined) stamps.push({ turn, connectedMs: shared(connectedMs), askedMs: shared(askedMs), answeredMs });
    give();
  }, FAKE_MS);
}

const finishes = /[Ff]inalize|ForceEnd|endTurn/;

/** A service whose words come so long after it was told to finish. The first three of them tell which utterance it was. */
function slow(speaks: Speaks): Speaks {
  return (connection) => {
    const protocol = speaks(connection);
    const text = (message: string) => {
      if (!finishes.test(message)) {
        protocol.text(message);
        return;
      }
      const askedMs = systemClock.now();
      const words = connection.ear.words.map((word) => word.text);
      answer(words.slice(0, 3).join(' '), connection.sinceMs, askedMs, () => protocol.text(message));
    };
    return { ...protocol, text };
  };
}

async function ears(speaks: Speaks): Promise<Fake> {
  const fake = new FakeEars(slow(speaks));
  await fake.listen();
  return { url: fake.baseUrl, close: () => fake.close() };
}

async function transcriptions(): Promise<Fake> {
  const fake = new FakeTranscriptions();
  fake.answers = (response, request) => {
    const words = request.words.map((word) => word.text);
    answer(words.slice(0, 3).join(' '), request.connectedMs, request.receivedMs, () => openAiEvents(response, request));
  };
  await fake.listen();
  return { url: `${fake.origin}/v1`, close: () => fake.close() };
}

async function voices(fake: FakeVoices, path = ''): Promise<Fake> {
  fake.fault = 'silent';
  fake.hold = (say, text = '') => answer(turnIn(text), fake.connectedMs, systemClock.now(), say);
  await fake.listen();
  return { url: `${fake.url}${path}`, close: () => fake.close() };
}

/** Twenty tokens at the pace of a model. */
async function chat(): Promise<Fake> {
  const fake = new FakeChatServer();
  fake.script = ({ messages }, response, request) => {
    const last = messages.at(-1)?.content;
    answer(turnIn(typeof last === 'string' ? last : ''), fake.connectedMs(request), systemClock.now(), () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let left = 20;
      const token = () => {
        response.write(`data: ${JSON.stringify(left > 0 ? textChunk('word ') : finishChunk('stop'))}\n\n`);
        left -= 1;
        if (left >= 0) setTimeout(token, 25);
        else response.end('data: [DONE]\n\n');
      };
      token();
    });
  };
  const url = await fake.listen();
  return { url, close: () => fake.close() };
}

/** No service at all: a line over TCP and the same line back. What it adds is not the adapters'. */
async function echo(): Promise<Fake> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    const connectedMs = systemClock.now();
    sockets.add(socket);
    socket.on('data', (data) => answer(turnIn(data.toString()), connectedMs, systemClock.now(), () => void socket.write(data)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

const fakes: Readonly<Record<string, () => Promise<Fake>>> = {
  echo,
  chat,
  'ears openai': transcriptions,
  'ears deepgram': () => ears(deepgram),
  'ears deepgram flux': () => ears(deepgramFlux),
  'ears assemblyai': () => ears(assemblyAi),
  'ears inworld': () => ears(inworld),
  'ears soniox': () => ears(soniox),
  'ears cartesia': () => ears(cartesia),
  'voices openai': () => voices(new FakeOpenAi(), '/v1'),
  'voices inworld': () => voices(new FakeInworld()),
  'voices elevenlabs': () => voices(new FakeElevenLabs()),
  'voices cartesia': () => voices(new FakeCartesia()),
  'voices deepgram': () => voices(new FakeDeepgram()),
};

let listening: Fake | undefined;

async function listen(name: string): Promise<FromFakes> {
  await listening?.close();
  stamps = [];
  listening = await fakes[name]?.();
  if (!listening) throw new Error(`There is no fake '${name}'.`);
  return { url: listening.url };
}

process.on('message', (message: ToFakes) => {
  if ('tell' in message) {
    process.send?.({ stamps } satisfies FromFakes);
    stamps = [];
  } else void listen(message.listen).then((answered) => process.send?.(answered));
});
process.on('disconnect', () => process.exit(0));
