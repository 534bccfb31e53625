// What has the agent say words that are not its own, as events of a client.

/** Has the model say these words and no others. */
export function exactWords(words: string): object {
  return { type: 'response.create', response: { instructions: `Say exactly: ${words}`, tools: [], tool_choice: 'none' } };
}

/** Whatever is said at the other end from now on is not answered, and what is being said here is cut off. */
export const listenToNobody: readonly object[] = [
  { type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: null } } } },
  { type: 'output_audio_buffer.clear' },
];
