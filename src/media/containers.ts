// What kind of file a client's sound is, by its first bytes. Bare samples have none of these marks.

export type Container = 'ogg' | 'webm' | 'wav';

/** A file that `Decoder` reads, or undefined for what can only be samples. WebM includes Matroska, of which it is a part. */
export function looksLikeContainer(bytes: Uint8Array): Container | undefined {
  // Version 0, and the mark of a stream's first page: four letters alone might, once in a great while, be four samples.
  if (says(bytes, 0, 'OggS\0') && ((bytes[5] ?? 0) & 2) !== 0) return 'ogg';
  if (says(bytes, 0, '\x1a\x45\xdf\xa3')) return 'webm';
  if (says(bytes, 0, 'RIFF') && says(bytes, 8, 'WAVE')) return 'wav';
  return undefined;
}

function says(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
