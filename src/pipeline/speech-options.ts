// What a voice is told of how to speak, beside the text: only what it was asked for, and can do.
import type { Origin, Tts, TtsOptions } from '../engines/engine.ts';
import type { SpeechManner } from '../session/settings/speech-manner.ts';

/** `origin`: whose speech it is. */
export function speechOptions(
  { steers }: Pick<Tts, 'steers'>,
  choice: Pick<TtsOptions, 'model' | 'voice'>,
  { speed, manner }: { speed: number; manner: SpeechManner },
  origin: Origin,
): TtsOptions {
  const { language, deliveryMode, steering } = manner;
  return {
    ...choice,
    speed,
    origin,
    ...(language === undefined ? {} : { language }),
    ...(deliveryMode === undefined ? {} : { deliveryMode }),
    ...(steering === undefined || !steers ? {} : { steering }),
  };
}
