// ElevenLabs' wss …/v1/text-to-speech/{voice_id}/multi-stream-input and GET /v2/voices, with the messages of elevenlabs.io/docs/api-reference/
// text-to-speech/v-1-text-to-speech-voice-id-multi-stream-input and …/voices/search.
import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import type { VoiceAccess } from '../../../src/engines/cloud/voices/access.ts';
import { createElevenLabsVoices } from '../../../src/engines/cloud/voices/elevenlabs.ts';
import type { Tts } from '../../../src/engines/engine.ts';
import { FakeService, json, tone, WORD_MS, wordsOf } from './fake-service.ts';

interface Message {
  text?: string;
  context_id: string;
  flush?: boolean;
  close_context?: boolean;
  close_socket?: boolean;
  voice_settings?: { speed?: number; stability?: number };
}

/** Words in one message of sound. */
const PER_MESSAGE = 3;

export class FakeElevenLabs extends FakeService {
  readonly model = 'eleven_flash_v2_5';
  readonly opened: Message[] = [];
  openContexts = 0;
  mostOpen = 0;
  /** Told for the next context, before the connection is closed. */
  error: { error: string; message: string } | undefined;

  protected create(access: VoiceAccess): Tts {
    return createElevenLabsVoices(access);
  }

  protected respond(url: URL, _body: unknown, response: ServerResponse): void {
    if (url.pathname !== '/v2/voices') {
      json(response, { detail: 'Not Found' }, 404);
      return;
    }
    const isFirst = url.searchParams.get('next_page_token') === null;
    const rachel = {
      voice_id: '21m00Tcm4TlvDq8ikWAM',
      name: 'Rachel - Calm, Clear',
      category: 'premade',
      labels: { accent: 'british', descriptive: 'calm', age: 'young', gender: 'female', language: 'en', use_case: 'narration' },
      description: null,
    };
    const bill = {
      voice_id: 'pqHfZKP75CvOlQylNhV4',
      name: 'Bill',
      category: 'premade',
      labels: { gender: 'male', language: 'de', age: 'old' },
      description: 'Wise.',
    };
    json(response, { voices: [isFirst ? rachel : bill], has_more: isFirst, total_count: 2, next_page_token: isFirst ? 'p2' : null });
  }

  protected override serve(ws: WebSocket): void {
    const contexts = new Map<string, { buffer: string; speed: number }>();
    const send = (fields: object) => ws.send(JSON.stringify(fields));
    const generate = (contextId: string) => {
      const context = contexts.get(contextId);
      const text = context?.buffer ?? '';
      if (context) context.buffer = '';
      if (text.trim() === '' || this.fault === 'no sound') return;
      const speak = () => this.#speak(ws, contextId, text, context?.speed ?? 1, send);
      if (this.fault === 'silent') this.hold(speak, text);
      else speak();
    };
    ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message;
      const { context_id: contextId, text = '' } = message;
      if (message.close_socket) {
        ws.close(1000);
        return;
      }
      let context = contexts.get(contextId);
      if (message.close_context) {
        if (!context) return;
        const close = () => {
          contexts.delete(contextId);
          this.openContexts -= 1;
          send({ audio: null, isFinal: true, contextId });
          this.changed();
        };
        if (!this.isStuck) close();
        else {
          this.hold(close);
          this.cancelled += 1;
          this.changed();
        }
        return;
      }
      if (!context) {
        if (contexts.size >= 5) {
          send({
            message:
              'Maximum simultaneous contexts per WebSocket connection exceeded (5). Please close an existing context before opening a new one.',
            error: 'max_active_conversations',
            code: 1008,
          });
          ws.close(1008, 'Maximum simultaneous contexts per WebSocket connection exceeded (5).');
          return;
        }
        const error =
          this.fault === 'unknown voice'
            ? { error: 'voice_id_does_not_exist', message: 'A voice with voice_id nobody does not exist.' }
            : this.error;
        if (error) {
          send({ ...error, code: 1008 });
          ws.close(1008, error.message);
          return;
        }
        context = { buffer: '', speed: message.voice_settings?.speed ?? 1 };
        contexts.set(contextId, context);
        this.opened.push(message);
        this.openContexts += 1;
        this.mostOpen = Math.max(this.mostOpen, this.openContexts);
      }
      context.buffer += text;
      if (text.trim() !== '') {
        this.texts.push(text);
        this.changed();
      }
      if (this.fault === 'garbage' && text.trim() !== '') ws.send('no json');
      else if (message.flush) generate(contextId);
    });
  }

  /** Some words a message; the times of its characters count from its own beginning. A word may be cut by the end of one. */
  #speak(ws: WebSocket, contextId: string, text: string, speed: number, send: (fields: object) => void): void {
    const words = wordsOf(text);
    for (let at = 0; at < words.length; at += PER_MESSAGE) {
      const some = words.slice(at, at + PER_MESSAGE);
      const chars: string[] = [];
      const charStartTimesMs: number[] = [];
      const charDurationsMs: number[] = [];
      for (const [i, word] of some.entries()) {
        const spaced = [...(i === 0 && at > 0 ? ` ${word}` : i > 0 ? ` ${word}` : word)];
        const each = Math.floor(WORD_MS / speed / spaced.length);
        for (const [j, character] of spaced.entries()) {
          chars.push(character);
          charStartTimesMs.push(Math.round((i * WORD_MS) / speed) + j * each);
          charDurationsMs.push(each);
        }
      }
      if (at + PER_MESSAGE >= words.length) {
        chars.push(' ');
        charStartTimesMs.push(Math.round((some.length * WORD_MS) / speed) - 1);
        charDurationsMs.push(1);
      }
      const alignment = { charStartTimesMs, charDurationsMs, chars };
      send({ audio: tone(some.length, speed).toString('base64'), isFinal: null, normalizedAlignment: alignment, alignment, contextId });
      if (this.fault === 'stalls') return;
      if (this.fault === 'hangs up') {
        ws.terminate();
        return;
      }
    }
  }
}
