// The thread files are decoded in, one at a time: takes a file apart and gives back its sound. A broken packet is concealed, as though it had
// been lost on the way; a file that is mostly broken is refused.
import { createDecoder, DecoderCtl, isOpusError, loadLibopus, type OpusDecoderHandle } from 'libopus-wasm';
import { looksLikeContainer } from '../../../media/containers.ts';
import { readOggOpus } from '../../../media/opus-file.ts';
import { OPUS_RATE_HZ, type OpusTrack, packetSamples } from '../../../media/opus-track.ts';
import { durationMs, type Pcm } from '../../../media/pcm.ts';
import { resample } from '../../../media/resample.ts';
import { readWav } from '../../../media/wav.ts';
import { readWebmOpus } from '../../../media/webm-file.ts';
import { EngineError } from '../../engine.ts';
import { serve } from '../crew-member.ts';
import { type DecodeJob, MOST_MS } from './opus-job.ts';

type Rate = 16_000 | 24_000;

await loadLibopus();

serve(
  async ({ bytes, rateHz }: DecodeJob) => {
    try {
      return await soundOf(bytes, rateHz as Rate);
    } catch (error) {
      // Whatever else goes wrong with a file is the file's fault, too: nothing here depends on anything but its bytes.
      throw new EngineError('opus', 'rejected', error instanceof Error ? error.message : String(error), { cause: error });
    }
  },
  (samples) => [samples.buffer as ArrayBuffer],
);

async function soundOf(bytes: Uint8Array, rateHz: Rate): Promise<Int16Array> {
  switch (looksLikeContainer(bytes)) {
    case 'ogg':
      return await decodeOpus(readOggOpus(bytes, MOST_MS), rateHz);
    case 'webm':
      return await decodeOpus(readWebmOpus(bytes, MOST_MS), rateHz);
    case 'wav':
      return resampleWav(readWav(bytes), rateHz);
    case undefined:
      throw new Error('the file is neither Ogg nor WebM nor WAVE');
  }
}

function resampleWav(wave: Pcm, rateHz: Rate): Int16Array {
  if (durationMs(wave) > MOST_MS) throw new Error(`the sound is longer than ${MOST_MS / 60_000} minutes`);
  return resample(wave, rateHz).samples;
}

async function decodeOpus(track: OpusTrack, rateHz: Rate): Promise<Int16Array> {
  // Opus makes mono out of any stream, and any of its rates, by itself.
  const decoder = await createDecoder({ channels: 1, sampleRate: rateHz });
  try {
    if (track.gain !== 0) decoder.decoderCtl(DecoderCtl.SetGain, track.gain);
    return decodePackets(track, decoder, rateHz / OPUS_RATE_HZ);
  } finally {
    decoder.free();
  }
}

/** `scale`: samples made for each sample in Opus's own count. */
function decodePackets({ packets, preSkip, padding }: OpusTrack, decoder: OpusDecoderHandle, scale: number): Int16Array {
  const lengths = packets.map((packet) => Math.round(packetSamples(packet) * scale));
  const whole = new Int16Array(lengths.reduce((sum, length) => sum + length, 0));
  let broken = 0;
  let at = 0;
  for (const [i, packet] of packets.entries()) {
    const length = lengths[i] as number;
    try {
      whole.set(decoder.decode(packet).subarray(0, length), at);
    } catch (error) {
      if (!isOpusError(error)) throw error;
      broken++;
      whole.set(decoder.decodePacketLoss(length), at);
    }
    at += length;
  }
  if (broken * 2 > packets.length) throw new Error('most of the file is no Opus');
  const from = Math.min(Math.round(preSkip * scale), whole.length);
  return whole.slice(from, Math.max(from, whole.length - Math.round(padding * scale)));
}
