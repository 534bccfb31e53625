// providerData.fallback, ours: who is asked in the place of an engine that fails, in that order; an empty list is nobody. Where a kind is not named, it is
// as the operator has it. `hedge_ms`: how long a language model may be silent before the next of them is asked as well; 0 is never.
import { z } from 'zod';

const ids = z.array(z.string().min(1).max(256)).max(8);

export const fallback = z.object({ llm: ids, stt: ids, tts: ids, hedge_ms: z.int().min(0).max(60_000) }).partial();
