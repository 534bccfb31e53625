// Deepgram's two services as one engine: the model's name tells which of them hears an utterance.
import type { EngineEnvironment, EngineInfo, Stt } from '../../engine.ts';
import { deepgramFluxWire } from './deepgram-flux.ts';
import { deepgramWire } from './deepgram.ts';
import { StreamedStt } from './streamed-stt.ts';
import type { Access } from './wire.ts';

export function deepgramEar(info: EngineInfo, access: Access & { defaultModel: string }, environment: EngineEnvironment): Stt {
  const nova = new StreamedStt(deepgramWire(info, access), access.defaultModel, environment);
  const flux = new StreamedStt(deepgramFluxWire(info, access), access.defaultModel, environment);
  return {
    info,
    can: nova.can,
    warmUp: () => nova.warmUp(),
    open: (options, onPartial) => ((options.model || access.defaultModel).startsWith('flux') ? flux : nova).open(options, onPartial),
    close: async () => {
      await Promise.all([nova.close(), flux.close()]);
    },
  };
}
