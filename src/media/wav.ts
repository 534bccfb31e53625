// WAVE files: reads what people and programs really write, always as mono 16-bit samples; writes plain PCM16.
import { decodeALaw, decodeMuLaw } from './g711.ts';
import { fromBytes, type Pcm, toBytes } from './pcm.ts';

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_A_LAW = 6;
const FORMAT_MU_LAW = 7;
const FORMAT_EXTENSIBLE = 0xfffe;

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rateHz: number;
  readonly bits: number;
}

/**
 * Reads RIFF/WAVE: PCM of 8, 16, 24 or 32 bits, 32-bit float, mu-law or A-law. Channels are mixed down. A data size of 0 or
 * 0xffffffff (programs that write to a pipe) means: to the end. Throws Error with the reason when it is none of these.
 */
export function readWav(bytes: Uint8Array): Pcm {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || fourLetters(bytes, 0) !== 'RIFF' || fourLetters(bytes, 8) !== 'WAVE') throw new Error('not a WAVE file');
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = fourLetters(bytes, at);
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (id === 'fmt ') {
      format = readFormat(view, body, size);
    } else if (id === 'data') {
      if (!format) throw new Error('WAVE file with sound before its format');
      const toEnd = size === 0 || body + size > bytes.length;
      const sound = bytes.subarray(body, toEnd ? bytes.length : body + size);
      const { tag, bits, channels, rateHz } = format;
      // What nearly everybody sends needs no arithmetic: a second of it would take a millisecond.
      if (tag === FORMAT_PCM && bits === 16 && channels === 1) return { samples: fromBytes(new Uint8Array(sound)), rateHz };
      return { samples: mixDown(readSamples(sound, format), format), rateHz };
    }
    at = body + size + (size & 1);
  }
  throw new Error('WAVE file without sound');
}

export function writeWav(pcm: Pcm): Uint8Array {
  return wave(pcm, 1);
}

/** Two channels of the same length. */
export function writeStereoWav(left: Int16Array, right: Int16Array, rateHz: number): Uint8Array {
  const samples = new Int16Array(left.length * 2);
  for (let at = 0; at < left.length; at++) {
    samples[at * 2] = left[at] as number;
    samples[at * 2 + 1] = right[at] as number;
  }
  return wave({ samples, rateHz }, 2);
}

function wave(pcm: Pcm, channels: 1 | 2): Uint8Array {
  const data = toBytes(pcm.samples);
  const file = new Uint8Array(headerBytes + data.length);
  file.set(wavHeader({ rateHz: pcm.rateHz, channels, dataBytes: data.length }));
  file.set(data, headerBytes);
  return file;
}

const headerBytes = 44;

/** What comes before the samples of plain PCM16. Without `dataBytes` their number is not known yet, and readers take all there are. */
export function wavHeader({ rateHz, channels, dataBytes }: { rateHz: number; channels: 1 | 2; dataBytes?: number }): Uint8Array {
  const header = new Uint8Array(headerBytes);
  const view = new DataView(header.buffer);
  const letters = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) header[at + i] = text.charCodeAt(i);
  };
  letters(0, 'RIFF');
  view.setUint32(4, dataBytes === undefined ? unknownSize : headerBytes - 8 + dataBytes, true);
  letters(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, FORMAT_PCM, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * 2 * channels, true);
  view.setUint16(32, 2 * channels, true);
  view.setUint16(34, 16, true);
  letters(36, 'data');
  view.setUint32(40, dataBytes ?? unknownSize, true);
  return header;
}

/** As programs write it that write to a pipe. */
const unknownSize = 0xffffffff;

function readFormat(view: DataView, at: number, size: number): Format {
  if (size < 16 || at + size > view.byteLength) throw new Error('WAVE file with a broken format');
  let tag = view.getUint16(at, true);
  if (tag === FORMAT_EXTENSIBLE) {
    if (size < 26) throw new Error('WAVE file with a broken format');
    // The first two bytes of the sub-format's GUID are the plain tag.
    tag = view.getUint16(at + 24, true);
  }
  const format = { tag, channels: view.getUint16(at + 2, true), rateHz: view.getUint32(at + 4, true), bits: view.getUint16(at + 14, true) };
  if (format.channels === 0 || format.rateHz === 0) throw new Error('WAVE file with a broken format');
  return format;
}

/** All samples of all channels, interleaved, in the range of 16 bits; fractions are kept until the channels are mixed. */
function readSamples(data: Uint8Array, { tag, bits }: Format): ArrayLike<number> {
  if (tag === FORMAT_MU_LAW) return decodeMuLaw(data);
  if (tag === FORMAT_A_LAW) return decodeALaw(data);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const each = (width: number, read: (at: number) => number) => {
    const samples = new Float32Array(Math.floor(data.length / width));
    for (let i = 0; i < samples.length; i++) samples[i] = read(i * width);
    return samples;
  };
  if (tag === FORMAT_FLOAT && bits === 32) {
    return each(4, (at) => {
      const value = view.getFloat32(at, true);
      // A cutting tool may leave a NaN behind; silence is the only thing it can mean.
      return Number.isNaN(value) ? 0 : value * 32_768;
    });
  }
  if (tag === FORMAT_PCM && bits === 8) return each(1, (at) => (view.getUint8(at) - 128) * 256);
  if (tag === FORMAT_PCM && bits === 16) return each(2, (at) => view.getInt16(at, true));
  if (tag === FORMAT_PCM && bits === 24) return each(3, (at) => view.getInt16(at + 1, true) + view.getUint8(at) / 256);
  if (tag === FORMAT_PCM && bits === 32) return each(4, (at) => view.getInt32(at, true) / 65_536);
  throw new Error(`WAVE format not supported: format ${tag} with ${bits} bits`);
}

function mixDown(interleaved: ArrayLike<number>, { channels }: Format): Int16Array {
  const samples = new Int16Array(Math.floor(interleaved.length / channels));
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += interleaved[i * channels + channel] as number;
    samples[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum / channels)));
  }
  return samples;
}

function fourLetters(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
