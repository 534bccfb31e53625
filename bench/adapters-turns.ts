// What a session does with an adapter in one turn, as the pipeline does it: frames of sound as they are spoken, clauses as a model writes them.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { earTable } from '../src/engines/cloud/ears/rows.ts';
import { createOpenAiChat } from '../src/engines/cloud/openai-chat.ts';
import { voiceRows } from '../src/engines/cloud/voices/rows.ts';
import { noModels } from '../src/engines/engine.ts';
import { Channel } from '../src/lib/channel.ts';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import type { Prompt } from '../src/protocol/prompt.ts';
import { Utterance } from '../test/pipeline/tones.ts';
import type { Turn, TurnTimes } from './adapters-sessions.ts';
import { turnIn } from './adapters-stamps.ts';

/** An adapter that is ready, and what each session does with it in a turn. */
export interface OpenAdapter {
  readonly turn: Turn;
  close(): Promise<void>;
}

export interface Adapter {
  readonly kind: 'ears' | 'voices' | 'chat' | 'nothing';
  readonly name: string;
  /** The one of adapters-fakes.ts that it talks to. */
  readonly fake: string;
  /** Its server is one of this machine, to which a handshake takes no time: no connection is kept to spare. */
  readonly isLocal?: true;
  /** How often each session has a turn. */
  readonly everyMs: number;
  open(url: string): Promise<OpenAdapter>;
}

const key = 'sk-of-the-bench';
const rateHz = 16_000;
const frameSamples = rateHz / 50;
const environment = { dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels };

const alphabet = new Utterance([{ atMs: 0, words: 14 }]);
/** Three words, one every 400 ms, and the pause of 200 ms after which they are asked for. */
function utterance(number: number): { readonly text: string; readonly samples: Int16Array } {
  const digits = [number % 14, Math.floor(number / 14) % 14, Math.floor(number / 196) % 14];
  const words = digits.flatMap((digit) => alphabet.words[digit] ?? []);
  const samples = new Int16Array(1.06 * rateHz);
  for (const [index, { atMs }] of words.entries()) samples.set(alphabet.sound(atMs, atMs + 60, rateHz), index * 0.4 * rateHz);
  return { text: words.map(({ text }) => text).join(' '), samples };
}

function ear(prefix: string, model?: string): Adapter {
  const name = `${prefix}${model === undefined ? '' : ` ${model.split('-', 1)[0]}`}`;
  return {
    kind: 'ears',
    name,
    fake: `ears ${name}`,
    everyMs: 3000,
    async open(baseUrl) {
      const row = earTable.find((each) => each.prefix === prefix);
      if (!row) throw new Error(`There is no row '${prefix}'.`);
      const info = { id: prefix, kind: 'stt', name: row.name, licence: '', languages: row.languages } as const;
      const stt = row.create(info, { baseUrl, apiKey: key, defaultModel: model ?? row.defaultModel }, environment);
      const turn = async (_: number, number: number): Promise<TurnTimes> => {
        const { text, samples } = utterance(number);
        const recognition = stt.open({ model: model ?? row.defaultModel, vocabulary: [] }, () => {});
        const beginMs = systemClock.now();
        for (let at = 0; at < samples.length; at += frameSamples) {
          await sleep(systemClock, beginMs + (at * 1000) / rateHz - systemClock.now());
          recognition.hear(samples.subarray(at, at + frameSamples));
        }
        const askedMs = systemClock.now();
        const heard = await recognition.words('final');
        const partMs = systemClock.now();
        recognition.close();
        if (heard.text !== text) throw new Error(`${name} heard '${heard.text}', not '${text}'.`);
        return { turn: text, askedMs, partMs };
      };
      return { turn, close: () => stt.close() };
    },
  };
}

