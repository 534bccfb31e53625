// JSON with base64 put into it as it is: it needs no escaping, and megabytes of it would take a tenth of a second to be looked through for that.
import { wellFormedJson } from './well-formed-json.ts';

/** A shorter string is written with the rest. */
export const leastSplicedCharacters = 64 * 1024;
/** Stands where a string was taken out of the value. */
export const splice = '#';

/** The well-formed JSON of `value`, with the strings in their order where `field` is `splice`; undefined where that is so anywhere else as well. */
export function splicedJson(value: object, field: string, strings: readonly string[]): string | undefined {
  const name = `${JSON.stringify(field)}:`;
  // Within a text the quotation marks are escaped.
  const [first = '', ...rest] = wellFormedJson(JSON.stringify(value)).split(`${name}"${splice}"`);
  if (rest.length !== strings.length) return undefined;
  return rest.reduce((json, piece, index) => `${json}${name}"${strings[index]}"${piece}`, first);
}
