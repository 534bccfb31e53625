// Services for everything that fail by chance in every way, with the engines of this machine behind them: nobody waits for an answer that does not come. More
// turns: STORM_TURNS; the seed that stands in a failure repeats it: STORM_SEED.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { toBytes } from '../../src/media/pcm.ts';
import { resample } from '../../src/media/resample.ts';
import { readWav } from '../../src/media/wav.ts';
import { Chance } from '../session/chance.ts';
import { Client } from './support/client.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { base64 } from './support/speech.ts';
import { type Fault, faults, UnreliableService } from './support/unreliable-service.ts';

vi.setConfig({ testTimeout: 900_000 });

const turns = Number(process.env['STORM_TURNS'] ?? 120);
const seed = Number(process.env['STORM_SEED'] ?? Date.now() % 1_000_000_000);
const sessions = 6;
/** Speech: silence is not even shown to a recogniser. */
const question = toBytes(resample(readWav(readFileSync(resolve(import.meta.dirname, '../../samples/question.wav'))), 24_000).samples);

let service: UnreliableService;
let running: RunningServer;

beforeAll(async () => {
  service = new UnreliableService();
  const url = await service.listen();
  running = await startServer({
    engines: 'scripted',
    recorded: false,
    settings: {
      PARLEY_SCRIPTED: 'stt=5,llm=5,rate=2000,tokens=4,tts=5',
      PARLEY_LLM_BASE_URL: url,
      PARLEY_LLM_MODEL: 'small',
      PARLEY_LLM_FALLBACK: 'parley',
      PARLEY_STT_BASE_URL: url,
      PARLEY_STT: 'custom/whisper-1,scripted',
      PARLEY_TTS_BASE_URL: url,
      PARLEY_TTS: 'custom/tts-1,scripted',
      PARLEY_FALLBACK_MS: '250',
      PARLEY_FALLBACK_REST_SECONDS: '0',
    },
  });
});

afterAll(async () => {
  await running.close();
  await service.close();
});

test(`${turns} turns in a storm of faults: none is silent, no session is lost, each failure says where it was (seed ${seed})`, async () => {
  const chance = new Chance(seed);
  service.fate = () => (chance.often(0.5) ? chance.pick<Fault>(faults) : undefined);
  const each = Math.ceil(turns / sessions);
  const outcomes = (await Promise.all(Array.from({ length: sessions }, () => talk(each)))).flat();
  expect(outcomes).toHaveLength(each * sessions);
  expect(outcomes.flatMap(wrongIn)).toEqual([]);
  const completed = outcomes.filter(({ status }) => status === 'completed').length;
  expect(completed / outcomes.length).toBeGreaterThan(0.8);
  // There was a storm: nearly every endpoint has met nearly every fault.
  const met = new Set(service.met.map(({ endpoint, fault }) => `${endpoint} ${fault ?? 'fine'}`));
  expect(met.size).toBeGreaterThan(20);
  // Somebody else was asked, and the answers tell of it.
  const attempts = outcomes.flatMap(({ metadata }) => JSON.parse(metadata?.['attempts'] ?? '[]') as Attempt[]);
  const told = (stage: string | undefined, provider: string, success: boolean) =>
    attempts.some((attempt) => attempt.stage === stage && attempt.model.startsWith(`${provider}/`) && attempt.success === success);
  expect([told(undefined, 'custom', false), told(undefined, 'parley', true)]).toEqual([true, true]);
  expect([told('tts', 'custom', false), told('tts', 'parley', true)]).toEqual([true, true]);
});

interface Attempt {
  readonly stage?: string;
  readonly model: string;
  readonly success: boolean;
}

/** What a turn must not be: not heard, silent, or failed without saying where. */
function wrongIn({ transcript, status, text, soundBytes, code }: Outcome): string[] {
  const heard = transcript === '' ? ['not heard'] : [];
  if (status === 'completed') return [...heard, ...(text === '' || soundBytes === 0 ? ['completed, and silent'] : [])];
  // An answer that broke off in the middle cannot be begun anew: it says so.
  return [...heard, ...(status === 'failed' && code === 'broken' ? [] : [`${status}: ${code}`])];
}

interface Outcome {
  readonly transcript: string;
  readonly status: string;
  readonly text: string;
  readonly soundBytes: number;
  readonly code: string | undefined;
  readonly metadata: Record<string, string> | null;
}

/** One session that speaks so many times, and what came of each. */
async function talk(times: number): Promise<Outcome[]> {
  const client = await Client.open(running.ws);
  client.send({
    type: 'session.update',
    session: { type: 'realtime', audio: { input: { turn_detection: null, transcription: { model: 'whisper-1' } } } },
  });
  const outcomes: Outcome[] = [];
  for (let turn = 0; turn < times; turn++) {
    const mark = client.log.mark;
    client.send({ type: 'input_audio_buffer.append', audio: base64(question) });
    client.send({ type: 'input_audio_buffer.commit' });
    client.send({ type: 'response.create' });
    const [words, done] = await Promise.all([
      client.log.wait(({ type }) => /input_audio_transcription\.(?:completed|failed)$/.test(type), mark),
      client.log.wait('response.done', mark),
    ]);
    const response = done['response'] as {
      status: string;
      status_details: { error?: { code: string } } | null;
      metadata: Record<string, string> | null;
      output: { content?: { transcript?: string }[] }[];
    };
    const sound = client.log.all.slice(mark).filter(({ type }) => type === 'response.output_audio.delta');
    outcomes.push({
      transcript: typeof words['transcript'] === 'string' ? words['transcript'] : '',
      status: response.status,
      text: response.output
        .flatMap(({ content }) => content ?? [])
        .map(({ transcript = '' }) => transcript)
        .join(''),
      soundBytes: sound.reduce((sum, event) => sum + String(event['delta']).length, 0),
      code: response.status_details?.error?.code,
      metadata: response.metadata,
    });
  }
  client.close();
  return outcomes;
}
