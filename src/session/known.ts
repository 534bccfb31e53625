// What the server knows of the ids and stored prompts that an event of a client names. It comes with the event, so that the session asks nobody.

export interface Known {
  /** Ids among those named that nobody serves, by what they were named for. */
  readonly unserved: readonly UnservedId[];
  /** The stored prompt that it names, if it does. */
  readonly prompt?: KnownPrompt;
}

interface UnservedId {
  readonly kind: 'llm' | 'stt' | 'tts' | 'voice' | 'connector';
  readonly id: string;
  /** Ids that are served and look like it, the likest first; absent where none does. */
  readonly nearest?: readonly string[];
}

export type KnownPrompt =
  /** Its text, with blanks that the client's variables are to fill. */
  | { readonly state: 'found'; readonly text: string }
  /** There is no such prompt; or there is, but not in that version. */
  | { readonly state: 'no_prompt' | 'no_version' };

/** Everything that was named is served. */
export const allServed: Known = { unserved: [] };

export function isServed({ unserved }: Known, kind: UnservedId['kind'], id: string): boolean {
  return !unserved.some((each) => each.kind === kind && each.id === id);
}

/** Ids that are served and look like one that nobody serves. */
export function nearestOf({ unserved }: Known, kind: UnservedId['kind'], id: string): readonly string[] {
  return unserved.find((each) => each.kind === kind && each.id === id)?.nearest ?? [];
}
