// Base64 as clients write it: encoders of MIME break lines, those of URLs have two letters of their own. Read in either way, kept in one.

/** The same in the standard alphabet, without white space. What is no base64 stays none. */
export function plainBase64(text: string): string {
  if (isBase64(text)) return text;
  // Replaced in the string, letter by letter, some megabytes would take seconds.
  const letters = new TextEncoder().encode(text);
  let length = 0;
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? 0;
    if (letter === 0x20 || (letter >= 0x09 && letter <= 0x0d)) continue;
    letters[length++] = letter === 0x2d ? 0x2b : letter === 0x5f ? 0x2f : letter;
  }
  return new TextDecoder().decode(letters.subarray(0, length));
}

/** Whether it is base64 in the standard alphabet, padded or not. */
export function isBase64(text: string): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  // One character over a multiple of four stands for no byte.
  return (text.length - padding) % 4 !== 1 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
