// Cartesia's wss …/tts/websocket and GET /voices, with the messages of docs.cartesia.ai/api-reference/tts/websocket, …/use-the-api/api-errors and
// …/api-reference/voices/list (version 2026-03-01).
import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import type { VoiceAccess } from '../../../src/engines/cloud/voices/access.ts';
import { createCartesiaVoices } from '../../../src/engines/cloud/voices/cartesia.ts';
import type { Tts } from '../../../src/engines/engine.ts';
import { FakeService, json, pieces, tone, WORD_MS, wordsOf } from './fake-service.ts';

interface Generation {
  model_id: string;
  transcript?: string;
  voice: { mode: string; id: string };
  language?: string;
  context_id: string;
  continue?: boolean;
  cancel?: boolean;
  generation_config?: { speed?: number };
  [field: string]: unknown;
}

export class FakeCartesia extends FakeService {
  readonly model = 'sonic-3';
  readonly generations: Generation[] = [];
  /** A context is over when its sound is: as if the text behind it came too late. */
  expires = false;
  /** What it answers to the next text, beside the context. */
  error: object | undefined;

  protected create(access: VoiceAccess): Tts {
    return createCartesiaVoices(access);
  }

  protected respond(url: URL, _body: unknown, response: ServerResponse): void {
    const isFirst = url.searchParams.get('starting_after') === null;
    const voice = {
      id: 'f786b574-daa5-4673-aa0c-cbe3e8534c02',
      is_owner: false,
      is_public: true,
      name: 'Katie - Friendly Fixer',
      description: 'Enunciating young adult female for conversational support',
      created_at: '2025-10-27T00:00:00Z',
      language: 'en',
      country: 'US',
      gender: 'feminine',
    };
    const other = {
      ...voice,
      id: 'a0e99841-438c-4a64-b679-ae501e7d6091',
      name: 'Barbershop Man',
      gender: 'masculine',
      country: 'GB',
      description: 'Old and warm.',
    };
    json(response, { data: [isFirst ? voice : other], has_more: isFirst });
  }

  protected override serve(ws: WebSocket): void {
    const contexts = new Map<string, { spokenMs: number }>();
    const send = (fields: object) => ws.send(JSON.stringify(fields));
    ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Generation;
      const { context_id: contextId, transcript = '' } = message;
      if (message.cancel) {
        this.cancelled += 1;
        contexts.delete(contextId);
        this.changed();
        return;
      }
      this.generations.push(message);
      if (this.error) {
        send({ type: 'error', done: true, ...this.error, context_id: contextId });
        return;
      }
      if (this.fault === 'unknown voice') {
        send({
          type: 'error',
          done: true,
          status_code: 404,
          error_code: 'voice_not_found',
          title: 'Voice not found',
          message: 'The voice was not found.',
          request_id: '550e8400-e29b-41d4-a716-446655440000:happy',
          context_id: contextId,
        });
        return;
      }
      const context = contexts.get(contextId) ?? { spokenMs: 0 };
      contexts.set(contextId, context);
      if (transcript.trim() !== '') {
        this.texts.push(transcript);
        this.changed();
        if (this.fault === 'garbage') {
          ws.send('[]');
          return;
        }
        if (this.fault === 'silent') this.hold(() => this.#speak(ws, message, context, send), transcript);
        else if (this.fault !== 'no sound') this.#speak(ws, message, context, send);
      }
      if (message.continue === true && !this.expires) return;
      const end = () => {
        contexts.delete(contextId);
        send({ type: 'done', done: true, status_code: 206, context_id: contextId });
      };
      if (this.isStuck) this.hold(end);
      else end();
    });
  }

  #speak(
    ws: WebSocket,
    { context_id: contextId, transcript = '', generation_config: config }: Generation,
    context: { spokenMs: number },
    send: (fields: object) => void,
  ) {
    const speed = config?.speed ?? 1;
    const words = wordsOf(transcript);
    const startOf = (i: number) => (context.spokenMs + (i * WORD_MS) / speed) / 1000;
    const common = { done: false, status_code: 206, context_id: contextId };
    send({
      type: 'timestamps',
      ...common,
      word_timestamps: { words, start: words.map((_, i) => startOf(i)), end: words.map((_, i) => startOf(i + 1) - 0.005) },
    });
    let sent = 0;
    for (const piece of pieces(tone(words.length, speed))) {
      send({ type: 'chunk', data: piece.toString('base64'), step_time: 123, flush_id: 1, ...common });
      sent += 1;
      if (sent === 2 && this.fault === 'stalls') return;
      if (sent === 2 && this.fault === 'hangs up') {
        ws.terminate();
        return;
      }
    }
    context.spokenMs += (words.length * WORD_MS) / speed;
    send({ type: 'flush_done', done: false, flush_done: true, flush_id: 1, status_code: 206, context_id: contextId });
  }
}
