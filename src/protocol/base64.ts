// Base64 as clients write it: encoders of MIME break lines, those of URLs have two letters of their own. Read in either way, kept in one.

/** The same in the standard alphabet, without white space. What is no base64 stays none. */
export function plainBase64(text: string): string {
  return text.replaceAll(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/');
}

/** Whether it is base64 in the standard alphabet, padded or not. */
export function isBase64(text: string): boolean {
  // One character over a multiple of four stands for no byte.
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1;
}
