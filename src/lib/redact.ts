// Secrets taken out of texts that others wrote. Every step is linear in the text: whoever writes it may mean ill.

/** Those of less hide nothing, and would maul the text. */
const fewestCharacters = 4;

const placeholder = '…';

/** The text without those values, in any position, as they are and as JSON writes them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of spellings(secrets)) clean = clean.replaceAll(secret, placeholder);
  return clean;
}

/** The same, of a text of which no more than so many characters are wanted: it is cut first, and no piece of a secret is left at the cut. */
export function shortWithoutSecrets(text: string, secrets: readonly string[], mostCharacters: number): string {
  const longest = spellings(secrets)[0]?.length ?? 0;
  const room = mostCharacters + longest;
  if (text.length <= room) return shortened(withoutSecrets(text, secrets), mostCharacters);
  const clean = withoutSecrets(text.slice(0, room), secrets);
  // The cut may have gone through the last secret: what is left of one lies in so many characters.
  return shortened(`${clean.slice(0, Math.max(0, clean.length - longest))}${placeholder}`, mostCharacters);
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}${placeholder}` : text;
}

/** The longest first: one may be part of another. */
function spellings(secrets: readonly string[]): string[] {
  const hidden = secrets.filter((secret) => secret.length >= fewestCharacters);
  return [...new Set(hidden.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))].toSorted((a, b) => b.length - a.length);
}
