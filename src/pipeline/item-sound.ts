// The sound of whole items: what a client puts into one, and what it asks for again. It may be minutes at once, on the thread that carries the
// sound of all sessions: so it is worked on a slice at a time, and the others have their turn in between.
import { setImmediate } from 'node:timers/promises';
import { VAD_RATE_HZ } from '../engines/engine.ts';
import { Resampler } from '../media/resample.ts';
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../protocol/audio-format.ts';
import { encodeWire, WireDecoder } from './wire-audio.ts';

/** Samples at a time: two seconds at 24 kHz, less than a millisecond of work. */
const sliceSamples = 48_000;
/** Base64 that is decoded at a time; a multiple of four. */
const sliceCharacters = 128 * 1024;

export async function fromBase64(text: string): Promise<Uint8Array> {
  if (text.length <= sliceCharacters) return Buffer.from(text, 'base64');
  const bytes = new Uint8Array(Buffer.byteLength(text, 'base64'));
  for (let at = 0; at < text.length; at += sliceCharacters) {
    if (at > 0) await setImmediate();
    bytes.set(Buffer.from(text.slice(at, at + sliceCharacters), 'base64'), (at / 4) * 3);
  }
  return bytes;
}

/** Bytes in a session's format as samples at 16 kHz. */
export async function decoded(bytes: Uint8Array, format: AudioFormat): Promise<Int16Array> {
  const decoder = new WireDecoder(format);
  const step = sliceSamples * bytesPerSample(format);
  return resampled(Math.floor(bytes.length / bytesPerSample(format)), decoder.rateHz, VAD_RATE_HZ, (slice) =>
    decoder.decode(bytes.subarray(slice * step, (slice + 1) * step)),
  );
}

/** Samples at 16 kHz as bytes in a session's format. */
export async function encoded(samples: Int16Array, format: AudioFormat): Promise<Buffer> {
  const whole = await resampled(samples.length, VAD_RATE_HZ, sampleRateHz(format), (slice) =>
    samples.subarray(slice * sliceSamples, (slice + 1) * sliceSamples),
  );
  const bytes = Buffer.alloc(whole.length * bytesPerSample(format));
  for (let at = 0; at < whole.length; at += sliceSamples) {
    if (at > 0) await setImmediate();
    bytes.set(encodeWire(format, whole.subarray(at, at + sliceSamples)), at * bytesPerSample(format));
  }
  return bytes;
}

async function resampled(count: number, fromHz: number, toHz: number, slice: (index: number) => Int16Array): Promise<Int16Array> {
  const resampler = new Resampler(fromHz, toHz);
  const made = new Int16Array(Math.ceil((count * toHz) / fromHz));
  let at = 0;
  const keep = (samples: Int16Array) => {
    made.set(samples, at);
    at += samples.length;
  };
  for (let index = 0; index * sliceSamples < count; index++) {
    if (index > 0) await setImmediate();
    keep(resampler.process(slice(index)));
  }
  keep(resampler.flush());
  return made;
}
