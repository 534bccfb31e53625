// An error's text for people: one line, and of the JSON that validators write only what it says.

/** More than this is no sentence, and is cut before anything is read in it. */
const TEXT_CHARS = 10_000;

/** Where JSON begins; other brackets are the text's own. */
const JSON_START = /[[{]\s*["{[\]}]/;

export function sentence(text: string): string {
  const whole = text.slice(0, TEXT_CHARS).toWellFormed();
  const start = whole.search(JSON_START);
  return (start < 0 ? whole : `${whole.slice(0, start)} ${saidIn(whole.slice(start))}`)
    .replaceAll(/\s+/g, ' ')
    .replace(/(?<![ :,(-])[ :,(-]+$/, '')
    .trim();
}

/** What a text says that begins with JSON. Of JSON that was cut, nothing: marks of it make no sentence. */
function saidIn(text: string): string {
  const end = Math.max(text.lastIndexOf(']'), text.lastIndexOf('}')) + 1;
  try {
    return `${wordsOf(JSON.parse(text.slice(0, end)), 6)} ${text.slice(end)}`;
  } catch {
    return '';
  }
}

function wordsOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || depth === 0) return '';
  if (Array.isArray(value)) {
    return value
      .map((entry) => wordsOf(entry, depth - 1))
      .filter(Boolean)
      .join('; ');
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const path = Array.isArray(fields['path']) ? fields['path'].filter((step) => ['string', 'number'].includes(typeof step)).join('.') : '';
  for (const name of ['message', 'error', 'detail', 'errors', 'issues', 'title']) {
    const words = wordsOf(fields[name], depth - 1);
    if (words !== '') return path === '' ? words : `${path}: ${words}`;
  }
  return '';
}
