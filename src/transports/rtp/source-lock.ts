// Whose packets are listened to (symmetric RTP). A description names an address that a telephone behind NAT does not send from, so the first
// packet of the call shows the real one, and from then on nobody else is heard: a stranger who sends to every port of this machine must
// neither be heard nor get what is said.

/**
 * The far side has been silent for so long before its stream may go on from somewhere else, since its NAT has given it another port. Longer than a
 * network's jitter, so that two who send at once do not take turns, and no longer, since what is said until then is lost.
 */
const SILENT_MS = 200;
/** Packets that may have been sent meanwhile, beyond those of the time that passed. */
const MOST_AHEAD = 500;
const PACKETS_PER_SECOND = 100;

/** Until so many packets have come of whoever came first, it may have been a stranger: half a second of sound. */
const LEARNING_PACKETS = 25;
/** Meanwhile somebody else is believed who has sent so many in a row, if nothing has come of the first for so long: strangers send a few. */
const CONVINCING_PACKETS = 5;
const FALTERING_MS = 100;
const MOST_OTHERS = 64;

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
  | { readonly kind: 'pinned'; readonly source: Source; ssrc: number; sequenceNumber: number; lastMs: number; packets: number };

type Pinned = Extract<State, { kind: 'pinned' }>;

interface Other extends Sign {
  readonly packets: number;
}

export class SourceLock {
  readonly #rules: SourceRules;
  #described: Source | undefined;
  #state: State = { kind: 'open' };
  /** Who else has sent while the first was not certain yet, by where from. */
  readonly #others = new Map<string, Other>();

  constructor(rules: SourceRules) {
    this.#rules = rules;
  }

  /**
   * The far side has said where it is; undefined, that it is nowhere for now. Another place than before is another far side, whose packets
   * may come from anywhere again.
   */
  describe(place: Source | undefined): void {
    if (!place || isSame(place, this.#described)) return;
    this.#described = place;
    this.#state = { kind: 'open' };
    this.#others.clear();
  }

  get pinned(): Source | undefined {
    return this.#state.kind === 'pinned' ? this.#state.source : undefined;
  }

  /** Whether a packet from there need not be looked at, whatever stands in it. */
  isClosedTo(source: Source, nowMs: number): boolean {
    const state = this.#state;
    if (state.kind === 'pinned' && isSame(state.source, source)) return false;
    if (!this.#rules.mayCome(source.address)) return true;
    if (state.kind === 'open' || isSame(source, this.#described) || state.packets < LEARNING_PACKETS) return false;
    return nowMs - state.lastMs < SILENT_MS;
  }

  /** Whether a packet is heard that is one of this call by what stands in it. */
  admit(source: Source, sign: Sign, nowMs: number): boolean {
    const state = this.#state;
    if (state.kind === 'pinned' && isSame(state.source, source)) {
      state.ssrc = sign.ssrc;
      state.sequenceNumber = sign.sequenceNumber;
      state.lastMs = nowMs;
      state.packets++;
      if (state.packets >= LEARNING_PACKETS) this.#others.clear();
      return true;
    }
    if (!this.#rules.mayCome(source.address)) return false;
    // What was signalled is believed over what came first.
    const isWelcome =
      state.kind === 'open' || isSame(source, this.#described) || goesOn(state, sign, nowMs) || this.#convinces(state, source, sign, nowMs);
    if (!isWelcome) return false;
    this.#state = { kind: 'pinned', source, ssrc: sign.ssrc, sequenceNumber: sign.sequenceNumber, lastMs: nowMs, packets: 1 };
    this.#others.clear();
    return true;
  }

  #convinces(state: Pinned, { address, port }: Source, { ssrc, sequenceNumber }: Sign, nowMs: number): boolean {
    if (state.packets >= LEARNING_PACKETS) return false;
    const name = `${address} ${port}`;
    const before = this.#others.get(name);
    const isNext = before?.ssrc === ssrc && sequenceNumber === ((before.sequenceNumber + 1) & 0xffff);
    const packets = isNext ? before.packets + 1 : 1;
    if (!before && this.#others.size >= MOST_OTHERS) return false;
    this.#others.set(name, { ssrc, sequenceNumber, packets });
    return packets >= CONVINCING_PACKETS && nowMs - state.lastMs >= FALTERING_MS;
  }
}

/** The same stream, which went on while nothing of it came here: nobody who has not seen it can know its numbers. */
function goesOn(state: Pinned, { ssrc, sequenceNumber }: Sign, nowMs: number): boolean {
  const silentMs = nowMs - state.lastMs;
  if (silentMs < SILENT_MS || ssrc !== state.ssrc) return false;
  const ahead = (sequenceNumber - state.sequenceNumber) & 0xffff;
  return ahead > 0 && ahead <= Math.min(0x7fff, MOST_AHEAD + (silentMs / 1000) * PACKETS_PER_SECOND);
}

function isSame(a: Source | undefined, b: Source | undefined): boolean {
  return a?.address === b?.address && a?.port === b?.port;
}
