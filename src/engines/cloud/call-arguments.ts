// The arguments of one call as they stream in, made sure to be one JSON object: `{}` where a server sends none, `null` or a blank, what is in
// the quotes where it sends JSON in quotes, and nothing of what comes after the object. Each character is looked at once.
import { argumentsObject, isCompleteObject } from './call-fields.ts';

export class CallArguments {
  /** `begin`: nothing but an opening brace is there yet, or an empty object that may turn out to be none. `odd`: it is no object. */
  #state: 'begin' | 'inside' | 'whole' | 'odd' = 'begin';
  /** What waits to be understood: the opening brace, or all of what is no object. */
  #kept = '';
  #empty = false;
  readonly #end = new ObjectEnd();

  /** Nothing that may still come belongs to it. */
  get whole(): boolean {
    return this.#state === 'whole' || (this.#state === 'begin' && this.#kept === '' && this.#empty);
  }

  /** It was begun and is not whole: the stream broke off, or the model does not write JSON. */
  get cut(): boolean {
    return this.#state === 'inside' || (this.#state === 'begin' && this.#kept !== '');
  }

  /** What of it can be told by now. */
  push(delta: string): string {
    let text = delta;
    while (this.#state === 'begin') {
      text = text.trimStart();
      if (text === '') return '';
      if (this.#kept === '' && text[0] === '{') {
        this.#kept = '{';
        text = text.slice(1);
      } else if (this.#kept === '') {
        // After an empty object only another object can be meant.
        if (this.#empty) return '';
        this.#state = 'odd';
      } else if (text[0] === '}') {
        // Some servers send an empty object first and the true one then.
        this.#empty = true;
        this.#kept = '';
        text = text.slice(1);
      } else {
        this.#state = 'inside';
        text = this.#kept + text;
        this.#kept = '';
      }
    }
    if (this.#state === 'odd') this.#kept += text;
    if (this.#state !== 'inside') return '';
    const end = this.#end.find(text);
    if (end === undefined) return text;
    this.#state = 'whole';
    return text.slice(0, end);
  }

  /** Nothing more comes: what of it has not been told. */
  end(): string {
    if (this.#state === 'odd') return objectIn(this.#kept);
    return this.#state === 'begin' ? this.#kept || '{}' : '';
  }
}

/** What a server means by arguments that are no object. */
function objectIn(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return argumentsObject(text);
  }
  if (typeof value === 'string' && isCompleteObject(value)) return value;
  const says = value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
  return says ? argumentsObject(text) : '{}';
}

/** Looks for the brace that closes the first. */
class ObjectEnd {
  #depth = 0;
  #within: 'json' | 'text' | 'escape' = 'json';

  /** Where the text behind it begins; undefined: it is not in here. */
  find(text: string): number | undefined {
    for (let at = 0; at < text.length; at += 1) {
      const char = text[at];
      if (this.#within === 'escape') this.#within = 'text';
      else if (this.#within === 'text') {
        if (char === '\\') this.#within = 'escape';
        else if (char === '"') this.#within = 'json';
      } else if (char === '"') this.#within = 'text';
      else if (char === '{') this.#depth += 1;
      else if (char === '}') {
        this.#depth -= 1;
        if (this.#depth === 0) return at + 1;
      }
    }
    return undefined;
  }
}
