// What providerData.tts says about how an answer is spoken, as it stands when the response begins.
import { errors } from '../../protocol/errors.ts';
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import type { SessionConfig } from '../../protocol/session-config.ts';
import type { Core } from '../core.ts';
import type { SpeechManner } from './speech-manner.ts';

export function speechManner({ providerData }: SessionConfig): SpeechManner {
  const { tts = {}, fallback } = readProviderData(providerData);
  return {
    segmenter: tts.segmenter_strategy ?? 'auto',
    steering: tts.steering_handling,
    language: tts.language,
    deliveryMode: tts.delivery_mode,
    fallback: fallback?.tts,
  };
}

const locked = ['conversational', 'user_turn_mode'] as const;

/**
 * A voice that takes part in the conversation hears it from its beginning on: that cannot be changed once something was answered.
 * @throws RealtimeError naming the field. The same value again is no change.
 */
export function checkLocked(core: Core, next: SessionConfig): void {
  if (core.live.length === 0 && !core.lastEnded) return;
  const before = readProviderData(core.config.providerData).tts;
  const after = readProviderData(next.providerData).tts;
  for (const field of locked) {
    if (before?.[field] === after?.[field]) continue;
    throw errors.invalid(`session.providerData.tts.${field}`, `'${field}' cannot be changed after the first response of a session.`);
  }
}
