// Vercel's AI SDK and its OpenAI provider, unmodified: the browser's session with a token of the application's own route, and the server's
// side of the same: a spoken turn, an interruption and a function call. Only the browser's loudspeaker is ours.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { createOpenAI } from '@ai-sdk/openai';
import {
  Experimental_AbstractRealtimeSession as AbstractRealtimeSession,
  type Experimental_RealtimeServerEvent as RealtimeServerEvent,
  type Experimental_RealtimeSessionConfig as SessionConfig,
  type Experimental_RealtimeSessionOptions as SessionOptions,
  type Experimental_RealtimeState as State,
} from 'ai';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket as HeaderSocket } from 'ws';
import { EventLog, field } from '../e2e/support/events.ts';
import { apiKey, type RunningServer, startServer, trust } from '../e2e/support/server.ts';
import { Speaker } from '../e2e/support/speaker.ts';
import { base64, Microphone, overlap, rateHz, say, understand, wordsOf } from '../e2e/support/speech.ts';
import { testTypes } from '../e2e/support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

const modelId = 'gpt-realtime';
let running: RunningServer;
let application: Server;
let speaker: Speaker;
const leave: (() => void)[] = [];

const provider = () => createOpenAI({ apiKey, baseURL: `${running.http}/v1` });

beforeAll(async () => {
  running = await startServer({ engines: 'real', tls: true });
  trust(running.certificate);
  // The route an application has for its pages: it alone knows the key.
  application = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { sessionConfig } = JSON.parse(Buffer.concat(pieces).toString('utf8')) as { sessionConfig: SessionConfig };
      const grant = provider().experimental_realtime.getToken({ model: modelId, sessionConfig, expiresAfterSeconds: 60 });
      grant.then(
        (setup) => response.end(JSON.stringify(setup)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  for (const task of leave.splice(0)) task();
  speaker.remove();
});

afterAll(async () => {
  application.close();
  await running.close();
});

class Session extends AbstractRealtimeSession {
  protected override setState<K extends keyof State>(key: K, value: State[K]): void {
    this.state = { ...this.state, [key]: value };
  }
  get shown(): State {
    return this.state;
  }
}

interface Page {
  readonly session: Session;
  readonly log: EventLog;
  /** What the package made of the events. */
  readonly parsed: RealtimeServerEvent[];
  readonly errors: Error[];
}

async function open(sessionConfig: SessionOptions['sessionConfig'], onToolCall?: SessionOptions['onToolCall']): Promise<Page> {
  speaker = new Speaker();
  const log = new EventLog();
  const parsed: RealtimeServerEvent[] = [];
  const errors: Error[] = [];
  const session = new Session({
    model: provider().experimental_realtime(modelId),
    api: { token: `http://127.0.0.1:${(application.address() as AddressInfo).port}/token` },
    sessionConfig: sessionConfig ?? {},
    ...(onToolCall ? { onToolCall } : {}),
    onEvent: (event) => {
      parsed.push(event);
      log.add((event as { raw: unknown }).raw);
    },
    onError: (error) => errors.push(error),
  });
  leave.push(() => session.dispose());
  await session.connect();
  await log.wait('session.updated');
  return { session, log, parsed, errors };
}

function microphone({ session }: Page): Microphone {
  const mic = new Microphone((frame) => session.sendAudio(base64(frame)));
  leave.push(() => mic.stop());
  return mic;
}

/** The words of all messages of one side, as the package shows them. */
function said({ session }: Page, role: 'user' | 'assistant'): string {
  const parts = session.shown.messages.filter((message) => message.role === role).flatMap((message) => message.parts);
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
}

test('a written question is answered in words and sound, by a session that its token knew already', async () => {
  const page = await open({ instructions: 'Be friendly.', voice: 'marin', turnDetection: { type: 'server-vad', silenceDurationMs: 400 } });
  const { session, log, parsed, errors } = page;
  expect(field(log.all[0] ?? { type: '' }, 'session')).toMatchObject({
    instructions: 'Be friendly.',
    audio: { input: { turn_detection: { type: 'server_vad', silence_duration_ms: 400 } }, output: { voice: 'marin' } },
  });
  session.sendTextMessage('Can you hear me?');
  await log.wait('response.done');
  const { transcript } = await log.wait('response.output_audio_transcript.done');
  await vi.waitFor(() => expect(said(page, 'assistant')).toContain(String(transcript)));
  expect(overlap(String(transcript), await understand(running.server, speaker.samples))).toBeGreaterThanOrEqual(0.7);
  expect(parsed.find(({ type }) => type === 'response-done')).toMatchObject({ status: 'completed', usage: expect.any(Object) as object });
  expect(session.shown.status).toBe('connected');
  expect(errors).toEqual([]);
});

test('a spoken question is in its messages, and answered', async () => {
  const page = await open({ inputAudioTranscription: { model: 'whisper-1' }, turnDetection: { type: 'server-vad' } });
  const { log, errors } = page;
  await microphone(page).speak(await say(running.server, 'Can you hear me?'));
  await log.wait('response.done');
  await vi.waitFor(() => expect(overlap('can you hear me', said(page, 'user'))).toBeGreaterThanOrEqual(0.75));
  expect(said(page, 'assistant')).toMatch(/hear you/i);
  expect(errors).toEqual([]);
});

test('speech silences a long answer, which the page truncates to what its loudspeaker had played, and is answered', async () => {
  const page = await open({ inputAudioTranscription: { model: 'whisper-1' }, turnDetection: { type: 'server-vad' } });
  const { session, log, errors } = page;
  const objection = await say(running.server, 'Please stop now.');
  const mic = microphone(page);
  session.sendTextMessage('Count from one thousand to two thousand.');
  const answer = await log.wait('response.output_audio.delta');
  // Some of it is heard first.
  await pass(1500);
  void mic.speak(objection);
  const truncated = await log.wait('conversation.item.truncated');
  const played = speaker.samples;
  expect(session.shown.isPlaying).toBe(false);
  expect(truncated['item_id']).toBe(answer['item_id']);
  expect(Math.abs(Number(truncated['audio_end_ms']) - (played.length / rateHz) * 1000)).toBeLessThan(100);
  expect(wordsOf(await understand(running.server, played))).toContain('thousand');

  const cut = await log.wait('response.done');
  expect(field(cut, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.status') === 'completed');
  await vi.waitFor(() => expect(session.shown.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']));
  expect(overlap('please stop now', said(page, 'user'))).toBe(1);
  // After the words that were heard comes the answer to the objection, which is played whole.
  const [made = '', next = ''] = log.of('response.output_audio_transcript.done').map(({ transcript }) => String(transcript));
  expect(said(page, 'assistant')).toBe(`${made} ${next}`);
  expect(wordsOf(made)).toEqual(expect.arrayContaining(['one', 'thousand']));
  expect(wordsOf(made).length).toBeLessThan(60);
  expect(overlap(next, await understand(running.server, speaker.samples.subarray(played.length)))).toBeGreaterThanOrEqual(0.7);
  expect(errors).toEqual([]);
});

test("the page's function is called once, and its result is spoken", async () => {
  const asked: unknown[] = [];
  const weather = {
    type: 'function' as const,
    name: 'get_weather',
    description: 'Fetch the weather for a location',
    parameters: { type: 'object' as const, properties: { location: { type: 'string' as const } }, required: ['location'] },
  };
  const page = await open({ tools: [weather] }, ({ toolCall }) => {
    asked.push([toolCall.toolName, toolCall.args]);
    return { condition: 'rainy' };
  });
  const { session, log, errors } = page;
  session.sendTextMessage('What is the weather in Paris?');
  const spoken = await log.wait('response.output_audio_transcript.done');
  expect(String(spoken['transcript'])).toMatch(/rain/i);
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.output.0.type') === 'message');
  expect(asked).toEqual([['get_weather', { location: 'Paris' }]]);
  expect(log.of('response.created')).toHaveLength(2);
  expect(errors).toEqual([]);
});

test("the server's side of it dictates: its address, its headers, its words for the wire", async () => {
  speaker = new Speaker();
  const model = provider().experimental_realtime('whisper-1', { api: 'realtime' });
  const { url, headers } = (await model.getServerWebSocketConfig?.({ intent: 'transcription' })) ?? { url: '' };
  expect(url).toBe(`${running.ws}/v1/realtime?intent=transcription`);
  const socket = new HeaderSocket(url, { headers: headers ?? {} });
  leave.push(() => socket.terminate());
  const log = new EventLog();
  const parsed: RealtimeServerEvent[] = [];
  socket.on('message', (data) => {
    const raw = JSON.parse((data as Buffer).toString('utf8')) as unknown;
    log.add(raw);
    parsed.push(...[model.parseServerEvent(raw)].flat());
  });
  await log.wait('session.created');
  const send = async (event: Parameters<typeof model.serializeClientEvent>[0]) =>
    socket.send(JSON.stringify(await model.serializeClientEvent(event, { intent: 'transcription' })));
  await send({ type: 'session-update', config: { inputAudioTranscription: { language: 'en' }, turnDetection: { type: 'server-vad' } } });
  await log.wait('session.updated');
  const mic = new Microphone((frame) => void send({ type: 'input-audio-append', audio: base64(frame) }));
  leave.push(() => mic.stop());
  await mic.speak(await say(running.server, 'Can you hear me?'));
  await log.wait('conversation.item.input_audio_transcription.completed');
  const heard = parsed.find((event) => event.type === 'input-transcription-completed');
  expect(overlap('can you hear me', heard?.transcript ?? '')).toBeGreaterThanOrEqual(0.75);
  expect(log.of('error')).toEqual([]);
});

testTypes();
