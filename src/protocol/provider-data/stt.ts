// providerData.stt (protocol 7.6): how the user is listened to, beyond GA's fields. All of it takes effect with the update.
import { z } from 'zod';

export const stt = z
  .object({
    /** Words to expect, beside `transcription.prompt`. */
    prompt: z.string().max(10_000),
    /** The first one counts, where `transcription.language` names none. */
    language_hints: z.array(z.string().min(2).max(16)).max(32),
    /** Overrides `turn_detection.threshold`; semantic_vad has no such field of its own. */
    vad_threshold: z.number().min(0).max(1),
    /** From which score on the judge of semantic_vad is believed that a turn is over. */
    end_of_turn_confidence_threshold: z.number().min(0).max(1),
    /** In milliseconds: no turn ends sooner, and every turn ends at the latest. */
    min_end_of_turn_silence: z.number().int().min(0).max(10_000),
    max_turn_silence: z.number().int().min(0).max(60_000),
    voice_profile: z.boolean(),
    /** Ours: whether `input_audio_buffer.turn_suggestion` is sent. Without it, on Inworld's path only. */
    turn_suggestions: z.boolean(),
  })
  .partial();
