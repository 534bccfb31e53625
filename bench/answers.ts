// (e) how soon a spoken question is answered by the engines that come with the server, and how soon an answer stops for somebody who speaks.
import { sleep, systemClock } from '../src/lib/clock.ts';
import { concat, toBytes } from '../src/media/pcm.ts';
import { FRAME_MS, textFrame } from './frames.ts';
import type { ServerProcess } from './server.ts';
import { FRAME_SAMPLES, RATE_HZ, speak, trim } from './speech.ts';
import { type Spread, spread } from './statistics.ts';
import { Wire } from './wire.ts';

export interface AnswersResult {
  /** End of speech to first audio, silence of 500 ms included. */
  readonly answerMs: Spread;
  readonly unanswered: number;
  /** First sound of speech over an answer to `speech_started`, at which a client falls silent. */
  readonly bargeInMs: Spread;
  readonly missedBargeIns: number;
  readonly transcripts: readonly { words: string; heard: string }[];
}

const questions: readonly { text: string; voice: string }[] = [
  { text: 'What time is it?', voice: 'Olivia' },
  { text: 'What is two plus three?', voice: 'Dennis' },
  { text: 'What day is it today?', voice: 'Ashley' },
  { text: 'How many days are there in a week?', voice: 'Elizabeth' },
  { text: 'Can you tell me who you are?', voice: 'Ronald' },
  { text: 'What is seven times eight?', voice: 'Sarah' },
  { text: 'Please count from one to five.', voice: 'Olivia' },
  { text: 'What can you do for me?', voice: 'Dennis' },
  { text: 'My favorite color is green.', voice: 'Deborah' },
  { text: 'Tell me a story about a dog.', voice: 'Theodore' },
];
const patienceMs = 12_000;
/** Answers that last: these are talked over. */
const longAsked = 'Please count from one to thirty.';
const bargeAfterMs = 700;

export async function measureAnswers(server: ServerProcess, most: number): Promise<AnswersResult> {
  const asked = questions.slice(0, most);
  const spoken = (await speak(asked)).map(trim);
  const answers: number[] = [];
  const transcripts: { words: string; heard: string }[] = [];
  for (const [index, samples] of spoken.entries()) {
    const { answerMs, heard } = await ask(server, samples);
    if (answerMs !== undefined) answers.push(answerMs);
    transcripts.push({ words: asked[index]?.text ?? '', heard });
  }
  const bargeIns: number[] = [];
  for (const samples of spoken) {
    const bargeInMs = await interrupt(server, samples);
    if (bargeInMs !== undefined) bargeIns.push(bargeInMs);
  }
  return {
    answerMs: spread(answers),
    unanswered: spoken.length - answers.length,
    bargeInMs: spread(bargeIns),
    missedBargeIns: spoken.length - bargeIns.length,
    transcripts,
  };
}

/** One question in a session of its own, at the pace of speech. */
async function ask(server: ServerProcess, samples: Int16Array): Promise<{ answerMs: number | undefined; heard: string }> {
  const seen = new Seen();
  const wire = await Wire.open(server.port, server.key, (payload) => seen.take(payload));
  wire.send(setup());
  const endMs = await say(wire, samples, () => seen.done);
  wire.close();
  return { answerMs: seen.firstAudioMs === undefined ? undefined : seen.firstAudioMs - endMs, heard: seen.transcript ?? '' };
}

/** Undefined when the server did not notice. */
async function interrupt(server: ServerProcess, samples: Int16Array): Promise<number | undefined> {
  const seen = new Seen();
  const wire = await Wire.open(server.port, server.key, (payload) => seen.take(payload));
  wire.send(setup());
  const content = [{ type: 'input_text', text: longAsked }];
  wire.send(textFrame(JSON.stringify({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } })));
  wire.send(textFrame('{"type":"response.create"}'));
  const untilMs = systemClock.now() + patienceMs;
  while (seen.firstAudioMs === undefined && systemClock.now() < untilMs) await sleep(systemClock, 10);
  await sleep(systemClock, bargeAfterMs);
  const startMs = systemClock.now();
  await say(wire, samples, () => seen.startedMs !== undefined && systemClock.now() > startMs + leadMs + 500);
  wire.close();
  return seen.startedMs === undefined ? undefined : seen.startedMs - (startMs + leadMs);
}

const leadMs = 250;

/** Speaks and then keeps silent, until it is `over`. Gives when the last of the speech was spoken. */
async function say(wire: Wire, samples: Int16Array, over: () => boolean): Promise<number> {
  const lead = new Int16Array((RATE_HZ * leadMs) / 1000);
  const sound = concat([lead, samples, new Int16Array(FRAME_SAMPLES - ((lead.length + samples.length) % FRAME_SAMPLES))]);
  const startMs = systemClock.now();
  const endMs = startMs + ((lead.length + samples.length) * 1000) / RATE_HZ;
  for (let frame = 0; !over() && systemClock.now() < endMs + patienceMs; frame++) {
    await sleep(systemClock, startMs + (frame + 1) * FRAME_MS - systemClock.now());
    wire.send(append(sound.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES)));
  }
  return endMs;
}

class Seen {
  firstAudioMs: number | undefined;
  startedMs: number | undefined;
  transcript: string | undefined;
  done = false;

  take(payload: Buffer): void {
    const nowMs = systemClock.now();
    const text = payload.toString('utf8');
    if (text.startsWith('{"type":"response.output_audio.delta"')) this.firstAudioMs ??= nowMs;
    else if (text.startsWith('{"type":"input_audio_buffer.speech_started"')) this.startedMs ??= nowMs;
    else if (text.startsWith('{"type":"response.done"')) this.done = true;
    else if (text.startsWith('{"type":"conversation.item.input_audio_transcription.completed"')) {
      this.transcript = (JSON.parse(text) as { transcript: string }).transcript;
    }
  }
}

function setup(): Buffer {
  const turn_detection = { type: 'server_vad', silence_duration_ms: 500 };
  return textFrame(
    JSON.stringify({
      type: 'session.update',
      session: { type: 'realtime', audio: { input: { transcription: { model: 'bench' }, turn_detection } } },
    }),
  );
}

function append(samples: Int16Array): Buffer {
  const whole = samples.length === FRAME_SAMPLES ? samples : concat([samples, new Int16Array(FRAME_SAMPLES - samples.length)]);
  return textFrame(`{"type":"input_audio_buffer.append","audio":"${Buffer.from(toBytes(whole)).toString('base64')}"}`);
}
