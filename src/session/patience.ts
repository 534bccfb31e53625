// How long a pause may last before the turn is over: what the detection says, what the judge says, and the limits of providerData.stt.
import { errors } from '../protocol/errors.ts';
import { readProviderData } from '../protocol/provider-data/provider-data.ts';
import type { Eagerness, SessionConfig, TurnDetection } from '../protocol/session-config.ts';

/** How long to wait, by how complete the words seem and how eager the client wants us. */
const patience: Record<Exclude<Eagerness, 'auto'>, { complete: number; unsure: number; incomplete: number; mostMs: number }> = {
  high: { complete: 250, unsure: 500, incomplete: 1000, mostMs: 2000 },
  medium: { complete: 400, unsure: 800, incomplete: 1800, mostMs: 4000 },
  low: { complete: 800, unsure: 1500, incomplete: 3500, mostMs: 8000 },
};
/** Scores from here on count as complete, unless the client sets a threshold of its own; below this share of it, as incomplete. */
const completeFrom = 0.7;
const incompleteBelow = 3 / 7;

/** How loud (in the detector's probability) speech must be: `providerData.stt` overrules the detection, which may have no such field. */
export function speechThreshold({ audio, providerData }: SessionConfig): number {
  const detection = audio.input.turn_detection;
  return readProviderData(providerData).stt?.vad_threshold ?? (detection?.type === 'server_vad' ? detection.threshold : 0.5);
}

/**
 * The silence that ends a turn, in milliseconds, within the limits the client sets. `score` is the judge's, undefined until it has spoken;
 * it counts under semantic_vad only.
 */
export function patienceMs(config: SessionConfig, detection: NonNullable<TurnDetection>, score: number | undefined): number {
  const { min_end_of_turn_silence: leastMs = 0, max_turn_silence: mostMs = Infinity } = readProviderData(config.providerData).stt ?? {};
  const wantedMs = detection.type === 'server_vad' ? detection.silence_duration_ms : judgedMs(config, detection.eagerness, score);
  return Math.max(leastMs, Math.min(mostMs, wantedMs));
}

function judgedMs(config: SessionConfig, eagerness: Eagerness, score: number | undefined): number {
  const { complete, unsure, incomplete, mostMs } = patience[eagerness === 'auto' ? 'medium' : eagerness];
  if (score === undefined) return mostMs;
  const threshold = confidenceThreshold(config);
  if (score >= threshold) return complete;
  return score >= threshold * incompleteBelow ? unsure : incomplete;
}

/** From which score on a turn is probably over. */
export function confidenceThreshold(config: SessionConfig): number {
  return readProviderData(config.providerData).stt?.end_of_turn_confidence_threshold ?? completeFrom;
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
