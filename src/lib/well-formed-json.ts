// JSON that every parser takes, whoever wrote it.

/**
 * JSON without halves of surrogate pairs, as two escapes of which one is missing: they are no text, and strict parsers refuse a whole
 * message for one. They come from clients and servers, and from cutting a text at a number of characters.
 */
export function wellFormedJson(json: string): string {
  if (!/\\u[dD]/.test(json)) return json;
  return json.replace(/\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|[^])/g, (escape) =>
    escape.length === 6 && /^\\u[dD]/.test(escape) ? '\ufffd' : escape,
  );
}
