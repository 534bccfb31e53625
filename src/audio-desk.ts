// The recognisers and voices of this server for requests that have no session: who serves them, and what each may use.
import type { Usage } from './access/usage.ts';
import { refused } from './engine-refusal.ts';
import { EngineError } from './engines/engine.ts';
import type { Router } from './engines/routing/router.ts';
import type { AudioDesk } from './http/routes/deps.ts';
import { spokenRateHz } from './http/routes/speech.ts';
import { randomIds } from './lib/ids.ts';
import { toBytes } from './media/pcm.ts';
import { Resampler } from './media/resample.ts';
import { type Failed, failureOf } from './pipeline/failure.ts';
import { SpeechText } from './pipeline/speech-text.ts';
import { errors } from './protocol/errors.ts';

/** What a recogniser is given at a time: the engines copy it, and sessions want their turn in between. */
const hearSamples = 16_000;
/** The speed of a voice is bounded as that of a session is. */
const mostSpeed = 1.5;

interface AudioDeskParts {
  readonly router: Router;
  readonly usage: Usage;
  readonly defaultVoice: string;
}

export function openAudioDesk({ router, usage, defaultVoice }: AudioDeskParts): AudioDesk {
  return {
    async speak({ text, model, voice = defaultVoice, speed }, { keyId }, signal) {
      const allowance = usage.of(keyId);
      const excess = allowance.speech();
      if (excess) throw errors.limited(excess);
      if (!router.hasTts(model)) throw errors.notServed('model', 'The speech model', model, router.nearest('tts', model));
      if (!router.hasVoice(voice)) throw errors.unknownVoice('voice', voice, router.nearest('voice', voice));
      const { engine, ...choice } = router.tts(model, voice);
      const script = new SpeechText(engine, 'auto');
      async function* clauses() {
        yield* script.push(text);
        yield* script.flush();
      }
      const options = { ...choice, speed: Math.min(speed, mostSpeed), origin: { key: keyId, session: randomIds('speech') } };
      const sound = engine.speak(clauses(), options, signal)[Symbol.asyncIterator]();
      const first = await declared(sound.next(), 'The voice');
      return (async function* () {
        let resampler: { fromHz: number; stream: Resampler } | undefined;
        for (let next = first; !next.done; next = await sound.next()) {
          const { pcm } = next.value;
          allowance.spoken(pcm.samples.length / pcm.rateHz);
          if (resampler?.fromHz !== pcm.rateHz) {
            if (resampler) yield toBytes(resampler.stream.flush());
            resampler = { fromHz: pcm.rateHz, stream: new Resampler(pcm.rateHz, spokenRateHz) };
          }
          yield toBytes(resampler.stream.process(pcm.samples));
        }
        if (resampler) yield toBytes(resampler.stream.flush());
      })();
    },

    async transcribe({ bytes, model, language, prompt }, { keyId }, signal) {
      const allowance = usage.of(keyId);
      const excess = allowance.recognition();
      if (excess) throw errors.limited(excess);
      if (!router.hasStt(model)) throw errors.notServed('model', 'The transcription model', model, router.nearest('stt', model));
      const { samples } = await router.decoder.decode(bytes).catch((error: unknown) => {
        if (error instanceof EngineError && error.reason === 'rejected')
          throw errors.invalid('file', failureOf(error, 'The decoder of sound files').message);
        throw refused(error, 'The decoder of sound files');
      });
      const { engine, ...route } = router.stt(model);
      const options = {
        model: route.model,
        vocabulary: [],
        origin: { key: keyId, session: randomIds('file') },
        ...(language === undefined ? {} : { language }),
        ...(prompt === undefined ? {} : { prompt }),
      };
      const recognition = engine.open(options, () => {});
      const close = () => recognition.close();
      signal.addEventListener('abort', close, { once: true });
      try {
        for (let at = 0; at < samples.length; at += hearSamples) recognition.hear(samples.subarray(at, at + hearSamples));
        const seconds = samples.length / 16_000;
        allowance.recognised(seconds);
        const words = await declared(recognition.words('final'), 'The speech recognition');
        return { text: words.text, words: words.words, language: words.languages?.[0] ?? language, seconds };
      } finally {
        signal.removeEventListener('abort', close);
        recognition.close();
      }
    },
  };
}

async function declared<T>(work: Promise<T>, what: Failed): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw refused(error, what);
  }
}
