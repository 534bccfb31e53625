// The sounds of American English as the voice writes them: one character each, with marks of stress before vowels.

export const PRIMARY = 'ˈ';
export const SECONDARY = 'ˌ';

const vowels = new Set('AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ');
const consonants = new Set('bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ');
const long = new Set('AIOQWYʤʧ');
/** After these a final t is flapped before a vowel. */
const flapping = new Set('AIOWYiuæɑəɛɪɹʊʌ');
/** What a phoneme string may have beside sounds and stress. */
export const pauses = new Set(';:,.!?—…');

export function isVowel(sound: string): boolean {
  return vowels.has(sound);
}

export function isConsonant(sound: string): boolean {
  return consonants.has(sound);
}

function hasStress(sounds: string): boolean {
  return sounds.includes(PRIMARY) || sounds.includes(SECONDARY);
}

/** About how long it takes: what has less of it gives way when a compound has too many stresses. */
export function weigh(sounds: string): number {
  let weight = 0;
  for (const sound of sounds) weight += long.has(sound) ? 2 : 1;
  return weight;
}

/**
 * - `none`: without any
 * - `lower`: a primary one becomes secondary, secondary ones go
 * - `reduce`: as `lower` where there is a primary one; otherwise as it is
 * - `least`: as `reduce`, and where there is none, a secondary one comes
 * - `some`: a secondary one comes where there is none
 * - `full`: a primary one, whatever there was
 */
export type Stress = 'none' | 'lower' | 'reduce' | 'least' | 'some' | 'full';

export function stress(sounds: string, level: Stress | undefined): string {
  switch (level) {
    case undefined:
      return sounds;
    case 'none':
      return sounds.replaceAll(PRIMARY, '').replaceAll(SECONDARY, '');
    case 'lower':
      return lower(sounds);
    case 'reduce':
      return sounds.includes(PRIMARY) ? lower(sounds) : sounds;
    case 'least':
      return sounds.includes(PRIMARY) ? lower(sounds) : hasStress(sounds) ? sounds : mark(sounds, SECONDARY);
    case 'some':
      return hasStress(sounds) ? sounds : mark(sounds, SECONDARY);
    case 'full':
      if (sounds.includes(PRIMARY)) return sounds;
      return hasStress(sounds) ? sounds.replaceAll(SECONDARY, PRIMARY) : mark(sounds, PRIMARY);
  }
}

function lower(sounds: string): string {
  return sounds.replaceAll(SECONDARY, '').replaceAll(PRIMARY, SECONDARY);
}

/** Marks stand right before the vowel; sounds without a vowel carry none. */
function mark(sounds: string, sign: string): string {
  const place = [...sounds].findIndex(isVowel);
  return place < 0 ? sounds : `${sounds.slice(0, place)}${sign}${sounds.slice(place)}`;
}

/** With the ending of plurals, possessives and third persons. */
export function withS(stem: string): string {
  const last = stem.at(-1) ?? '';
  if ('ptkfθ'.includes(last)) return `${stem}s`;
  return 'szʃʒʧʤ'.includes(last) ? `${stem}ᵻz` : `${stem}z`;
}

/** With the ending of the past. */
export function withEd(stem: string): string {
  const last = stem.at(-1) ?? '';
  if ('pkfθʃsʧ'.includes(last)) return `${stem}t`;
  if (last === 'd') return `${stem}ᵻd`;
  if (last !== 't') return `${stem}d`;
  if (stem.length < 2) return `${stem}ɪd`;
  return flapping.has(stem.at(-2) ?? '') ? `${stem.slice(0, -1)}ɾᵻd` : `${stem}ᵻd`;
}

export function withIng(stem: string): string {
  return stem.length > 1 && stem.endsWith('t') && flapping.has(stem.at(-2) ?? '') ? `${stem.slice(0, -1)}ɾɪŋ` : `${stem}ɪŋ`;
}

/** In the voice's alphabet: it writes the flap as T and the glottal stop as t. */
export function settle(sounds: string): string {
  return sounds.replaceAll('ɾ', 'T').replaceAll('ʔ', 't');
}
