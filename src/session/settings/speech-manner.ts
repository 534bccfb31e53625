// How a text is to be spoken, beyond voice and speed: an answer, and what is said beside it.
import type { SegmenterStrategy } from '../../protocol/provider-data/tts.ts';

export interface SpeechManner {
  segmenter: SegmenterStrategy;
  steering: 'repeat_each_chunk' | 'emit_once' | undefined;
  language: string | undefined;
  deliveryMode: 'stable' | 'balanced' | 'creative' | undefined;
  /** Ids of those who speak where the voice fails; undefined: as the server has it. */
  fallback: readonly string[] | undefined;
}
