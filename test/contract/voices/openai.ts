// OpenAI's POST /v1/audio/speech: the request as platform.openai.com/docs/api-reference/audio/createSpeech has it, the body a stream of samples; also
// as Groq, Kokoro-FastAPI, speaches and LocalAI answer it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { VoiceAccess } from '../../../src/engines/cloud/voices/access.ts';
import { openAiVoices } from '../../../src/engines/cloud/voices/documented-voices.ts';
import { createSpeechVoices, type SpeechDialect } from '../../../src/engines/cloud/voices/openai.ts';
import type { Tts } from '../../../src/engines/engine.ts';
import { wavHeader } from '../../../src/media/wav.ts';
import { FakeService, json, pieces, RATE_HZ, tone, wordsOf } from './fake-service.ts';

export interface SpeechBody {
  model: string;
  input: string;
  voice: string;
  response_format: string;
  speed?: number;
  instructions?: string;
}

export class FakeOpenAi extends FakeService {
  readonly model = 'gpt-4o-mini-tts';
  dialect: Partial<SpeechDialect> = {};
  contentType = 'audio/pcm';
  /** What it answers to anything but speech, by path. */
  readonly pages = new Map<string, unknown>();
  /** What it was asked for. */
  get bodies(): SpeechBody[] {
    return this.requests.filter(({ url }) => url.endsWith('/audio/speech')).map(({ body }) => body as SpeechBody);
  }

  protected create(access: VoiceAccess): Tts {
    const dialect = { documented: openAiVoices, mostCharacters: 1000, leastSpeed: 0.25, languages: ['*'], ...this.dialect };
    return createSpeechVoices({ ...access, baseUrl: `${access.baseUrl}/v1` }, dialect);
  }

  protected async respond(url: URL, body: unknown, response: ServerResponse, request: IncomingMessage): Promise<void> {
    if (!url.pathname.endsWith('/audio/speech')) {
      const page = this.pages.get(`${url.pathname}${url.search}`);
      json(response, page ?? { error: { message: 'Invalid URL', type: 'invalid_request_error' } }, page === undefined ? 404 : 200);
      return;
    }
    const { input, speed = 1, response_format: format } = body as SpeechBody;
    this.texts.push(input);
    this.changed();
    response.on('close', () => {
      if (response.writableFinished) return;
      this.cancelled += 1;
      this.changed();
    });
    const refusal = this.refusal(url);
    if (refusal) {
      response
        .writeHead(refusal.status, { 'content-type': 'application/json', ...(refusal.status === 429 && { 'retry-after': '7' }) })
        .end(refusal.body);
      return;
    }
    if (this.fault === 'unknown voice') {
      json(response, { error: { message: "Invalid value: 'nobody'.", type: 'invalid_request_error', param: 'voice', code: null } }, 400);
      return;
    }
    if (this.fault === 'silent') {
      this.hold(() => this.#say(input, format, speed, response, request), input);
      return;
    }
    this.#say(input, format, speed, response, request);
  }

  #say(input: string, format: string, speed: number, response: ServerResponse, request: IncomingMessage): void {
    response.writeHead(200, { 'content-type': format === 'wav' ? 'audio/wav' : this.contentType, 'transfer-encoding': 'chunked' });
    if (this.fault === 'garbage') {
      response.end('ID3\x04 this is MP3');
      return;
    }
    if (this.fault === 'no sound') {
      response.end();
      return;
    }
    if (format === 'wav') response.write(wavHeader({ rateHz: RATE_HZ, channels: 1 }));
    let sent = 0;
    for (const piece of pieces(tone(wordsOf(input).length, speed))) {
      response.write(piece);
      sent += 1;
      if (sent === 2 && this.fault === 'stalls') return;
      if (sent === 2 && this.fault === 'hangs up') {
        request.socket.destroySoon();
        return;
      }
    }
    response.end();
  }
}
