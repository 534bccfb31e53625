// Whose packets are listened to (symmetric RTP). A description names an address that a telephone behind NAT does not send from, so the first
// packet of the call shows the real one, and from then on nobody else is heard: a stranger who sends to every port of this machine must
// neither be heard nor get what is said.

/** The listener's far side has been silent for so long before it may come from somewhere else: its NAT has given it another port. */
const SILENT_MS = 2000;
/** Packets that may have been sent meanwhile, beyond those of the time that passed. */
const MOST_AHEAD = 500;
const PACKETS_PER_SECOND = 100;

export interface Source {
  readonly address: string;
  readonly port: number;
}

export interface SourceRules {
  /** Whether packets may come from there at all. */
  readonly mayCome: (address: string) => boolean;
}

interface Sign {
  readonly ssrc: number;
  readonly sequenceNumber: number;
}

type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'pinned'; readonly source: Source; ssrc: number; sequenceNumber: number; lastMs: number };

export class SourceLock {
  readonly #rules: SourceRules;
  #described: Source | undefined;
  #state: State = { kind: 'open' };

  constructor(rules: SourceRules) {
    this.#rules = rules;
  }

  /** The far side has said where it is. Another place than before is another far side, whose packets may come from anywhere again. */
  describe(place: Source | undefined): void {
    if (isSame(place, this.#described)) return;
    this.#described = place;
    this.#state = { kind: 'open' };
  }

  get pinned(): Source | undefined {
    return this.#state.kind === 'pinned' ? this.#state.source : undefined;
  }

  /** Whether a packet from there need not be looked at, whatever stands in it. */
  isClosedTo(source: Source, nowMs: number): boolean {
    const state = this.#state;
    if (state.kind === 'pinned' && isSame(state.source, source)) return false;
    if (!this.#rules.mayCome(source.address)) return true;
    return state.kind === 'pinned' && !isSame(source, this.#described) && nowMs - state.lastMs < SILENT_MS;
  }

  /** Whether a packet is heard that is one of this call by what stands in it. */
  admit(source: Source, sign: Sign, nowMs: number): boolean {
    const state = this.#state;
    if (state.kind === 'pinned' && isSame(state.source, source)) {
      state.ssrc = sign.ssrc;
      state.sequenceNumber = sign.sequenceNumber;
      state.lastMs = nowMs;
      return true;
    }
    if (!this.#rules.mayCome(source.address)) return false;
    // What was signalled is believed over what came first.
    const isWelcome = state.kind === 'open' || isSame(source, this.#described) || goesOn(state, sign, nowMs);
    if (isWelcome) this.#state = { kind: 'pinned', source, ...sign, lastMs: nowMs };
    return isWelcome;
  }
}

/** The same stream, which went on while nothing of it came here: nobody who has not seen it can know its numbers. */
function goesOn(state: Extract<State, { kind: 'pinned' }>, { ssrc, sequenceNumber }: Sign, nowMs: number): boolean {
  const silentMs = nowMs - state.lastMs;
  if (silentMs < SILENT_MS || ssrc !== state.ssrc) return false;
  const ahead = (sequenceNumber - state.sequenceNumber) & 0xffff;
  return ahead > 0 && ahead <= Math.min(0x7fff, MOST_AHEAD + (silentMs / 1000) * PACKETS_PER_SECOND);
}

function isSame(a: Source | undefined, b: Source | undefined): boolean {
  return a?.address === b?.address && a?.port === b?.port;
}
