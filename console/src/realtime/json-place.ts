// Where a field stands in the text of a JSON document, so that what is wrong with it can be shown there. Pure.

export interface TextPlace {
  /** From where to where, in characters. */
  readonly from: number;
  readonly to: number;
  /** The first is 1. */
  readonly line: number;
}

/**
 * The place of `routes[0].route.variants[1].weight`; where there is no such field, of what should have it.
 * @param text of a JSON document. While somebody writes it, it may be none: then the place is as good as can be.
 */
export function placeOfField(text: string, field: string): TextPlace {
  let at = blanks(text, 0);
  for (const step of field.match(/[^.[\]]+/g) ?? []) {
    const inner = memberOf(text, at, step);
    if (inner === undefined) break;
    at = inner;
  }
  return { from: at, to: valueEnd(text, at), line: lineOf(text, at) };
}

export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

/** Where the member of an object or a list begins. */
function memberOf(text: string, at: number, step: string): number | undefined {
  const isList = text[at] === '[';
  if (!isList && text[at] !== '{') return undefined;
  let next = blanks(text, at + 1);
  for (let index = 0; next < text.length && text[next] !== ']' && text[next] !== '}'; index++) {
    let value = next;
    let isIt = String(index) === step;
    if (!isList) {
      const nameEnd = stringEnd(text, next);
      isIt = text.slice(next, nameEnd) === JSON.stringify(step);
      // Past the colon.
      value = Math.min(text.length, blanks(text, blanks(text, nameEnd) + 1));
    }
    if (isIt) return value;
    next = blanks(text, valueEnd(text, value));
    if (text[next] === ',') next = blanks(text, next + 1);
  }
  return undefined;
}

function valueEnd(text: string, at: number): number {
  if (text[at] === '"') return stringEnd(text, at);
  if (text[at] !== '{' && text[at] !== '[') return endOf(/[^,\]}\s]*/y, text, at);
  let depth = 0;
  for (let next = at; next < text.length; next++) {
    const sign = text[next];
    if (sign === '"') next = stringEnd(text, next) - 1;
    else if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') depth -= 1;
    if (depth === 0) return next + 1;
  }
  return text.length;
}

function stringEnd(text: string, at: number): number {
  return endOf(/"(?:[^"\\]|\\.)*"?/sy, text, at);
}

function blanks(text: string, at: number): number {
  return endOf(/\s*/y, text, at);
}

/** Where what the pattern finds at this place ends. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
