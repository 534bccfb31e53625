// `node bench/turns.ts`: how often the judge of turns cuts people off in a pause, and how long it lets them wait at the end. On sentences spoken by
// the voices of a synthesiser (one that knows how people end a sentence: Flite does not), and on recordings of people.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pick, rows } from '../src/engines/catalogue.ts';
import { type EngineEnvironment, type Stt, type TurnJudgement, VAD_RATE_HZ } from '../src/engines/engine.ts';
import { ModelStore } from '../src/engines/models/store.ts';
import { judgeWords } from '../src/engines/turn/lexical.ts';
import { type Clock, ManualClock, systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { speechPauses } from './turns-people.ts';
import { kinds, type Moment } from './turns-corpus.ts';
import { measureSpeed } from './turns-speed.ts';
import { inVoice } from './turns-voices.ts';
import { recordings } from './speech.ts';
import { percentile } from './statistics.ts';
import { judgedMs } from '../src/session/floor/patience.ts';

interface Judged extends Moment {
  readonly judgement: TurnJudgement;
}

/** Pauses within speech, where nobody measured them: log-normal around 650 ms, and not under the 200 ms from which they count. */
function shareLongerThan(ms: number): number {
  return ms <= 200 ? 1 : tail(ms) / tail(200);
}

function tail(ms: number): number {
  const z = (Math.log(ms) - Math.log(650)) / 0.6;
  // The normal distribution's, after Abramowitz and Stegun 26.2.17.
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return z >= 0 ? above : 1 - above;
}

const { values: options } = parseArgs({
  options: {
    tts: { type: 'string', default: rows.tts[0]?.id ?? '' },
    voices: { type: 'string', default: '' },
    stt: { type: 'string', default: rows.stt[0]?.id ?? '' },
    speech: { type: 'string', default: '' },
    data: { type: 'string', default: '.parley' },
    only: { type: 'string', default: '' },
    read: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  process.stdout.write(`node bench/turns.ts -- [options]
  --tts hibari        the engine that speaks; the first there is unless told
  --voices Sarah,Mark its voices; the first four unless told
  --stt moonshine     the engine that reads recordings of people
  --read              and the voices: with its marks and its errors, instead of the sentences as they were meant
  --speech folder     where they are, with a README.md like that of samples/; ../shared/speech unless told
  --only voices       or people, or speed
  --data .parley      the data folder, with the models
`);
  process.exit(0);
}

/** In samples/, and nobody's voice. */
const spokenHere = new Set(['question.wav', 'count.wav']);
const dataDir = resolve(import.meta.dirname, '..', options.data);
/** As the server has fetched and converted them. */
const models = new ModelStore({ dataDir, settings: process.env, log: silentLog, clock: systemClock });
const environment = (clock: Clock): EngineEnvironment => ({ dataDir, settings: process.env, log: silentLog, clock, models });
const { signal } = new AbortController();
// The clock's timers keep no process alive.
const alive = setInterval(() => {}, 60_000);
if (['', 'speed'].includes(options.only)) await measureSpeed(() => pick(rows.turn, 'smart-turn').create(environment(systemClock)), print);
// It stands still for the judge: none of its words may be missing because this machine is busy.
const judge = pick(rows.turn, 'smart-turn').create(environment(new ManualClock()));
await judge.warmUp(signal);
try {
  const all: Judged[] = [];
  if (['', 'voices'].includes(options.only)) {
    const engine = pick(rows.tts, options.tts).create(environment(systemClock));
    await engine.warmUp(signal);
    const reader = options.read ? pick(rows.stt, options.stt).create(environment(systemClock)) : undefined;
    await reader?.warmUp(signal);
    const asked =
      options.voices === ''
        ? engine
            .voices()
            .slice(0, 4)
            .map(({ id }) => id)
        : options.voices.split(',');
    for (const voice of asked) {
      const moments = await inVoice(engine, voice);
      const judged = await judgeAll(reader ? await readBy(reader, moments) : moments);
      tell(`${engine.info.name}, ${voice}`, judged);
      all.push(...judged);
    }
    await engine.close();
    await reader?.close();
    if (asked.length > 1) tell('all voices', all);
    tellKinds(all);
  }
  if (['', 'people'].includes(options.only)) {
    const [stt, vad] = [
      pick(rows.stt, options.stt).create(environment(systemClock)),
      pick(rows.vad, 'silero').create(environment(systemClock)),
    ];
    await Promise.all([stt.warmUp(signal), vad.warmUp(signal)]);
    const people: Judged[] = [];
    for (const recording of recordings(options.speech === '' ? undefined : [resolve(options.speech)])) {
      if (!spokenHere.has(recording.name)) people.push(...(await judgeAll(await speechPauses(recording, stt, vad))));
    }
    tell(`people, read by ${stt.info.name}`, people);
    await Promise.all([stt.close(), vad.close()]);
  }
} finally {
  await judge.close();
  clearInterval(alive);
}

/** The moments with the words that the recogniser makes of their sound. */
async function readBy(stt: Stt, moments: readonly Moment[]): Promise<Moment[]> {
  const read: Moment[] = [];
  for (const moment of moments) {
    const recognition = stt.open({ model: '', vocabulary: [] }, () => {});
    recognition.hear(moment.audio);
    const { text } = await recognition.words('final');
    recognition.close();
    read.push({ ...moment, transcript: text });
  }
  return read;
}

async function judgeAll(moments: readonly Moment[]): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const moment of moments) {
    const judgement = await judge.score(
      { transcript: moment.transcript, silenceMs: 200, audio: moment.audio.slice(-8 * VAD_RATE_HZ) },
      signal,
    );
    if (judgement.basis !== 'sound') throw new Error('The judge does not hear.');
    judged.push({ ...moment, judgement });
  }
  return judged;
}

function tell(title: string, judged: readonly Judged[]): void {
  const inside = judged.filter(({ within }) => within !== undefined);
  const ends = judged.filter(({ within }) => within === undefined);
  print(`\n${title}: ${inside.length} pauses within turns, ${ends.length} ends\n`);
  if (inside.length === 0 || ends.length === 0) return;
  const shares = (list: readonly Judged[]) =>
    [0.3, 0.5, 0.7, 0.9]
      .map((least) => percent(list.filter(({ judgement }) => judgement.complete >= least).length / list.length))
      .join(' · ');
  const flagged = (list: readonly Judged[]) =>
    percent(list.filter(({ judgement }) => judgement.unfinished !== undefined).length / list.length);
  print(
    `Sounds finished at P ≥ .3 · .5 · .7 · .9: within ${shares(inside)}, ends ${shares(ends)}; AUC ${areaUnderCurve(inside, ends).toFixed(2)}`,
  );
  print(`Flagged by the words: within ${flagged(inside)}, ends ${flagged(ends)}\n`);
  print('| waits | cut | p50 | p95 | mean |\n| --- | --- | --- | --- | --- |');
  const row = (name: string, waitMs: (judgement: TurnJudgement, transcript: string) => number) => {
    const cut = inside.map(({ judgement, transcript, lastsMs }) => {
      const wait = waitMs(judgement, transcript);
      return lastsMs === undefined ? shareLongerThan(wait) : Number(lastsMs > wait);
    });
    const waits = ends.map(({ judgement, transcript }) => waitMs(judgement, transcript));
    print(`| ${name} | ${percent(mean(cut))} | ${percentile(waits, 0.5)} | ${percentile(waits, 0.95)} | ${Math.round(mean(waits))} |`);
  };
  for (const eagerness of ['low', 'medium', 'high'] as const) row(eagerness, (judgement) => judgedMs(eagerness, judgement));
  row('medium, words only', (_judgement, transcript) => judgedMs('medium', judgeWords(transcript)));
  row('a fixed 500 ms', () => 500);
}

function tellKinds(judged: readonly Judged[]): void {
  print('\n| pauses after | count | P ≥ .5 | P ≥ .9 | flagged | cut at medium |\n| --- | --- | --- | --- | --- | --- |');
  for (const kind of kinds) {
    const list = judged.filter(({ within }) => within === kind);
    const share = (test: (judgement: TurnJudgement) => boolean) =>
      percent(list.filter(({ judgement }) => test(judgement)).length / list.length);
    const cut = mean(list.map(({ judgement }) => shareLongerThan(judgedMs('medium', judgement))));
    print(
      `| ${kind} | ${list.length} | ${share(({ complete }) => complete >= 0.5)} | ${share(({ complete }) => complete >= 0.9)} | ${share(({ unfinished }) => unfinished !== undefined)} | ${percent(cut)} |`,
    );
  }
}

/** How often an end sounds more finished than a pause within. */
function areaUnderCurve(inside: readonly Judged[], ends: readonly Judged[]): number {
  return mean(ends.flatMap((end) => inside.map((pause) => (Math.sign(end.judgement.complete - pause.judgement.complete) + 1) / 2)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
