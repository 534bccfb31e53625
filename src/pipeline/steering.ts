// Directions to the voice in square brackets, `[happy]`: a voice that cannot follow them must not read them out.

/** A direction, as far as it has come: words, not a number or a link. */
const direction = /^\[\p{L}[\p{L} ,'_-]{0,38}\]?$/u;
/** Sounds that stand where they are to be made, in the middle of a sentence too. */
const sounds: ReadonlySet<string> = new Set(['breathe', 'clear_throat', 'cough', 'laugh', 'sigh', 'yawn']);

/** Takes the directions out of a text that comes in pieces: those at the beginning of a sentence, and sounds anywhere. */
export class SteeringFilter {
  /** What may be a direction, from its bracket on. */
  #held = '';
  #atStart = true;

  push(piece: string): string {
    let said = '';
    for (const character of piece) said += this.#take(character);
    return said;
  }

  /** What is left when the text has ended. */
  flush(): string {
    const rest = this.#isWhole && this.#isDirection ? '' : this.#held;
    this.#held = '';
    return rest;
  }

  #take(character: string): string {
    if (this.#held === '') {
      if (character !== '[') return this.#say(character);
      this.#held = character;
      return '';
    }
    if (this.#isWhole) return this.#decide(character);
    this.#held += character;
    return direction.test(this.#held) ? '' : this.#release();
  }

  /** A bracket has closed; what comes after it tells a direction from a link. */
  #decide(character: string): string {
    if (!this.#isDirection || character === '(') return this.#release() + this.#take(character);
    this.#held = '';
    // The space behind a direction goes with it.
    return /\s/.test(character) ? '' : this.#take(character);
  }

  /** It was text. */
  #release(): string {
    const held = [...this.#held];
    this.#held = '';
    return held.map((character) => this.#say(character)).join('');
  }

  #say(character: string): string {
    if (/[.!?…。！？\n]/.test(character)) this.#atStart = true;
    else if (!/[\s"'”’»)\]]/.test(character)) this.#atStart = false;
    return character;
  }

  get #isWhole(): boolean {
    return this.#held.endsWith(']');
  }

  get #isDirection(): boolean {
    return this.#atStart || sounds.has(this.#held.slice(1, -1).toLowerCase());
  }
}
