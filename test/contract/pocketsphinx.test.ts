// The embedded recogniser against the contract, on speech made by the embedded synthesiser; then what only it promises.
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noModels, type EngineEnvironment, EngineError, type Stt, type Transcript } from '../../src/engines/engine.ts';
import { pocketsphinx } from '../../src/engines/local/pocketsphinx/pocketsphinx.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { concat } from '../../src/media/pcm.ts';
import { spoken } from './spoken.ts';
import { describeStt, hear, listen, recognised, type SpeechSample, STT_RATE_HZ, understood, unhurriedClock } from './stt.ts';

const dataDir = resolve(import.meta.dirname, '../..', process.env['PARLEY_DATA_DIR'] ?? '.parley');

function environment(settings: EngineEnvironment['settings'] = {}, log: Log = silentLog): EngineEnvironment {
  return { dataDir, settings, log, clock: unhurriedClock, models: noModels };
}

async function open(settings: EngineEnvironment['settings'] = {}, log?: Log): Promise<Stt> {
  await mkdir(dataDir, { recursive: true });
  return pocketsphinx.create(environment(settings, log));
}

/** A log that keeps the process ids of the decoders. */
function pidLog(): { log: Log; pids: number[] } {
  const pids: number[] = [];
  const log: Log = {
    ...silentLog,
    debug: (fields) => {
      if ('pid' in fields && typeof fields.pid === 'number') pids.push(fields.pid);
    },
  };
  return { log, pids };
}

let speech: Promise<SpeechSample[]> | undefined;
const said = () => {
  speech ??= spoken([
    'Please turn off the lights in the kitchen.',
    'Where can I find a good restaurant near here?',
    'I want the pelimont report.',
  ]);
  return speech;
};

describeStt('PocketSphinx', { open: () => open(), speech: said });

