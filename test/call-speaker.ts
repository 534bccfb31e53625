import type { Speaker } from '../src/protocol/audio-format.ts';

/** The speaker of a call, for tests that need no call. */
export const callSpeaker: Speaker = { lagMs: 80, format: { type: 'audio/pcm', rate: 24_000 } };
