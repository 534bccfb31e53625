// Deepgram's wss …/v1/speak, with the messages of developers.deepgram.com/docs/tts-websocket, …/tts-ws-flush, …/tts-ws-clear and …/tts-ws-close.
import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import type { VoiceAccess } from '../../../src/engines/cloud/voices/access.ts';
import { createDeepgramVoices } from '../../../src/engines/cloud/voices/deepgram.ts';
import type { Tts } from '../../../src/engines/engine.ts';
import { FakeService, json, pieces, tone, wordsOf } from './fake-service.ts';

export class FakeDeepgram extends FakeService {
  readonly model = 'aura-2';
  flushes = 0;
  /** Told before what a flush gives. */
  objection: object | undefined;

  protected create(access: VoiceAccess): Tts {
    return createDeepgramVoices(access);
  }

  protected respond(_url: URL, _body: unknown, response: ServerResponse): void {
    json(response, {}, 404);
  }

  protected override refusal(url: URL): { status: number; headers: string; body: string } | undefined {
    if (this.fault !== 'unknown voice') return super.refusal(url);
    const body = JSON.stringify({
      err_code: 'INVALID_QUERY_PARAMETER',
      err_msg: 'No such model/version combination found.',
      request_id: 'r',
    });
    return { status: 400, headers: 'dg-error: No such model/version combination found.\r\n', body };
  }

  protected override serve(ws: WebSocket, url: URL): void {
    const speed = Number(url.searchParams.get('speed') ?? 1);
    let buffer = '';
    let sequence = 0;
    ws.send(
      JSON.stringify({ type: 'Metadata', request_id: 'r', model_name: url.searchParams.get('model'), model_version: '1', model_uuid: 'u' }),
    );
    const speak = () => {
      const words = wordsOf(buffer);
      buffer = '';
      if (words.length === 0 || this.fault === 'no sound') return true;
      let sent = 0;
      for (const piece of pieces(tone(words.length, speed))) {
        ws.send(piece);
        sent += 1;
        if (sent === 2 && this.fault === 'stalls') return false;
        if (sent === 2 && this.fault === 'hangs up') {
          ws.terminate();
          return false;
        }
      }
      return true;
    };
    ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; text?: string };
      if (message.type === 'Speak') {
        buffer += message.text ?? '';
        this.texts.push(message.text ?? '');
        this.changed();
      } else if (message.type === 'Flush') {
        this.flushes += 1;
        const flush = () => {
          if (speak()) ws.send(JSON.stringify({ type: 'Flushed', sequence_id: sequence++ }));
        };
        if (this.objection) ws.send(JSON.stringify(this.objection));
        if (this.fault === 'silent') this.hold(flush, buffer);
        else if (this.fault === 'garbage') ws.send('"what?"');
        else flush();
      } else if (message.type === 'Clear') {
        buffer = '';
        this.cancelled += 1;
        // What was on its way comes all the same.
        ws.send(tone(1));
        ws.send(JSON.stringify({ type: 'Cleared', sequence_id: sequence }));
        this.changed();
      } else if (message.type === 'Close') ws.close(1000);
    });
  }
}
