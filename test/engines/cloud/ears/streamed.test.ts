// Every streaming adapter keeps the contract of recognisers, against its service's protocol over real sockets.
import { afterAll, beforeAll, describe } from 'vitest';
import { noModels } from '../../../../src/engines/engine.ts';
import { earTable } from '../../../../src/engines/cloud/ears/rows.ts';
import { silentLog } from '../../../../src/lib/log.ts';
import { describeStt } from '../../../contract/stt.ts';
import { FakeService, type Speaks } from './fake-service.ts';
import { assemblyAi, cartesia, deepgram, deepgramFlux, inworld, soniox } from './fakes.ts';
import { hurriedClock, speech } from './speech.ts';

describe.each<[string, string, Speaks]>([
  ['deepgram', 'nova-3', deepgram],
  ['deepgram', 'flux-general-en', deepgramFlux],
  ['assemblyai', 'universal-streaming-multilingual', assemblyAi],
  ['inworld', 'inworld-stt-1', inworld],
  ['soniox', 'stt-rt-v5', soniox],
  ['cartesia', 'ink-whisper', cartesia],
])('%s/%s', (prefix, defaultModel, speaks) => {
  const service = new FakeService(speaks);
  const row = earTable.find((each) => each.prefix === prefix);
  beforeAll(() => service.listen());
  afterAll(() => service.close());
  describeStt(`${prefix}/${defaultModel}`, {
    open: () => {
      if (!row) throw new Error(`no row for ${prefix}`);
      const info = { id: prefix, kind: 'stt', name: row.name, licence: 'LicenseRef-provider', languages: row.languages } as const;
      const environment = { dataDir: '', settings: {}, log: silentLog, clock: hurriedClock, models: noModels };
      return row.create(info, { baseUrl: service.baseUrl, apiKey: 'k', defaultModel }, environment);
    },
    speech: async () => speech,
  });
});