describe('PocketSphinx', () => {
  const { log, pids } = pidLog();
  let stt: Stt;
  let kitchen: SpeechSample;
  let restaurant: SpeechSample;
  let report: SpeechSample;

  beforeAll(async () => {
    [kitchen, restaurant, report] = (await said()) as [SpeechSample, SpeechSample, SpeechSample];
    stt = await open({ PARLEY_STT_PROCESSES: '1' }, log);
    await stt.warmUp(new AbortController().signal);
  });

  afterAll(async () => {
    await stt.close();
  });

  async function text(sample: SpeechSample, options = {}): Promise<string> {
    return (await recognised(stt, sample.samples, options)).text;
  }

  test('writes sentences: a capital, and a question mark behind a question', async () => {
    expect(await text(kitchen)).toMatch(/^Please turn off .*\.$/);
    expect(await text(restaurant)).toMatch(/^Where can I find .*\?$/);
  });

  test('F16 include: knows of each word of the final text how likely it is, and is surer of speech than of noise', async () => {
    const heard = await recognised(stt, kitchen.samples);
    const sure = heard.words.map(({ logprob }) => Math.exp(logprob ?? Number.NaN));
    expect(sure).toHaveLength(heard.text.split(' ').length);
    expect(sure.every((probability) => probability > 0 && probability <= 1)).toBe(true);
    // The same sentence in noise.
    let state = 1;
    const noise = () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647 - 0.5;
    const drowned = kitchen.samples.map((sample) => Math.max(-32_768, Math.min(32_767, sample + noise() * 12_000)));
    const guessed = await recognised(stt, drowned);
    const mean = (words: Transcript['words']) => words.reduce((sum, { logprob }) => sum + (logprob ?? Number.NaN), 0) / words.length;
    expect(mean(guessed.words)).toBeLessThan(mean(heard.words));
  });

  test('learns the words a caller brings, and forgets them for the next one', async () => {
    expect(await text(report)).not.toMatch(/pelimont/i);
    expect(await text(report, { vocabulary: ['fetchPelimont_report'] })).toMatch(/pelimont/i);
    expect(await text(report, { prompt: 'The customer asks about Pelimont.' })).toMatch(/pelimont/i);
    expect(await text(report)).not.toMatch(/pelimont/i);
  });

  test('times words after a pause where they are in the audio', async () => {
    const pause = new Int16Array(2 * STT_RATE_HZ);
    const audio = concat([kitchen.samples, pause, restaurant.samples]);
    const heard = await recognised(stt, audio);
    const restaurantMs = ((kitchen.samples.length + pause.length) * 1000) / STT_RATE_HZ;
    const plain = await recognised(stt, restaurant.samples);
    const expected = restaurantMs + (plain.words.find((word) => word.text === 'restaurant')?.startMs ?? Number.NaN);
    const actual = heard.words.find((word) => word.text === 'restaurant')?.startMs;
    expect(Math.abs((actual ?? Number.NaN) - expected)).toBeLessThan(150);
  });

  test('lets utterances wait their turn and catch up when there is one decoder only', async () => {
    const heard = await Promise.all([kitchen, restaurant, kitchen].map((sample) => text(sample)));
    expect(heard[0]).toMatch(/lights/);
    expect(heard[1]).toMatch(/find/);
    expect(heard[2]).toMatch(/lights/);
  });

  test('fails an utterance that waited through two minutes of audio', async () => {
    const holding = listen(stt).recognition;
    hear(holding, kitchen.samples);
    const { recognition } = listen(stt);
    hear(recognition, new Int16Array(121 * STT_RATE_HZ));
    await expect(recognition.words('final')).rejects.toMatchObject({ reason: 'timeout', retryable: true });
    holding.close();
    expect(await text(kitchen)).toMatch(/lights/);
  });

  test('takes more than that in one piece, and from whoever has a decoder', async () => {
    const minutes = new Int16Array(130 * STT_RATE_HZ);
    minutes.set(kitchen.samples, minutes.length - kitchen.samples.length);
    expect((await recognised(stt, minutes, {}, minutes.length)).text).toMatch(/lights/);
  });

  test('hears words after a pause whole, however short the pause was', async () => {
    for (const pauseMs of [120, 250, 1000]) {
      const { recognition } = listen(stt);
      hear(recognition, kitchen.samples);
      hear(recognition, new Int16Array((pauseMs * STT_RATE_HZ) / 1000));
      void recognition.words('speculative');
      hear(recognition, restaurant.samples);
      expect((await recognition.words('final')).text).toMatch(/kitchen where can i find/i);
      recognition.close();
    }
  });

  test('loses only the utterance of a decoder that is killed', async () => {
    const guessed = Promise.withResolvers<void>();
    const { recognition } = listen(stt, {}, guessed.resolve);
    hear(recognition, kitchen.samples);
    await guessed.promise;
    const waiting = text(restaurant);
    process.kill(pids.at(-1) as number, 'SIGKILL');
    // Its speaker may still be in mid-sentence.
    await waiting;
    const dying = recognition.words('final');
    await expect(dying).rejects.toBeInstanceOf(EngineError);
    await expect(dying).rejects.toMatchObject({ reason: 'crashed', retryable: true });
    expect(understood(restaurant, await waiting)).toBeGreaterThan(0.6);
    expect(new Set(pids).size).toBe(2);
  });

  test('refuses a number of processes that is none', async () => {
    const refusing = await open({ PARLEY_STT_PROCESSES: 'many' });
    await expect(refusing.warmUp(new AbortController().signal)).rejects.toMatchObject({ reason: 'unavailable' });
    await refusing.close();
  });

  test('stops waiting for warmUp when it is aborted', async () => {
    const cold = await open();
    const aborting = new AbortController();
    const warming = cold.warmUp(aborting.signal);
    aborting.abort();
    await expect(warming).resolves.toBeUndefined();
    await cold.close();
  });

  test('leaves no decoder behind when the server is killed', async () => {
    const module = pathToFileURL(resolve(import.meta.dirname, '../../src/engines/local/pocketsphinx/pocketsphinx.ts')).href;
    const program = `
      const { pocketsphinx } = await import(${JSON.stringify(module)});
      const log = { debug: (fields) => fields.pid && console.log(fields.pid), info() {}, warn() {}, error() {} };
      const clock = { now: () => performance.now(), wallMs: () => Date.now(), after: () => ({ cancel() {} }) };
      const stt = pocketsphinx.create({ dataDir: ${JSON.stringify(dataDir)}, settings: {}, log, clock });
      await stt.warmUp(new AbortController().signal);
    `;
    const server = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((found) => server.stdout.once('data', (data: Buffer) => found(Number(data.toString()))));
    expect(alive(pid)).toBe(true);
    server.kill('SIGKILL');
    await expect.poll(() => alive(pid), { timeout: 5000 }).toBe(false);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
