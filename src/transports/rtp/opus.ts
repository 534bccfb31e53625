// The voice of a call as Opus: packets of 20 ms, made and read at the rate the plug speaks. The RTP clock stays at 48 kHz whatever that is.
import { Application, createDecoder, createEncoder, isOpusError } from 'libopus-wasm';
import { OPUS_RATE_HZ, packetSamples } from '../../media/opus-track.ts';
import { CALL_RATE_HZ, FRAME_MS } from './call-rate.ts';
import { FRAME_SAMPLES, type VoiceDecoder, type VoiceEncoder } from './voice.ts';

/** Steps of the RTP clock in a frame. */
export const FRAME_TICKS = (OPUS_RATE_HZ * FRAME_MS) / 1000;
/** Steps of the RTP clock for each of our samples. */
export const TICKS_PER_SAMPLE = OPUS_RATE_HZ / CALL_RATE_HZ;

/** Bits are cheap, ears are not: 32 kb/s with what is needed to repeat a lost frame. */
export function createVoiceEncoder(): Promise<VoiceEncoder> {
  return createEncoder({
    channels: 1,
    sampleRate: CALL_RATE_HZ,
    frameSize: FRAME_SAMPLES,
    application: Application.Voip,
    bitrate: 32_000,
    complexity: 5,
    fec: true,
    packetLossPercent: 8,
  });
}

export async function createVoiceDecoder(): Promise<VoiceDecoder> {
  const decoder = await createDecoder({ channels: 1, sampleRate: CALL_RATE_HZ });
  const conceal = (samples: number) => decoder.decodePacketLoss(samples) as Int16Array<ArrayBuffer>;
  /** A packet that cannot be read is as good as lost. */
  const reading = (samples: number, read: () => Int16Array): Int16Array<ArrayBuffer> => {
    try {
      return read() as Int16Array<ArrayBuffer>;
    } catch (error) {
      if (!isOpusError(error)) throw error;
      return conceal(samples);
    }
  };
  const length = (packet: Uint8Array) => packetSamples(packet) / TICKS_PER_SAMPLE;
  return {
    length,
    decode: (packet) => reading(length(packet), () => decoder.decode(packet)),
    recover: (packet, samples) => reading(samples, () => decoder.decode(packet, { decodeFec: true, frameSize: samples })),
    conceal,
    free: () => decoder.free(),
  };
}

/** A packet of silence as an encoder makes it that has heard nothing for a while: the same for all calls, and free of charge. */
export async function encodeSilence(): Promise<Uint8Array> {
  const encoder = await createVoiceEncoder();
  try {
    const nothing = new Int16Array(FRAME_SAMPLES);
    for (let i = 0; i < 50; i++) encoder.encode(nothing);
    return encoder.encode(nothing);
  } finally {
    encoder.free();
  }
}
