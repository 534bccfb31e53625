// What recognising took, as the client is told (protocol 2.2): OpenAI bills some models by tokens and the others by time, and counts
// accordingly. The recogniser knows only time, so tokens are an estimate.
import type { TranscriptionUsage } from '../../protocol/server-events.ts';
import type { Transcription } from '../../protocol/session-config.ts';
import { textTokens } from './context.ts';

/** `gpt-4o-transcribe` and `gpt-4o-mini-transcribe`, with whatever date or addition behind them. */
const countsTokens = /^(?:openai\/)?gpt-4o-(?:mini-)?transcribe(?:-|$)/;
/** OpenAI's published rate of what a user says: a token for every 100 ms. */
const audioTokensPerSecond = 10;

export function transcriptionUsage(asked: Transcription, seconds: number, transcript: string): TranscriptionUsage {
  if (!countsTokens.test(asked.model)) return { type: 'duration', seconds };
  const audio_tokens = Math.round(seconds * audioTokensPerSecond);
  const text_tokens = textTokens(asked.prompt ?? '');
  const input_tokens = audio_tokens + text_tokens;
  const output_tokens = textTokens(transcript);
  return {
    type: 'tokens',
    total_tokens: input_tokens + output_tokens,
    input_tokens,
    input_token_details: { text_tokens, audio_tokens },
    output_tokens,
  };
}
