// Words that the lists of the voice lack or have wrong, and that its net for unknown words would misread. Sounds as the voice writes them.

/** In small letters; they answer to any case. */
export const ownWords: ReadonlyMap<string, string> = new Map([
  // Numbers
  ['eighth', 'ˈAtθ'],
  ['eighths', 'ˈAtθs'],
  // Names of people
  ['nguyen', 'wˈɪn'],
  ['siobhan', 'ʃəvˈɔn'],
  ['tchaikovsky', 'ʧIkˈɔfski'],
  // Firms, programs and terms of the trade
  ['readme', 'ɹˈidmi'],
  ['xiaomi', 'ʃˈWmi'],
  ['kubernetes', 'kˌubəɹnˈɛɾiz'],
]);
