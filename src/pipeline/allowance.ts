// What a session may still use of what its key may: asked before work is begun, told when it is known how much it was. The plug; whoever keeps
// count of keys fills it in.
import type { Excess } from '../protocol/limits.ts';

export interface Allowance {
  /** Takes a request; why there is none left, if so. */
  request(): Excess | undefined;
  /** Why no more speech is recognised just now, if so. */
  recognition(): Excess | undefined;
  /** So much was. */
  recognised(seconds: number): void;
  /** Why no more speech is made just now, if so. */
  speech(): Excess | undefined;
  /** So much was. */
  spoken(seconds: number): void;
}
