// Speech from a text, as OpenAI's /audio/speech gives it (https://platform.openai.com/docs/api-reference/audio/createSpeech): the voices of this server for
// programs that know nothing of sessions, another Parley among them.
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { RouteDeps } from './deps.ts';
import { principalOf, read, untilGone } from './family.ts';

/** As much as OpenAI takes. */
const mostCharacters = 4096;

const speechRequest = z.object({
  model: z.string().max(256).default(''),
  input: z.string().min(1).max(mostCharacters),
  voice: z.union([z.string().min(1).max(256), z.object({ id: z.string().min(1).max(256) }).transform(({ id }) => id)]).optional(),
  // OpenAI's own default is MP3, which is not made here; who names no format is sent WAVE, and players tell them apart.
  response_format: z.enum(['wav', 'pcm']).default('wav'),
  speed: z.number().min(0.25).max(4).default(1),
  stream_format: z.enum(['audio', 'sse']).default('audio'),
});

/** What is spoken, as it is made: mono PCM16 at 24 kHz. */
export type SpokenPieces = AsyncIterable<Uint8Array>;

export const spokenRateHz = 24_000;

export function speechRoutes(scope: FastifyInstance, { audio }: RouteDeps): void {
  scope.post('/v1/audio/speech', async (request, reply) => {
    const { input, model, voice, speed, response_format: format, stream_format: framing } = read(speechRequest, request.body);
    const pieces = await audio.speak({ text: input, model, voice, speed }, principalOf(request), untilGone(reply));
    if (framing === 'sse') return reply.type('text/event-stream').send(Readable.from(asEvents(pieces)));
    if (format === 'pcm') return reply.type('audio/pcm').send(Readable.from(pieces));
    return reply.type('audio/wav').send(Readable.from(asWav(pieces)));
  });
}

/** OpenAI's events: `speech.audio.delta` with base64, then `speech.audio.done`. */
async function* asEvents(pieces: SpokenPieces): AsyncGenerator<string> {
  for await (const piece of pieces) {
    yield eventOf({ type: 'speech.audio.delta', audio: Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('base64') });
  }
  yield eventOf({ type: 'speech.audio.done', usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 } });
}

function eventOf(event: object): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** A file whose length nobody knows yet says that it goes to the end. */
async function* asWav(pieces: SpokenPieces): AsyncGenerator<Uint8Array> {
  yield endlessWavHeader(spokenRateHz);
  yield* pieces;
}

function endlessWavHeader(rateHz: number): Uint8Array {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(0xffffffff, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rateHz, 24);
  header.writeUInt32LE(rateHz * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(0xffffffff, 40);
  return header;
}
