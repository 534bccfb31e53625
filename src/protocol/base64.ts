// Base64 as clients write it: encoders of MIME break lines, those of URLs have two letters of their own. Read in either way, kept in one.

/** The same in the standard alphabet, without white space. What is no base64 stays none. */
export function plainBase64(text: string): string {
  if (isBase64(text)) return text;
  return text.replaceAll(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/');
}

/** Whether it is base64 in the standard alphabet, padded or not. */
export function isBase64(text: string): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  // One character over a multiple of four stands for no byte.
  return (text.length - padding) % 4 !== 1 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
