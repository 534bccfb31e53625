import { defineConfig } from 'vitest/config';
import Sequence from './test/sequence.ts';

/** Files in which the embedded recogniser hears real speech. They wait for speech more than they reckon. */
const speech = ['test/e2e/**/*.test.ts', 'test/clients/**/*.test.ts', 'test/contract/pocketsphinx.test.ts'];
/** Those of them that hold a page's calls, or the patience of a turn's end, against the clock: they need the machine more to themselves. */
const calls = ['test/e2e/webrtc*.test.ts', 'test/clients/agents-webrtc.test.ts', 'test/e2e/neural.test.ts'];
/** Tests of parts that hold times against the clock as well. */
const timed = [
  'test/transports/webrtc/{media,chromium}.test.ts',
  'test/cli/{talk-resume,phone}.test.ts',
  'test/engines/routing/ttft.test.ts',
];
/** Those that need all of it: for two tabs of a browser, or to see whether the main loop ever stands still. */
const alone = ['test/e2e/webrtc-worker-death.test.ts', 'test/e2e/store-locked.test.ts'];
/** Files that start no process, replace no module, keep nothing open and measure neither time nor memory: they share processes, which halves their cost. */
const rules = [
  'test/{session,media,metrics,bench}/**/*.test.ts',
  'test/protocol/**/!(base64|beta-types).test.ts',
  'test/pipeline/**/!(hostile-text).test.ts',
  'test/console/!(parts).test.ts',
  'test/docs/!(import-law).test.ts',
  'test/lib/!(spool|own-file|guarded-*|helper-threads).test.ts',
  'test/tools/*.test.ts',
  'test/{cli/{leaving,progress-line,replay,talk-parts,talk-tracker},contract/{cloud-voices,llm,scripted}}.test.ts',
  'test/{store/{json-folder,prompts},usage/{ledger,prices}}.test.ts',
  'test/engines/cloud/**/!(faults).test.ts',
  'test/engines/models/{archives,manifest,onnx-*,registry}.test.ts',
  'test/engines/{moonshine,segmented}/*.test.ts',
  'test/engines/routing/!(ttft).test.ts',
  'test/engines/{text/!(truth),offline-*,by-language,call-streams,engine-state,fair-queue,flags,lexical,mel,messages,metered,openai-chat,openapi-schema,preferred,provider-*,providers,router,second-try,sse}.test.ts',
  'test/transports/{audio-text,connection,defaults,greeting,large-message,lifted-sound,line,reader}.test.ts',
  'test/transports/webrtc/{call,candidates,ice-servers,offers,sdp}.test.ts',
  'test/transports/{calls,media-streams,rtp}/**/*.test.ts',
  'test/transports/sip/**/!(fuzz|programs|hostile-packets|phone-media).test.ts',
  'test/telephony/!(recording).test.ts',
];

export default defineConfig({
  test: {
    // Two cores and real engines: files run four at a time, calls two at a time, and tests in a file one after the other.
    maxWorkers: 4,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/left-out.ts'],
    sequence: { sequencer: Sequence },
    globalSetup: ['test/decoders/forget.ts', 'test/tapes/recorded.ts'],
    projects: [
      { extends: true, test: { name: 'rules', include: rules, isolate: false } },
      { extends: true, test: { name: 'parts', include: ['test/**/*.test.ts'], exclude: [...speech, ...rules, ...timed] } },
      { extends: true, test: { name: 'timed', include: timed, maxWorkers: 2, sequence: { groupOrder: 1 } } },
      // The recogniser does not hear the same speech the same twice at its borders. What fails twice has failed.
      { extends: true, test: { name: 'speech', include: speech, exclude: [...calls, ...alone], retry: 1 } },
      { extends: true, test: { name: 'calls', include: calls, exclude: alone, retry: 1, maxWorkers: 2, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'alone', include: alone, retry: 1, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
