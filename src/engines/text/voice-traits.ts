// What is said of voices in the words of many services, as the same few traits, so that voices of different services can be compared.

/** Each line is one trait: its name, and the words that mean it. */
const lines = `
child childlike kid girlish boyish cartoon squeaky
young youthful teen teenage teenager
middle-aged middle adult mature grown
old older elderly senior weathered time-worn aged
deep low bass baritone resonant gravelly smoky
high high-pitched
calm relaxed relaxing soothing peaceful serene composed steady even measured even-toned unhurried tranquil comfortable patient
warm caring empathetic nurturing comforting reassuring sincere inviting gentle tender
friendly approachable amiable sociable personable welcoming cordial helpful polite casual easygoing laid-back conversational companion
energetic lively upbeat enthusiastic vibrant excited dynamic spirited hyped animated engaging
cheerful positive bright happy playful quirky sassy sunny eager
expressive emotive dramatic theatrical performative melodic musical
professional corporate articulate polished informative knowledgeable trustworthy authoritative educator clear crisp precise
confident assured assertive bold strong determined
fast fast-paced fast-talking quick rapid rapid-fire
slow slowly
soft whispery breathy velvety silky airy delicate
rough raspy gruff hoarse gritty husky
commanding imposing dominant intimidating menacing sinister stern villain robotic ominous
narration narrator narrative storytelling storyteller audiobook documentary
support customer-service ivr helpdesk
natural neutral balanced versatile realistic
`;

const traits = new Map(
  lines
    .trim()
    .split('\n')
    .flatMap((line) => {
      const words = line.split(' ');
      return words.map((word) => [word, words[0] as string] as const);
    }),
);

/** How old a voice sounds, youngest first. */
export const ages = ['child', 'young', 'middle-aged', 'old'] as const;

const accents: Readonly<Record<string, string>> = {
  american: 'en-US',
  british: 'en-GB',
  english: 'en-GB',
  australian: 'en-AU',
  irish: 'en-IE',
  indian: 'en-IN',
  filipino: 'en-PH',
  canadian: 'en-CA',
  scottish: 'en-GB',
};

/** The language in which an accent is spoken; undefined for one that is not known. */
export function languageOfAccent(accent: string): string | undefined {
  return Object.hasOwn(accents, accent.toLowerCase()) ? accents[accent.toLowerCase()] : undefined;
}

/** The traits that these words and sentences tell of, in the order in which they do, each once. */
export function traitsOf(...texts: readonly string[]): string[] {
  const words =
    texts
      .join(' ')
      .toLowerCase()
      .replaceAll('_', '-')
      .match(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu) ?? [];
  const told = words.flatMap((word) => traits.get(word) ?? word.split('-').flatMap((part) => traits.get(part) ?? []));
  return [...new Set(told)];
}

/** `en_US` and `en-us` as BCP 47 has it: `en-US`. */
export function languageTag(code: string): string {
  const [language = '', ...parts] = code.trim().split(/[-_]/);
  return [language.toLowerCase(), ...parts.map((part) => (part.length === 2 ? part.toUpperCase() : part))].join('-');
}

/** Services write `feminine`, `F`, `Female`; what they leave open is neutral. */
export function genderOf(word: unknown): 'male' | 'female' | 'neutral' {
  const said = typeof word === 'string' ? word.toLowerCase() : '';
  if (/^(?:f|female|feminine|woman)$/.test(said)) return 'female';
  return /^(?:m|male|masculine|man)$/.test(said) ? 'male' : 'neutral';
}

/** Of a description: `Posh, middle-aged British female voice`. */
export function genderIn(description: string): 'male' | 'female' | 'neutral' {
  if (/\b(?:fe-?male|feminine|woman|women|girl|lady)\b/i.test(description)) return 'female';
  return /\b(?:male|masculine|man|men|boy|gentleman)\b/i.test(description) ? 'male' : 'neutral';
}
