// The credentials of one call or registration, and the challenges they have answered: later requests answer them unasked.
import { ChallengeAnswer, challengeOf } from './digest.ts';
import type { Credentials } from './credentials.ts';
import type { HeaderList } from './header-list.ts';
import type { SipResponse } from './message.ts';

type HeaderName = 'Authorization' | 'Proxy-Authorization';

export class Keyring {
  readonly #credentials: Credentials | undefined;
  readonly #cnonce: () => string;
  readonly #answers = new Map<HeaderName, ChallengeAnswer>();

  constructor(credentials: Credentials | undefined, cnonce: () => string) {
    this.#credentials = credentials;
    this.#cnonce = cnonce;
  }

  /** Puts what is known to be asked for into a request. */
  authorize(headers: HeaderList, method: string, uri: string): void {
    for (const [name, answer] of this.#answers) headers.set(name, answer.authorization(method, uri));
  }

  /**
   * Takes a 401 or 407. Whether the request is worth sending again: not when the same realm refuses the same password twice, unless it
   * says that only the nonce was too old (RFC 3261 section 22.3).
   */
  take(response: SipResponse, wasAnswered: boolean): boolean {
    const name = response.status === 407 ? 'Proxy-Authorization' : response.status === 401 ? 'Authorization' : undefined;
    if (name === undefined || this.#credentials === undefined) return false;
    const challenge = challengeOf(response);
    if (!challenge) return false;
    const before = this.#answers.get(name);
    if (wasAnswered && before?.challenge.realm === challenge.realm && !challenge.stale) {
      this.#answers.delete(name);
      return false;
    }
    this.#answers.set(name, new ChallengeAnswer(challenge, this.#credentials, this.#cnonce()));
    return true;
  }
}
