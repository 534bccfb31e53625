// The audio formats of the wire and every spelling clients use for them (protocol 7.3, conflicts C7 and C8).
import { z } from 'zod';

export const pcmRates = [8000, 16000, 24000, 32000, 44100, 48000] as const;
export type PcmRate = (typeof pcmRates)[number];

export type AudioFormat = { type: 'audio/pcm'; rate: PcmRate } | { type: 'audio/pcmu' } | { type: 'audio/pcma' };

const spellings: Record<string, AudioFormat['type']> = {
  pcm: 'audio/pcm',
  pcm16: 'audio/pcm',
  'audio/pcm': 'audio/pcm',
  pcmu: 'audio/pcmu',
  g711_ulaw: 'audio/pcmu',
  'audio/pcmu': 'audio/pcmu',
  pcma: 'audio/pcma',
  g711_alaw: 'audio/pcma',
  'audio/pcma': 'audio/pcma',
};

function canonical(input: unknown): unknown {
  if (typeof input === 'string') return canonical({ type: input });
  if (typeof input !== 'object' || input === null || !('type' in input) || typeof input.type !== 'string') return input;
  const type = spellings[input.type];
  if (type === 'audio/pcm') return { type, rate: 'rate' in input && input.rate != null ? input.rate : 24000 };
  return { type: type ?? input.type };
}

/** Accepts objects and strings, gives the GA object: `rate` only for PCM, 24000 when it is not named. */
export const audioFormat: z.ZodType<AudioFormat> = z.preprocess(
  canonical,
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('audio/pcm'), rate: z.literal(pcmRates) }),
    z.object({ type: z.literal('audio/pcmu') }),
    z.object({ type: z.literal('audio/pcma') }),
  ]),
);

export function sampleRateHz(format: AudioFormat): number {
  return format.type === 'audio/pcm' ? format.rate : 8000;
}

export function bytesPerSample(format: AudioFormat): 1 | 2 {
  return format.type === 'audio/pcm' ? 2 : 1;
}
