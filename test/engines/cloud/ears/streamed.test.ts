// Every streaming adapter keeps the contract of recognisers, against its service's protocol over real sockets.
import { afterAll, beforeAll, describe } from 'vitest';
import { describeStt } from '../../../contract/stt.ts';
import { FakeService, type Speaks } from './fake-service.ts';
import { assemblyAi, cartesia, deepgram, deepgramFlux, inworld, soniox } from './fakes.ts';
import { openEar } from './opening.ts';
import { speech } from './speech.ts';

describe.each<[string, string, Speaks]>([
  ['deepgram', 'nova-3', deepgram],
  ['deepgram', 'flux-general-en', deepgramFlux],
  ['assemblyai', 'universal-streaming-multilingual', assemblyAi],
  ['inworld', 'inworld-stt-1', inworld],
  ['soniox', 'stt-rt-v5', soniox],
  ['cartesia', 'ink-whisper', cartesia],
])('%s/%s', (prefix, defaultModel, speaks) => {
  const service = new FakeService(speaks);
  beforeAll(() => service.listen());
  afterAll(() => service.close());
  describeStt(`${prefix}/${defaultModel}`, {
    open: () => openEar(prefix, { baseUrl: service.baseUrl, defaultModel }),
    speech: async () => speech,
  });
});
