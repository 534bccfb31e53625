/** The client's event that has the model say these words and no others. */
export function exactWords(words: string): object {
  return { type: 'response.create', response: { instructions: `Say exactly: ${words}`, tools: [], tool_choice: 'none' } };
}
