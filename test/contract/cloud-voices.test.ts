// Every service's voices keep the contract of a synthesiser, each against a service on loopback that talks as its documentation says.
import { afterAll } from 'vitest';
import { describeTts } from './tts.ts';
import { FakeCartesia } from './voices/cartesia.ts';
import { FakeDeepgram } from './voices/deepgram.ts';
import { FakeElevenLabs } from './voices/elevenlabs.ts';
import { FakeInworld } from './voices/inworld.ts';
import { FakeOpenAi } from './voices/openai.ts';

const waveOnly = new FakeOpenAi();
waveOnly.dialect = { format: 'wav' };
const services = {
  OpenAI: new FakeOpenAi(),
  'a server of WAVE files': waveOnly,
  Inworld: new FakeInworld(),
  ElevenLabs: new FakeElevenLabs(),
  Cartesia: new FakeCartesia(),
  Deepgram: new FakeDeepgram(),
};

for (const [name, service] of Object.entries(services)) {
  let listening: Promise<void> | undefined;
  afterAll(() => service.close());
  describeTts(name, {
    open: async () => {
      await (listening ??= service.listen());
      return service.open();
    },
  });
}
