// The audio formats of the wire and every spelling clients use for them (protocol 7.3, conflicts C7 and C8).
import { z } from 'zod';
import { isRecord } from './json.ts';

export const pcmRates = [8000, 16000, 24000, 32000, 44100, 48000] as const;
export type PcmRate = (typeof pcmRates)[number];

export type AudioFormat = { type: 'audio/pcm'; rate: PcmRate } | { type: 'audio/pcmu' } | { type: 'audio/pcma' };

/** A loudspeaker that the server feeds at the pace of real time: a call's. What has been sent there is heard `lagMs` later. */
export interface Speaker {
  readonly lagMs: number;
  /** What the call's sound is in, both ways, whatever a client asks for. */
  readonly format: AudioFormat;
}

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
  if (!isRecord(input)) return input;
  // The published types let every field go; only PCM has a rate.
  const named = input.type ?? (input.rate == null ? undefined : 'audio/pcm');
  if (typeof named !== 'string') return input;
  const type = spellings[named];
  if (type === 'audio/pcm') return { type, rate: input.rate ?? 24000 };
  return { type: type ?? named };
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

/** The same in a partial object, where a format that names nothing changes nothing. */
export const audioFormatPatch = z.preprocess(
  (input) => (isRecord(input) && input.type === undefined && input.rate === undefined ? undefined : input),
  audioFormat.optional(),
);

export function sampleRateHz(format: AudioFormat): number {
  return format.type === 'audio/pcm' ? format.rate : 8000;
}

export function isSameFormat(a: AudioFormat, b: AudioFormat): boolean {
  return a.type === b.type && sampleRateHz(a) === sampleRateHz(b);
}

export function bytesPerSample(format: AudioFormat): 1 | 2 {
  return format.type === 'audio/pcm' ? 2 : 1;
}
