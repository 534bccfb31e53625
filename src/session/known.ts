// What the server knows of the ids and stored prompts that an event of a client names. It comes with the event, so that the session asks nobody.

export interface Known {
  /** Ids among those named that nobody serves, by what they were named for. */
  readonly unserved: readonly { readonly kind: 'llm' | 'stt' | 'tts' | 'voice' | 'connector'; readonly id: string }[];
  /** The stored prompt that it names, if it does. */
  readonly prompt?: KnownPrompt;
}

export type KnownPrompt =
  /** Its text, with blanks that the client's variables are to fill. */
  | { readonly state: 'found'; readonly text: string }
  /** There is no such prompt; or there is, but not in that version. */
  | { readonly state: 'no_prompt' | 'no_version' };

/** Everything that was named is served. */
export const allServed: Known = { unserved: [] };

export function isServed({ unserved }: Known, kind: Known['unserved'][number]['kind'], id: string): boolean {
  return !unserved.some((each) => each.kind === kind && each.id === id);
}
