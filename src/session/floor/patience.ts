// How long a pause may last before the turn is over: what the detection says, what the judge says, and the limits of providerData.stt.
import { errors } from '../../protocol/errors.ts';
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import type { Eagerness, SessionConfig, TurnDetection } from '../../protocol/session-config.ts';
import type { Judgement } from '../facts.ts';

type Flag = NonNullable<Judgement['unfinished']> | 'none';
/** By `complete`: below 0.1, below 0.5, below 0.9, and from there on; then what counts when nothing but the words was judged. */
type Waits = readonly [number, number, number, number, number];

/**
 * How long a pause may last, in milliseconds from the end of speech, by how eager the client wants us and by what the judge says. Melody
 * and words know different things: who sounds finished after `and then the` is not, and lists and clauses go on with every melody.
 */
const waits: Readonly<Record<Exclude<Eagerness, 'auto'>, Readonly<Record<Flag, Waits>>>> = {
  low: {
    function_word: [2000, 2000, 1600, 1600, 2000],
    filler: [2000, 2000, 1600, 1600, 2000],
    digits: [1600, 1300, 1300, 1000, 1600],
    open_clause: [1600, 1300, 1300, 1000, 1600],
    none: [1300, 1000, 850, 500, 700],
  },
  medium: {
    function_word: [1600, 1600, 1300, 1300, 1600],
    filler: [1600, 1600, 1300, 1300, 1600],
    digits: [1300, 1000, 1000, 850, 1300],
    open_clause: [1300, 1000, 1000, 850, 1300],
    none: [1000, 850, 700, 400, 550],
  },
  high: {
    function_word: [1300, 1300, 1000, 1000, 1300],
    filler: [1300, 1300, 1000, 1000, 1300],
    digits: [1000, 1000, 850, 700, 1000],
    open_clause: [1000, 1000, 850, 700, 1000],
    none: [850, 700, 400, 250, 400],
  },
};
/** The last border of the table; the others keep their proportion to it where the client sets another. */
const completeFrom = 0.9;
/** From here on the client is told that it is probably over, unless it sets one. */
const suggestedFrom = 0.7;

/** How loud (in the detector's probability) speech must be: `providerData.stt` overrules the detection, which may have no such field. */
export function speechThreshold({ audio, providerData }: SessionConfig): number {
  const detection = audio.input.turn_detection;
  return readProviderData(providerData).stt?.vad_threshold ?? (detection?.type === 'server_vad' ? detection.threshold : 0.5);
}

/**
 * The silence that ends a turn, in milliseconds, within the limits the client sets. `judgement` is undefined until the judge has spoken;
 * it counts under semantic_vad only.
 */
export function patienceMs(config: SessionConfig, detection: NonNullable<TurnDetection>, judgement: Judgement | undefined): number {
  const { min_end_of_turn_silence: leastMs = 0, max_turn_silence: mostMs = Infinity } = readProviderData(config.providerData).stt ?? {};
  const wantedMs =
    detection.type === 'server_vad' ? detection.silence_duration_ms : judgedMs(detection.eagerness, judgement, givenThreshold(config));
  return Math.max(leastMs, Math.min(mostMs, wantedMs));
}

/** The wait of the table; `threshold` is the score from which a turn is taken for complete. */
export function judgedMs(eagerness: Eagerness, judgement: Judgement | undefined, threshold = completeFrom): number {
  const table = waits[eagerness === 'auto' ? 'medium' : eagerness];
  // Whatever the judge may say in the end, nobody is waited for longer than this.
  if (!judgement) return table.function_word[0];
  const { complete, basis, unfinished = 'none' } = judgement;
  const row = table[unfinished];
  if (basis === 'words') return row[4];
  if (complete >= threshold) return row[3];
  if (complete >= (threshold * 5) / 9) return row[2];
  return complete >= threshold / 9 ? row[1] : row[0];
}

/** From which score on the client is told that a turn is probably over. */
export function confidenceThreshold(config: SessionConfig): number {
  return givenThreshold(config) ?? suggestedFrom;
}

function givenThreshold(config: SessionConfig): number | undefined {
  return readProviderData(config.providerData).stt?.end_of_turn_confidence_threshold;
}

/** How long nobody may speak after an answer before the silence becomes a turn; undefined when it may last for ever. */
export function idleTimeoutMs({ audio }: SessionConfig): number | undefined {
  const { turn_detection } = audio.input;
  return turn_detection?.type === 'server_vad' ? (turn_detection.idle_timeout_ms ?? undefined) : undefined;
}

/**
 * Of an update: the two limits may come one by one, so that they are looked at together here.
 * @throws RealtimeError when no silence could be within both.
 */
export function checkPatience({ providerData }: SessionConfig): void {
  const { min_end_of_turn_silence: leastMs = 0, max_turn_silence: mostMs = Infinity } = readProviderData(providerData).stt ?? {};
  if (leastMs <= mostMs) return;
  const message = `It is ${mostMs}, less than min_end_of_turn_silence, which is ${leastMs}.`;
  throw errors.invalid('session.providerData.stt.max_turn_silence', message);
}
