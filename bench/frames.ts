// WebSocket frames made beforehand: what a caller sends 50 times a second costs the load generator one write. Masked like any client's.
import { randomBytes } from 'node:crypto';
import { toBytes } from '../src/media/pcm.ts';
import { type Clip, FRAME_SAMPLES, RATE_HZ } from './speech.ts';

export const FRAME_MS = 20;

/** A clip somewhere on the grid of frames: where in the first frame it begins differs, as it does with people. */
export interface Utterance {
  readonly frames: readonly Buffer[];
  /** From the begin of the first frame to the first sound, and to the end of the last. */
  readonly onsetMs: number;
  readonly endMs: number;
}

export interface Material {
  readonly utterances: readonly Utterance[];
  /** Nobody speaks: the noise of a quiet room, -69 dBFS. */
  readonly quiet: readonly Buffer[];
}

const noiseRms = 12;
const offsetsPerClip = 4;

/** `frameOf` makes what goes over the line out of 20 ms of sound; it is given them in the order in which they are said. */
export function prepare(clips: readonly Clip[], frameOf: (samples: Int16Array) => Buffer = audioFrame): Material {
  const noise = Int16Array.from(randomBytes(RATE_HZ), (byte) => Math.round(((byte - 127.5) / 74) * noiseRms));
  const framesOf = (samples: Int16Array) =>
    Array.from({ length: samples.length / FRAME_SAMPLES }, (_, i) => frameOf(samples.subarray(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES)));
  const utterances = clips.flatMap(({ samples }, clip) =>
    Array.from({ length: offsetsPerClip }, (_, quarter): Utterance => {
      // Quarters of a frame, and a little more for each clip, so that their ends fall evenly over a frame.
      const offset = Math.floor((FRAME_SAMPLES * (quarter + clip / clips.length)) / offsetsPerClip);
      const whole = new Int16Array(Math.ceil((offset + samples.length) / FRAME_SAMPLES) * FRAME_SAMPLES);
      for (let i = 0; i < whole.length; i++) {
        whole[i] = Math.max(-32_768, Math.min(32_767, (samples[i - offset] ?? 0) + (noise[i % noise.length] ?? 0)));
      }
      return { frames: framesOf(whole), onsetMs: (offset * 1000) / RATE_HZ, endMs: ((offset + samples.length) * 1000) / RATE_HZ };
    }),
  );
  return { utterances, quiet: framesOf(noise) };
}

function audioFrame(samples: Int16Array): Buffer {
  return textFrame(`{"type":"input_audio_buffer.append","audio":"${Buffer.from(toBytes(samples)).toString('base64')}"}`);
}

export function textFrame(text: string): Buffer {
  return maskedFrame(0x1, Buffer.from(text));
}

/** A whole frame from a client. */
export function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const body = 6 + (length > 65_535 ? 8 : length > 125 ? 2 : 0);
  const frame = Buffer.alloc(body + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (length > 65_535 ? 127 : length > 125 ? 126 : length);
  if (length > 65_535) frame.writeBigUInt64BE(BigInt(length), 2);
  else if (length > 125) frame.writeUInt16BE(length, 2);
  // No byte may be zero: the server must not be spared its unmasking.
  const mask = Uint8Array.from(randomBytes(4), (byte) => byte | 1);
  frame.set(mask, body - 4);
  for (let i = 0; i < length; i++) frame[body + i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return frame;
}
