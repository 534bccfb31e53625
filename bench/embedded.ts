// (e) the engines that come with the server, end to end: how soon a spoken question is answered, and how many words are heard wrong.
import { sleep, systemClock } from '../src/lib/clock.ts';
import { concat, toBytes } from '../src/media/pcm.ts';
import { resample } from '../src/media/resample.ts';
import { FRAME_MS, textFrame } from './frames.ts';
import { ServerProcess } from './server.ts';
import { FRAME_SAMPLES, RATE_HZ, recordings, speak, trim } from './speech.ts';
import { type Spread, spread } from './statistics.ts';
import { Wire } from './wire.ts';
import { wordErrors } from './word-errors.ts';

export interface EmbeddedResult {
  /** End of speech to first audio, silence of 500 ms included. */
  answerMs: Spread;
  unanswered: number;
  heard: { set: string; words: number; errors: number }[];
  transcripts: { words: string; heard: string }[];
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
/** Recordings are sent faster than they were spoken: recognition counts in the time of the audio. */
const hurry = 2;

export async function measureEmbedded(most: number): Promise<EmbeddedResult> {
  const asked = questions.slice(0, most);
  const spoken = (await speak(asked)).map(trim);
  const server = await ServerProcess.start({ engines: 'embedded' });
  try {
    const answers: number[] = [];
    const transcripts: EmbeddedResult['transcripts'] = [];
    for (const [index, samples] of spoken.entries()) {
      const { answerMs, heard } = await ask(server, samples);
      if (answerMs !== undefined) answers.push(answerMs);
      transcripts.push({ words: asked[index]?.text ?? '', heard });
    }
    const sets = [{ set: 'questions of our voices', pairs: [...transcripts] }];
    const people = recordings();
    if (people.length > 0) {
      const pairs: EmbeddedResult['transcripts'] = [];
      for (const { pcm, words } of people) pairs.push({ words, heard: await transcribe(server, resample(pcm, RATE_HZ).samples) });
      transcripts.push(...pairs);
      sets.push({ set: 'recordings of people', pairs });
    }
    const heard = sets.map(({ set, pairs }) => {
      const counts = pairs.map(({ words, heard }) => wordErrors(words, heard));
      return { set, words: sum(counts.map(({ words }) => words)), errors: sum(counts.map(({ errors }) => errors)) };
    });
    return { answerMs: spread(answers), unanswered: spoken.length - answers.length, heard, transcripts };
  } finally {
    await server.stop();
  }
}

/** One question in a session of its own, at the pace of speech. */
async function ask(server: ServerProcess, samples: Int16Array): Promise<{ answerMs: number | undefined; heard: string }> {
  const seen = new Seen();
  const wire = await Wire.open(server.port, server.key, (payload) => seen.take(payload));
  wire.send(sessionUpdate({ type: 'server_vad', silence_duration_ms: 500 }));
  const lead = new Int16Array(RATE_HZ / 4);
  const sound = concat([lead, samples, new Int16Array(FRAME_SAMPLES - ((lead.length + samples.length) % FRAME_SAMPLES))]);
  const startMs = systemClock.now();
  const endMs = startMs + ((lead.length + samples.length) * 1000) / RATE_HZ;
  for (let frame = 0; !seen.done && systemClock.now() < endMs + patienceMs; frame++) {
    await sleep(systemClock, startMs + (frame + 1) * FRAME_MS - systemClock.now());
    wire.send(append(sound.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES)));
  }
  wire.close();
  return { answerMs: seen.firstAudioMs === undefined ? undefined : seen.firstAudioMs - endMs, heard: seen.transcript ?? '' };
}

/** A recording as one utterance, committed by hand. */
async function transcribe(server: ServerProcess, samples: Int16Array): Promise<string> {
  const seen = new Seen();
  const wire = await Wire.open(server.port, server.key, (payload) => seen.take(payload));
  wire.send(sessionUpdate(null));
  const startMs = systemClock.now();
  for (let frame = 0; frame * FRAME_SAMPLES < samples.length; frame++) {
    wire.send(append(samples.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES)));
    await sleep(systemClock, startMs + ((frame + 1) * FRAME_MS) / hurry - systemClock.now());
  }
  wire.send(textFrame('{"type":"input_audio_buffer.commit"}'));
  const untilMs = systemClock.now() + patienceMs;
  while (seen.transcript === undefined && systemClock.now() < untilMs) await sleep(systemClock, 20);
  wire.close();
  return seen.transcript ?? '';
}

class Seen {
  firstAudioMs: number | undefined;
  transcript: string | undefined;
  done = false;

  take(payload: Buffer): void {
    const nowMs = systemClock.now();
    const text = payload.toString('utf8');
    if (text.startsWith('{"type":"response.output_audio.delta"')) this.firstAudioMs ??= nowMs;
    else if (text.startsWith('{"type":"response.done"')) this.done = true;
    else if (text.startsWith('{"type":"conversation.item.input_audio_transcription.completed"')) {
      this.transcript = (JSON.parse(text) as { transcript: string }).transcript;
    }
  }
}

function sessionUpdate(turnDetection: object | null): Buffer {
  const input = { transcription: { model: 'bench' }, turn_detection: turnDetection };
  return textFrame(JSON.stringify({ type: 'session.update', session: { type: 'realtime', audio: { input } } }));
}

function append(samples: Int16Array): Buffer {
  const frame = samples.length === FRAME_SAMPLES ? samples : concat([samples, new Int16Array(FRAME_SAMPLES - samples.length)]);
  return textFrame(`{"type":"input_audio_buffer.append","audio":"${Buffer.from(toBytes(frame)).toString('base64')}"}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
