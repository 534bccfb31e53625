// What an operator wants of the calls to a number.

/** How long a caller hears that it rings, and who decides about the call then. */
export type Answering =
  /** The route itself, after so long. */
  | { readonly how: 'by_itself'; readonly afterMs: number }
  /** Whoever gets the webhook `realtime.call.incoming`. */
  | { readonly how: 'by_webhook' };

export interface PhoneRoute {
  readonly name: string;
  /** The id of the key that its calls belong to. */
  readonly owner: string;
  /** The session of its calls, as a client would write it in `session.update`. */
  readonly session: Readonly<Record<string, unknown>>;
  readonly answering: Answering;
  /** What the agent says first; without it the agent waits for the caller. */
  readonly greeting: string | undefined;
}
