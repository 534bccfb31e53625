// A voice that is named with its provider, `elevenlabs/Rachel`, says who is to speak.

/** What stands before the first slash; undefined where the voice is named alone. */
export function providerOf(voice: string): string | undefined {
  const slash = voice.indexOf('/');
  return slash > 0 ? voice.slice(0, slash) : undefined;
}
