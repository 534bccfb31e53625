// With what one session may be taken up again. Of a token only its digest is kept. Each resumption offers a new one; those before it hold until the
// client has that for certain, since a connection may break before its first event has arrived.
import { createHash, timingSafeEqual } from 'node:crypto';

/** Some 256 bits. */
const tokenCharacters = 43;
/** Resumptions in a row of which none was seen to arrive. */
const mostHeld = 8;

export class ResumeTokens {
  readonly #random: (characters: number) => string;
  /** The oldest first. */
  #digests: Buffer[] = [];

  constructor(random: (characters: number) => string) {
    this.#random = random;
  }

  /** A new token; `arrived` says that its owner has it, and ends those before it. */
  offer(): { readonly token: string; readonly arrived: () => void } {
    const token = this.#random(tokenCharacters);
    const digest = digestOf(token);
    this.#digests = [...this.#digests.slice(1 - mostHeld), digest];
    return { token, arrived: () => this.#forgetBefore(digest) };
  }

  holds(token: string): boolean {
    return this.#find(token) !== undefined;
  }

  /** Whether it holds. Those that were offered before it hold no longer then, for its owner has it. */
  use(token: string): boolean {
    const found = this.#find(token);
    if (found) this.#forgetBefore(found);
    return found !== undefined;
  }

  /** All are looked at, so that the time it takes tells nothing. */
  #find(token: string): Buffer | undefined {
    const shown = digestOf(token);
    return this.#digests.filter((digest) => timingSafeEqual(digest, shown))[0];
  }

  #forgetBefore(digest: Buffer): void {
    const at = this.#digests.indexOf(digest);
    if (at > 0) this.#digests = this.#digests.slice(at);
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
