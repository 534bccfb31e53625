// `POST /audio/transcriptions` of OpenAI and of every server that is compatible with it: a WAV file in a form, answered with JSON or with
// server-sent events. Written from developers.openai.com/api/reference (audio/transcriptions), console.groq.com/docs/speech-to-text,
// docs.mistral.ai/api (audio/transcriptions), and the sources of speaches and vLLM. Not tried against the services, nor against these servers.
import { EngineError, type EngineEnvironment, type EngineInfo, type Stt, type SttOptions, type Transcript } from '../../engine.ts';
import { writeWav } from '../../../media/wav.ts';
import { headerOf, refusalOf } from '../http-answer.ts';
import { type FarSide, networkFailure } from '../openai-failure.ts';
import { WarmAgent } from '../warm-agent.ts';
import { multipart } from './multipart.ts';
import { PostedRecognition } from './posted-recognition.ts';
import { answerOf } from './transcription-answer.ts';
import { type TranscriptionForm, transcriptionForm } from './transcription-form.ts';
import { type Access, RATE_HZ } from './wire.ts';

/** How long the words may take, beside the time it took to speak them: servers without a GPU need it. */
const ANSWER_MS = 10_000;
/** How long the connection may take to finish after the last word. */
const DRAIN_MS = 1000;

export interface OpenAiEarOptions {
  readonly info: EngineInfo;
  /** `baseUrl` up to and including the version; without a key, none is sent. */
  readonly access: Access;
  /** What a model takes and gives; the one that is used when a session names none decides what the engine can. */
  readonly formOf: (model: string) => TranscriptionForm;
  readonly defaultModel: string;
}

export function openAiEar({ info, access, formOf, defaultModel }: OpenAiEarOptions, { clock, log }: EngineEnvironment): Stt {
  const usual = formOf(defaultModel);
  const side: FarSide = { id: info.id, name: info.name, secrets: [access.apiKey] };
  const authorization: Record<string, string> = access.apiKey === '' ? {} : { authorization: `Bearer ${access.apiKey}` };
  const agent = new WarmAgent({ clock, headers: authorization, keepWarm: false, url: `${access.baseUrl}/models` });
  const recognitions = new Set<PostedRecognition>();
  let closed = false;
  const gone = () => new EngineError(info.id, 'unavailable', `${info.name} is shut down`);

  async function post(options: SttOptions, samples: Int16Array, before: string, signal: AbortSignal): Promise<Transcript> {
    const form = formOf(options.model);
    const request = new AbortController();
    const limitMs = Math.round(ANSWER_MS + (samples.length * 1000) / RATE_HZ);
    const timer = clock.after(limitMs, () =>
      request.abort(new EngineError(info.id, 'timeout', `${info.name} did not tell the words within ${limitMs} ms`)),
    );
    const abort = () => request.abort();
    signal.addEventListener('abort', abort, { once: true });
    let started = false;
    try {
      const bytes = writeWav({ samples, rateHz: RATE_HZ });
      const { type, body } = multipart(transcriptionForm(form, options, before), {
        field: 'file',
        name: 'speech.wav',
        type: 'audio/wav',
        bytes,
      });
      const headers = { ...authorization, 'content-type': type };
      const response = await agent.post(`${access.baseUrl}/audio/transcriptions`, headers, body, request.signal);
      started = true;
      if (response.statusCode !== 200) throw await refusalOf(side, response, clock);
      const { transcript, rest } = await answerOf(headerOf(response, 'content-type') ?? '', response.body, side);
      // Breaking off would close the connection, which the next request can use.
      const impatience = clock.after(DRAIN_MS, abort);
      void rest.finally(() => impatience.cancel());
      return transcript;
    } catch (error) {
      const { reason } = request.signal;
      request.abort();
      const failure: unknown = reason instanceof EngineError ? reason : error;
      const told = failure instanceof EngineError ? failure : networkFailure(side, failure, started);
      if (!signal.aborted) log.warn({ engine: info.id, reason: told.reason, model: options.model }, told.message);
      throw told;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  return {
    info,
    can: { partials: false, wordTimes: usual.format === 'verbose_json', keyTerms: true, logprobs: false },
    async warmUp() {
      if (closed) throw gone();
    },
    open(wish) {
      const options = { ...wish, model: wish.model || defaultModel };
      const recognition: PostedRecognition = new PostedRecognition(
        info.id,
        (samples, before, signal) => post(options, samples, before, signal),
        () => recognitions.delete(recognition),
      );
      if (closed) recognition.end(gone());
      else {
        recognitions.add(recognition);
        // The handshake is over when the sound is sent.
        agent.ready(recognitions.size);
      }
      return recognition;
    },
    async close() {
      closed = true;
      for (const recognition of recognitions) recognition.end(gone());
      await agent.close();
    },
  };
}
