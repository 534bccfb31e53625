// What voices are called elsewhere: the names of other services' voices, for every synthesiser of the house.

/** Names of OpenAI's voices and the voice that comes nearest to each. */
export const voiceAliases: ReadonlyMap<string, string> = new Map([
  ['alloy', 'Ashley'],
  ['ash', 'Alex'],
  ['ballad', 'Clive'],
  ['cedar', 'Dennis'],
  ['coral', 'Sarah'],
  ['echo', 'Liam'],
  ['fable', 'Craig'],
  ['marin', 'Olivia'],
  ['nova', 'Julia'],
  ['onyx', 'Ronald'],
  ['sage', 'Elizabeth'],
  ['shimmer', 'Deborah'],
  ['verse', 'Shaun'],
]);
