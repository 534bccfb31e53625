// Samples of the sound of a call's line.
import { decodeALaw, decodeMuLaw } from '../../media/g711.ts';
import { fromBytes } from '../../media/pcm.ts';
import type { AudioFormat } from '../../protocol/audio-format.ts';

/** Samples of PCM lie in the memory of the bytes. */
export function lineSamples(format: AudioFormat, bytes: Uint8Array): Int16Array {
  if (format.type === 'audio/pcmu') return decodeMuLaw(bytes);
  if (format.type === 'audio/pcma') return decodeALaw(bytes);
  return fromBytes(bytes);
}
