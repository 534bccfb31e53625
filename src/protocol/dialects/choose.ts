// Which dialect a connection speaks (protocol 6): by its handshake, or by the first thing it says.
import { isRecord } from '../json.ts';
import { beta } from './beta.ts';
import { saysFlat } from './beta-session.ts';
import type { Dialect } from './dialect.ts';
import { ga } from './ga.ts';

/** What a handshake tells of the client's dialect. */
export interface Handshake {
  /** As Node gives them: names in lower case. */
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** All that were offered in `Sec-WebSocket-Protocol`. */
  subprotocols: Iterable<string>;
  /** The ephemeral secret was minted by one of the beta's HTTP routes. */
  secretIsBeta: boolean;
}

/** GA, unless the header `OpenAI-Beta: realtime=v1`, the subprotocol `openai-beta.realtime-v1` or the secret says beta. */
export function chooseDialect({ headers, subprotocols, secretIsBeta }: Handshake): Dialect {
  const features = [headers['openai-beta'] ?? []].flat().flatMap((value) => value.split(','));
  if (features.some((feature) => feature.trim().toLowerCase() === 'realtime=v1')) return beta;
  if ([...subprotocols].some((name) => name.trim().toLowerCase() === 'openai-beta.realtime-v1')) return beta;
  return secretIsBeta ? beta : ga;
}

/**
 * Whether a connection's first update of its session, as raw JSON, is written in the beta's flat shape: without a `type`, with keys that
 * only the beta has, and with none of GA's nesting. Such a connection is answered in beta from here on.
 */
export function looksBeta(message: unknown): boolean {
  if (!isRecord(message)) return false;
  if (message.type === 'transcription_session.update') return true;
  const { session } = message;
  if (message.type !== 'session.update' || !isRecord(session)) return false;
  // What is null is not given, in either shape.
  if (session.type != null || session.audio != null || session.output_modalities != null) return false;
  return saysFlat(session);
}
