// providerData.tts (protocol 7.6): how answers are spoken, beyond GA's fields. It counts from the next response on.
import { z } from 'zod';

/** Inworld writes some of these in capitals and some not; either is read. */
function anyCase<const V extends readonly [string, ...string[]]>(values: V) {
  return z.string().toLowerCase().pipe(z.enum(values));
}

const segmenterStrategies = ['auto', 'balanced', 'sentence', 'full_turn', 'fast_start', 'per_segment_context'] as const;
export type SegmenterStrategy = (typeof segmenterStrategies)[number];

export const tts = z
  .object({
    segmenter_strategy: anyCase(segmenterStrategies),
    steering_handling: anyCase(['repeat_each_chunk', 'emit_once']),
    language: z.string().min(2).max(16),
    delivery_mode: anyCase(['stable', 'balanced', 'creative']),
    /** These two may be set until the first response. */
    conversational: z.boolean(),
    user_turn_mode: anyCase(['both', 'audio_only', 'text_only', 'none']),
    timestamp_type: anyCase(['word', 'character']),
    /** With the sound (unless told otherwise), or in an event of their own after it. */
    timestamp_transport_strategy: anyCase(['sync', 'async']),
  })
  .partial();
