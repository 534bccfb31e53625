// PCM16 as the base64 of JSON events, both ways.
import { fromBytes, toBytes } from '../../../src/media/pcm.ts';

export function toBase64(samples: Int16Array): string {
  const bytes = toBytes(samples);
  let text = '';
  // In pieces: a call has only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

export function fromBase64(text: string): Int16Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Int16Array(fromBytes(bytes));
}
