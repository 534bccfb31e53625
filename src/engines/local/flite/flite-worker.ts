// A thread that speaks one clause at a time with flite: text and a way of speaking in, sound and the times of its phones out.
import { Resampler } from '../../../media/resample.ts';
import { concat } from '../../../media/pcm.ts';
import { readWav } from '../../../media/wav.ts';
import { memberData, serve } from '../crew-member.ts';
import { FLITE_RATE_HZ, type FliteWorkerData, type Phone, type SpeakJob, type Spoken } from './flite-job.ts';
import { FliteProgram } from './flite-program.ts';

/** Sound kept before the first and after the last phone, in which it is faded in and out: soft attacks begin early. */
const EDGE_MS = 25;

const { module } = memberData() as FliteWorkerData;
let program = new FliteProgram(module);
let fresh = true;

serve(
  (job: SpeakJob): Spoken => {
    // A clause that came before the last one was cleared away.
    rewind();
    fresh = false;
    try {
      const spoken = speak(job);
      // After the answer has left: nobody waits for this.
      setImmediate(rewind);
      return spoken;
    } catch (error) {
      program = new FliteProgram(module);
      fresh = true;
      throw error;
    }
  },
  ({ samples }) => [samples.buffer],
);

function rewind(): void {
  if (!fresh) program.rewind();
  fresh = true;
}

function speak({ text, manner }: SpeakJob): Spoken {
  const { base, pitchHz, spreadHz, stretch, size, gain } = manner;
  // Played faster by `size`, everything moves up together; pitch and pace are asked for accordingly so that only formants do.
  const features = {
    int_f0_target_mean: pitchHz / size,
    int_f0_target_stddev: spreadHz / size,
    duration_stretch: stretch * size,
  };
  const settings = Object.entries(features).flatMap(([name, value]) => ['--setf', `${name}=${value.toFixed(4)}`]);
  const { printed, file } = program.run(['flite', '-psdur', '-voice', base, ...settings, '-t', text, '-o', 'speech.wav']);
  const wave = readWav(file);
  const heardHz = Math.round((wave.rateHz * size) / 400) * 400;
  const phones = parsePhones(printed).map(({ name, endMs }) => ({ name, endMs: (endMs * wave.rateHz) / heardHz }));
  const sounding = (phone: Phone) => phone.name !== 'pau';
  const first = phones.findIndex(sounding);
  if (first < 0) return { samples: new Int16Array(0), phones: [] };
  const last = phones.findLastIndex(sounding);
  const resampler = new Resampler(heardHz, FLITE_RATE_HZ);
  const whole = concat([resampler.process(wave.samples), resampler.flush()]);
  const startMs = Math.max(0, (first === 0 ? 0 : (phones[first - 1] as Phone).endMs) - EDGE_MS);
  const endMs = (phones[last] as Phone).endMs + EDGE_MS;
  const samples = whole.slice(toSamples(startMs), toSamples(endMs));
  shape(samples, gain);
  return {
    samples,
    phones: phones.slice(Math.max(0, first - 1), last + 1).map(({ name, endMs }) => ({ name, endMs: Math.max(0, endMs - startMs) })),
  };
}

/** Reads what `-psdur` prints: `pau:0.217 ay:0.339 …`, seconds from the start at which each ends. */
function parsePhones(printed: string): Phone[] {
  return [...printed.matchAll(/([a-z]+):([0-9.]+)/g)].map(([, name, seconds]) => ({ name: name as string, endMs: Number(seconds) * 1000 }));
}

function toSamples(ms: number): number {
  return Math.round((ms * FLITE_RATE_HZ) / 1000);
}

/** Brings the sound to its loudness, and fades it in and out so that a cut never clicks. */
function shape(samples: Int16Array, gain: number): void {
  const ramp = Math.min(toSamples(EDGE_MS) / 2, samples.length >> 1);
  for (let i = 0; i < samples.length; i++) {
    const edge = Math.min(1, i / ramp, (samples.length - 1 - i) / ramp);
    samples[i] = Math.max(-32_768, Math.min(32_767, (samples[i] as number) * gain * edge));
  }
}