function voice(prefix: string, fake = 'voices openai'): Adapter {
  const row = voiceRows.find((each) => each.prefix === prefix);
  if (!row) throw new Error(`There is no row '${prefix}'.`);
  return {
    kind: 'voices',
    name: prefix,
    fake,
    ...(row.local ? { isLocal: true } : {}),
    everyMs: 3000,
    async open(baseUrl) {
      const { name, create, defaultModel = row.models[0] ?? 'tts-1' } = row;
      const access = { id: prefix, name, baseUrl, apiKey: key, defaultModel, firstSoundMs: 5000, clock: systemClock, log: silentLog };
      const tts = create(access);
      await tts.warmUp(new AbortController().signal);
      const turn = async (_: number, number: number): Promise<TurnTimes> => {
        const clauses = new Channel<string>(16);
        const askedMs = systemClock.now();
        clauses.push(`This is turn ${number} of them all. `);
        void (async () => {
          for (const clause of ['A second clause comes a little later. ', 'And a third one ends it.']) {
            await sleep(systemClock, 250);
            clauses.push(clause);
          }
          clauses.close();
        })();
        let partMs: number | undefined;
        const options = { model: defaultModel, voice: tts.voices()[0]?.id ?? '', speed: 1 };
        for await (const { pcm } of tts.speak(clauses, options, new AbortController().signal)) {
          if (pcm.samples.length > 0) partMs ??= systemClock.now();
        }
        if (partMs === undefined) throw new Error(`${prefix} said nothing.`);
        return { turn: String(number), askedMs, partMs };
      };
      return { turn, close: () => tts.close() };
    },
  };
}

const chat: Adapter = {
  kind: 'chat',
  name: 'chat completions',
  fake: 'chat',
  everyMs: 3000,
  async open(baseUrl) {
    const options = {
      id: 'chat',
      name: 'Chat',
      baseUrl,
      apiKey: key,
      firstTokenMs: 5000,
      keepWarm: true,
      clock: systemClock,
      log: silentLog,
    };
    const llm = createOpenAiChat(options);
    await llm.warmUp(new AbortController().signal);
    const turn = async (_: number, number: number): Promise<TurnTimes> => {
      const prompt: Prompt = {
        instructions: 'Be brief.',
        turns: [{ role: 'user', parts: [{ type: 'text', text: `This is turn ${number} of them all.` }] }],
        tools: [],
        toolChoice: 'auto',
      };
      const askedMs = systemClock.now();
      let partMs: number | undefined;
      for await (const part of llm.respond(prompt, { model: 'small' }, new AbortController().signal)) {
        if (part.type === 'text') partMs ??= systemClock.now();
      }
      if (partMs === undefined) throw new Error('The model said nothing.');
      return { turn: String(number), askedMs, partMs };
    };
    return { turn, close: () => llm.close() };
  },
};

/** A line over TCP and back, by the same measure: what the machine and the two processes add by themselves. */
const nothing: Adapter = {
  kind: 'nothing',
  name: 'no adapter: a line over TCP and back',
  fake: 'echo',
  everyMs: 3000,
  async open(url) {
    const sockets = new Map<number, Socket>();
    const { port } = new URL(url);
    const turn = async (session: number, number: number): Promise<TurnTimes> => {
      const socket = sockets.get(session) ?? connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
      if (!sockets.has(session)) await once(socket, 'connect');
      sockets.set(session, socket);
      const askedMs = systemClock.now();
      socket.write(`turn ${number} of them all`);
      const [data] = (await once(socket, 'data')) as [Buffer];
      const partMs = systemClock.now();
      return { turn: turnIn(data.toString()) ?? '', askedMs, partMs };
    };
    return {
      turn,
      async close() {
        for (const socket of sockets.values()) socket.destroy();
      },
    };
  },
};

export const adapters: readonly Adapter[] = [
  nothing,
  ear('openai'),
  ear('deepgram'),
  ear('deepgram', 'flux-general-en'),
  ear('assemblyai'),
  ear('inworld'),
  ear('soniox'),
  ear('cartesia'),
  voice('openai'),
  voice('inworld', 'voices inworld'),
  voice('elevenlabs', 'voices elevenlabs'),
  voice('cartesia', 'voices cartesia'),
  voice('deepgram', 'voices deepgram'),
  voice('groq'),
  voice('kokoro-fastapi'),
  voice('speaches'),
  voice('localai'),
  chat,
];
