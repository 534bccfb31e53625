// `POST /audio/transcriptions` of OpenAI and of every server that is compatible with it: a WAV file in a form, answered with JSON or with
// server-sent events. Written from developers.openai.com/api/reference (audio/transcriptions), console.groq.com/docs/speech-to-text,
// docs.mistral.ai/api (audio/transcriptions), and the sources of speaches and vLLM. Not tried against the services, nor against these servers.
import { EngineError, type EngineEnvironment, type EngineInfo, type Stt, type SttOptions, type Transcript } from '../../engine.ts';
import { writeWav } from '../../../media/wav.ts';
import { type FarSide, httpFailure, networkFailure, parsedOr } from '../openai-failure.ts';
import { retryAfterMs } from '../retry-after.ts';
import { PostedRecognition } from './posted-recognition.ts';
import { answerOf } from './transcription-answer.ts';
import { type TranscriptionForm, transcriptionForm } from './transcription-form.ts';
import { type Access, RATE_HZ } from './wire.ts';

/** How long the words may take, beside the time it took to speak them: servers without a GPU need it. */
const ANSWER_MS = 10_000;
/** How long a connection is kept between two requests: as long as a pause in a conversation may be. */
const KEPT_MS = 60_000;
/** How long the connection may take to finish after the last word. */
const DRAIN_MS = 1000;
const FAILURE_BYTES = 64 * 1024;

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
  // Loaded only where such a service is used: commands that merely read settings would wait for it. Node's own fetch forgets a connection after 4 s.
  const loading = import('undici').then(({ Agent, fetch, FormData, request }) => ({
    agent: new Agent({ keepAliveTimeout: KEPT_MS, keepAliveMaxTimeout: KEPT_MS }),
    fetch,
    FormData,
    request,
  }));
  const authorization: Record<string, string> = access.apiKey === '' ? {} : { authorization: `Bearer ${access.apiKey}` };
  const recognitions = new Set<PostedRecognition>();
  let closed = false;
  let usedMs = Number.NEGATIVE_INFINITY;
  const gone = () => new EngineError(info.id, 'unavailable', `${info.name} is shut down`);

  /** Makes a connection while somebody speaks, so that the handshake is over when the sound is sent. What is answered does not matter. */
  async function connect(): Promise<void> {
    if (clock.now() - usedMs < KEPT_MS) return;
    usedMs = clock.now();
    try {
      const { agent, request } = await loading;
      const { body } = await request(`${access.baseUrl}/models`, { headers: authorization, dispatcher: agent });
      await body.dump();
    } catch {
      // The sound will tell.
    }
  }

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
      const { agent, fetch, FormData } = await loading;
      const body = new FormData();
      body.append('file', new Blob([writeWav({ samples, rateHz: RATE_HZ })], { type: 'audio/wav' }), 'speech.wav');
      for (const [name, value] of transcriptionForm(form, options, before)) body.append(name, value);
      const response = await fetch(`${access.baseUrl}/audio/transcriptions`, {
        method: 'POST',
        headers: authorization,
        body,
        // A key must not follow a redirect to who knows where.
        redirect: 'manual',
        dispatcher: agent,
        signal: request.signal,
      });
      started = true;
      if (response.status !== 200 || !response.body) {
        const wait = retryAfterMs(new Headers([...response.headers]), clock.wallMs());
        throw httpFailure(side, response.status, parsedOr(await failureText(response.body)), wait);
      }
      usedMs = clock.now();
      const { transcript, rest } = await answerOf(response.headers.get('content-type') ?? '', response.body, side);
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
        void connect();
      }
      return recognition;
    },
    async close() {
      closed = true;
      for (const recognition of recognitions) recognition.end(gone());
      await (await loading).agent.destroy();
    },
  };
}

async function failureText(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > FAILURE_BYTES) break;
  }
  return text;
}
