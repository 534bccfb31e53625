// Inworld's wss …/tts/v1/voice:streamBidirectional and GET /voices/v1/voices, with the messages of docs.inworld.ai/api-reference/ttsAPI/texttospeech/
// synthesize-speech-websocket and …/voiceAPI/voiceservice/list-voices.
import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import type { VoiceAccess } from '../../../src/engines/cloud/voices/access.ts';
import { createInworldVoices } from '../../../src/engines/cloud/voices/inworld.ts';
import type { Tts } from '../../../src/engines/engine.ts';
import { FakeService, json, tone, WORD_MS, wordsOf } from './fake-service.ts';

interface Create {
  voiceId: string;
  modelId: string;
  audioConfig: { audioEncoding: string; sampleRateHertz: number; speakingRate?: number };
  [field: string]: unknown;
}

const ok = { code: 0, message: '', details: [] };

export class FakeInworld extends FakeService {
  readonly model = 'inworld-tts-2';
  readonly created: Create[] = [];
  /** Contexts that are open at the moment, of all connections. */
  openContexts = 0;
  mostOpen = 0;
  /** What it answers to the next `create`. */
  status = ok;

  protected create(access: VoiceAccess): Tts {
    return createInworldVoices(access);
  }

  protected respond(url: URL, _body: unknown, response: ServerResponse): void {
    const page = url.searchParams.get('pageToken') === null ? 0 : 1;
    const voice = {
      name: 'workspaces/inworld/voices/Alex',
      voiceId: 'Alex',
      langCode: 'EN_US',
      displayName: 'Alex',
      description: 'Energetic and expressive mid-range male voice, with a mildly nasal quality',
      tags: ['friendly', 'expressive'],
      categories: ['companions'],
      source: 'SYSTEM',
      gender: 'male',
      ageGroup: 'middle_aged',
      promptLanguages: ['en-US'],
    };
    const clone = {
      ...voice,
      voiceId: 'ws__john',
      displayName: 'John',
      gender: '',
      ageGroup: '',
      tags: ['demo'],
      source: 'IVC',
      description: 'A cloned woman.',
    };
    json(response, { voices: [page === 0 ? voice : clone], totalSize: 2, nextPageToken: page === 0 ? '1-1' : '' });
  }

  protected override serve(ws: WebSocket): void {
    const contexts = new Map<string, { settings: Create; buffer: string }>();
    const send = (contextId: string, fields: object) => ws.send(JSON.stringify({ result: { contextId, ...fields, status: ok } }));
    const generate = (contextId: string) => {
      const context = contexts.get(contextId);
      if (!context || context.buffer.trim() === '') return;
      const words = wordsOf(context.buffer);
      context.buffer = '';
      if (this.fault === 'no sound') return;
      this.#speak(ws, context.settings, words, (fields) => send(contextId, fields));
    };
    ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Record<string, Record<string, unknown>> & { contextId: string };
      const { contextId } = message;
      const fail = (code: number, text: string) =>
        ws.send(JSON.stringify({ result: { contextId, status: { code, message: text, details: [] } } }));
      if (message['create']) {
        const settings = message['create'] as unknown as Create;
        if (this.status.code !== 0) fail(this.status.code, this.status.message);
        else if (contexts.size >= 5) fail(8, 'maximum number of contexts per connection reached');
        else if (this.fault === 'unknown voice') fail(3, `Unknown voice: ${settings.voiceId} not found!`);
        else {
          contexts.set(contextId, { settings, buffer: '' });
          this.created.push(settings);
          this.openContexts += 1;
          this.mostOpen = Math.max(this.mostOpen, this.openContexts);
          const { voiceId, audioConfig, modelId } = settings;
          send(contextId, { contextCreated: { voiceId, audioConfig, modelId, timestampType: 'WORD', maxBufferDelayMs: 3000 } });
        }
      }
      const context = contexts.get(contextId);
      if (!context) {
        if (!message['create']) fail(5, `Context ${contextId} not found during sendText`);
        return;
      }
      if (message['send_text']) {
        const { text, flush_context: flush } = message['send_text'];
        this.texts.push(text as string);
        context.buffer += text as string;
        this.changed();
        if (this.fault === 'silent') this.hold(() => generate(contextId), text as string);
        else if (this.fault === 'garbage') ws.send('<html>bad gateway</html>');
        // `autoMode`: whole sentences are not kept waiting.
        else if (flush || /[.!?]\s*$/.test(context.buffer)) generate(contextId);
      }
      if (message['close_context']) {
        const close = () => {
          generate(contextId);
          contexts.delete(contextId);
          this.openContexts -= 1;
          send(contextId, { contextClosed: {} });
          this.changed();
        };
        if (!this.isStuck) close();
        else {
          this.hold(close);
          this.cancelled += 1;
          this.changed();
        }
      }
    });
  }

  /** A second of sound a message, the times of its words behind it (`ASYNC`), both from the beginning of what is generated at once. */
  #speak(ws: WebSocket, settings: Create, words: string[], send: (fields: object) => void): void {
    const speed = settings.audioConfig.speakingRate ?? 1;
    const sound = tone(words.length, speed);
    const perMessage = 24_000;
    for (let at = 0; at < sound.length; at += perMessage) {
      const audioContent = sound.subarray(at, at + perMessage).toString('base64');
      send({ audioChunk: { audioContent, usage: { processedCharactersCount: 79, modelId: settings.modelId } } });
      if (this.fault === 'stalls') return;
      if (this.fault === 'hangs up') {
        ws.terminate();
        return;
      }
    }
    const startOf = (i: number) => (i * WORD_MS) / 1000 / speed;
    send({
      audioChunk: {
        audioContent: '',
        timestampInfo: {
          wordAlignment: {
            words,
            wordStartTimeSeconds: words.map((_, i) => startOf(i)),
            wordEndTimeSeconds: words.map((_, i) => startOf(i + 1) - 0.01),
          },
        },
      },
    });
    send({ flushCompleted: {} });
  }
}
