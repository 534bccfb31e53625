// `npm run speak -- "What time is it?" --out question.wav`: the embedded voice into a WAV file, for questions to try things with.
import { writeFileSync } from 'node:fs';
import { readConfig } from '../config.ts';
import { ModelStore } from '../engines/models/store.ts';
import { chooseTts } from '../engines/routing/chosen.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { concat } from '../media/pcm.ts';
import { resample } from '../media/resample.ts';
import { writeWav } from '../media/wav.ts';
import { apiDefaults } from '../protocol/api.ts';
import { describeOptions, parseArguments, UsageError } from './arguments.ts';

const options = {
  out: { kind: 'text', value: 'FILE', help: 'where to write the WAV (default speech.wav)' },
  voice: { kind: 'text', value: 'NAME', help: 'who speaks (default Dennis)' },
  speed: { kind: 'number', value: 'N', min: 0.25, max: 1.5, help: '0.25 to 1.5 (default 1)' },
  rate: { kind: 'number', value: 'HZ', min: 8000, max: 48000, help: 'samples per second (default 24000)' },
  help: { kind: 'flag', help: 'this text' },
} as const;

/** Sound before and after, as a microphone would have it. */
const marginMs = 400;

async function main(): Promise<void> {
  const { values, order } = parseArguments(process.argv.slice(2), options);
  const text = order.flatMap((entry) => (entry.option === undefined ? [entry.value] : [])).join(' ');
  if (values.help || text === '') {
    process.stdout.write(`npm run speak -- "words" [options]\n\n${describeOptions(options)}\n`);
    return;
  }
  const rateHz = values.rate ?? 24_000;
  const { dataDir, settings, defaultVoice, speech } = readConfig(process.env, process.cwd());
  const own = { dataDir, settings, log: silentLog, clock: systemClock };
  const engine = chooseTts(speech.tts.house[0] ?? '', { ...own, models: new ModelStore(own) });
  try {
    // The voice's model may have to be fetched first.
    await engine.warmUp(AbortSignal.timeout(180_000));
    const margin = new Int16Array((rateHz * marginMs) / 1000);
    const pieces: Int16Array[] = [margin];
    async function* words() {
      yield text;
    }
    const wish = { model: '', voice: values.voice ?? defaultVoice ?? apiDefaults.inworld.voice, speed: values.speed ?? 1 };
    for await (const { pcm } of engine.speak(words(), wish, AbortSignal.timeout(60_000))) pieces.push(resample(pcm, rateHz).samples);
    pieces.push(margin);
    writeFileSync(values.out ?? 'speech.wav', writeWav({ samples: concat(pieces), rateHz }));
  } finally {
    await engine.close();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
