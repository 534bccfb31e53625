// The main job, done once at the start: a question is spoken, heard through a real session, answered and spoken again.
import { WebSocket } from 'ws';
import type { ParleyServer } from '../assemble.ts';
import { type Clock, sleep, systemClock } from '../lib/clock.ts';
import { concat, toBytes } from '../media/pcm.ts';
import { resample } from '../media/resample.ts';
import { isRecord } from '../protocol/json.ts';

const question = 'What time is it?';
const expected = /in the (?:morning|afternoon|evening)|noon|midnight/i;
const voice = 'Olivia';
/** Sound is sent faster than it is spoken: turns are measured in the time of the audio, so nothing changes but the wait. */
const pace = 4;
const frameMs = 20;
const leadInMs = 400;
const rateHz = 24_000;
const patienceMs = 20_000;

/** What was seen of one session, in milliseconds of the clock. */
interface Seen {
  transcript?: { text: string; atMs: number };
  firstTextAtMs?: number;
  firstAudioAtMs?: number;
  audioMs: number;
  answer: string;
  failure?: string;
}

/** Runs the check and prints its table. Gives whether it passed; a failure is told, not thrown. */
export async function selfCheck(server: ParleyServer, say: (line: string) => void, ca: string | undefined): Promise<boolean> {
  const clock = systemClock;
  try {
    const startedAt = clock.now();
    const speech = await speakQuestion(server);
    const spokenMs = clock.now() - startedAt;
    const { seen, speechEndMs } = await ask(server, speech, clock, ca);
    const passed = seen.failure === undefined && seen.audioMs > 0 && expectedAnswer(server, seen.answer);
    report(server, say, { spokenMs, seen, speechEndMs, passed });
    return passed;
  } catch (error) {
    say(`Self-check failed: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/** The embedded assistant must tell the time; what a model of somebody else's says is not ours to judge. */
function expectedAnswer(server: ParleyServer, answer: string): boolean {
  return server.router.llm(server.defaultModel).engine.info.id === 'offline' ? expected.test(answer) : answer !== '';
}

async function speakQuestion(server: ParleyServer): Promise<Int16Array> {
  const { engine, ...choice } = server.router.tts('', voice);
  // A microphone is open before the speaker speaks.
  const pieces: Int16Array[] = [new Int16Array((rateHz * leadInMs) / 1000)];
  for await (const { pcm } of engine.speak(once(question), { ...choice, speed: 1 }, AbortSignal.timeout(patienceMs))) {
    pieces.push(resample(pcm, rateHz).samples);
  }
  return concat(pieces);
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

async function ask(
  server: ParleyServer,
  speech: Int16Array,
  clock: Clock,
  ca: string | undefined,
): Promise<{ seen: Seen; speechEndMs: number }> {
  const url = `${server.address.replace(/^http/, 'ws')}/v1/realtime?model=${encodeURIComponent(server.defaultModel)}`;
  const socket = new WebSocket(url, {
    headers: { Authorization: `Bearer ${server.keys[0] ?? ''}` },
    // The certificate is the operator's own; its name need not be that of this address.
    ...(ca === undefined ? {} : { ca, checkServerIdentity: () => undefined }),
  });
  const seen: Seen = { audioMs: 0, answer: '' };
  const finished = Promise.withResolvers<void>();
  socket.on('error', (error) => finished.reject(error));
  socket.on('close', () => finished.resolve());
  socket.on('message', (data: Buffer) => {
    const event: unknown = JSON.parse(data.toString('utf8'));
    if (isRecord(event) && note(seen, event, clock.now())) finished.resolve();
  });
  const timer = clock.after(patienceMs, () => finished.reject(new Error(`no answer within ${patienceMs / 1000} s`)));
  try {
    await Promise.race([new Promise((resolve) => socket.once('open', resolve)), finished.promise]);
    socket.send(JSON.stringify({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription: {} } } } }));
    const speechEndMs = await stream(socket, speech, clock, finished.promise);
    await finished.promise;
    return { seen, speechEndMs };
  } finally {
    timer.cancel();
    socket.close(1000);
  }
}

/** Sends the question and then silence, as a microphone would, until the answer has come. Gives when the last of the question left. */
async function stream(socket: WebSocket, speech: Int16Array, clock: Clock, finished: Promise<void>): Promise<number> {
  const state = { over: false };
  const stop = () => {
    state.over = true;
  };
  finished.then(stop, stop);
  const frame = (rateHz * frameMs) / 1000;
  const silence = new Int16Array(frame);
  const startedAt = clock.now();
  let speechEndMs = startedAt;
  for (let index = 0; !state.over; index++) {
    const samples = index * frame < speech.length ? speech.subarray(index * frame, (index + 1) * frame) : silence;
    socket.send(JSON.stringify({ type: 'input_audio_buffer.append', audio: Buffer.from(toBytes(samples)).toString('base64') }));
    if (samples !== silence) speechEndMs = clock.now();
    await sleep(clock, startedAt + ((index + 1) * frameMs) / pace - clock.now());
  }
  return speechEndMs;
}

/** Notes what an event tells; true when the answer is over. */
function note(seen: Seen, event: Record<string, unknown>, nowMs: number): boolean {
  switch (event.type) {
    case 'conversation.item.input_audio_transcription.completed':
      seen.transcript = { text: String(event.transcript), atMs: nowMs };
      return false;
    case 'conversation.item.input_audio_transcription.failed':
    case 'error':
      seen.failure = isRecord(event.error) ? String(event.error.message) : 'the server reported an error';
      return true;
    case 'response.output_audio_transcript.delta':
      seen.firstTextAtMs ??= nowMs;
      seen.answer += String(event.delta);
      return false;
    case 'response.output_audio.delta':
      seen.firstAudioAtMs ??= nowMs;
      seen.audioMs += (Buffer.byteLength(String(event.delta), 'base64') / 2 / rateHz) * 1000;
      return false;
    case 'response.done':
      return true;
    default:
      return false;
  }
}

function report(
  server: ParleyServer,
  say: (line: string) => void,
  result: { spokenMs: number; seen: Seen; speechEndMs: number; passed: boolean },
): void {
  const { seen, speechEndMs, spokenMs, passed } = result;
  const { router } = server;
  const after = (atMs: number | undefined, fromMs: number) => (atMs === undefined ? '-' : `${Math.max(0, Math.round(atMs - fromMs))} ms`);
  const heardAt = seen.transcript?.atMs ?? speechEndMs;
  const rows: [string, string, string][] = [
    ['stage', 'engine', 'time'],
    ['question spoken', router.tts('', voice).engine.info.name, `${Math.round(spokenMs)} ms`],
    ['turn ended', router.vad.info.name, `500 ms of silence, streamed at ${pace}x`],
    ['words recognised', router.stt('').engine.info.name, `${after(seen.transcript?.atMs, speechEndMs)} after the last sound`],
    ['first words of the answer', router.llm(server.defaultModel).engine.info.name, after(seen.firstTextAtMs, heardAt)],
    ['first sound of the answer', router.tts('', voice).engine.info.name, after(seen.firstAudioAtMs, seen.firstTextAtMs ?? heardAt)],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  say(
    `\nSelf-check ${passed ? 'passed' : 'FAILED'}: asked "${question}", heard "${seen.transcript?.text ?? ''}", answered "${seen.answer.trim()}"`,
  );
  if (seen.failure !== undefined) say(`  ${seen.failure}`);
  for (const [stage, engine, time] of rows) say(`  ${stage.padEnd(widths[0] ?? 0)}  ${engine.padEnd(widths[1] ?? 0)}  ${time}`);
}
