// Speech that recognisers should understand, made by the synthesiser that needs no model.
import { expect } from 'vitest';
import { noModels } from '../../src/engines/engine.ts';
import { flite } from '../../src/engines/local/flite/flite.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { concat } from '../../src/media/pcm.ts';
import { type SpeechSample, STT_RATE_HZ } from './stt.ts';

/** Each text in the first voice there is. */
export async function spoken(texts: readonly string[]): Promise<SpeechSample[]> {
  const tts = flite.create({ dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels });
  const samples: SpeechSample[] = [];
  try {
    const voice = tts.voices()[0]?.id as string;
    for (const text of texts) {
      const pieces: Int16Array[] = [];
      const clauses = (async function* () {
        yield text;
      })();
      for await (const { pcm } of tts.speak(clauses, { model: '', voice, speed: 1 }, new AbortController().signal)) {
        expect(pcm.rateHz).toBe(STT_RATE_HZ);
        pieces.push(pcm.samples);
      }
      samples.push({ samples: concat(pieces), words: text.toLowerCase().replaceAll(/[.,?]/g, '').split(' ') });
    }
  } finally {
    await tts.close();
  }
  return samples;
}
