// The codecs of telephone calls: what they are called, and who makes and reads them.
import { OPUS_RATE_HZ } from '../../../media/opus-track.ts';
import { createG711Decoder, createG711Encoder, G711_RATE_HZ, g711Silence } from '../../rtp/g711-voice.ts';
import { createVoiceDecoder, createVoiceEncoder, encodeSilence } from '../../rtp/opus.ts';
import type { VoiceDecoder, VoiceEncoder } from '../../rtp/voice.ts';

export type CodecName = 'PCMU' | 'PCMA' | 'opus';

interface Codec {
  /** Of its RTP clock. */
  readonly clockRateHz: number;
  /** As SDP writes it, and its payload type where nobody has chosen another. */
  readonly map: string;
  readonly type: number;
  readonly parameters?: string;
}

export const codecs: Readonly<Record<CodecName, Codec>> = {
  PCMU: { clockRateHz: G711_RATE_HZ, map: 'PCMU/8000', type: 0 },
  PCMA: { clockRateHz: G711_RATE_HZ, map: 'PCMA/8000', type: 8 },
  opus: { clockRateHz: OPUS_RATE_HZ, map: 'opus/48000/2', type: 96, parameters: 'useinbandfec=1' },
};

export interface Voice {
  readonly encoder: VoiceEncoder;
  readonly decoder: VoiceDecoder;
  /** A packet of silence. */
  readonly silence: Uint8Array;
}

export async function createVoice(codec: CodecName): Promise<Voice> {
  if (codec !== 'opus') {
    const law = codec === 'PCMU' ? 'mu' : 'a';
    return { encoder: createG711Encoder(law), decoder: createG711Decoder(law), silence: g711Silence(law) };
  }
  opusSilence ??= encodeSilence();
  const silence = await opusSilence;
  return { encoder: await createVoiceEncoder(), decoder: await createVoiceDecoder(), silence };
}

/** Made once in a thread, and only where there is a call of Opus. */
let opusSilence: Promise<Uint8Array> | undefined;
