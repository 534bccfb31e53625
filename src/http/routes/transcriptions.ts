// The words of a sound file, as OpenAI's /audio/transcriptions gives them (https://platform.openai.com/docs/api-reference/audio/createTranscription): the
// recognisers of this server for programs that know nothing of sessions, another Parley among them.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { errors } from '../../protocol/errors.ts';
import type { RouteDeps, Transcribed } from './deps.ts';
import { principalOf, read, untilGone } from './family.ts';
import { formOf, takeForms, textOf } from './form.ts';

/** As much as OpenAI takes. */
const mostFileBytes = 25 * 1024 * 1024;
/** What a form takes beside its file. */
const formBytes = 64 * 1024;

const wish = z.object({
  model: z.string().max(256).default(''),
  language: z.string().min(2).max(16).optional(),
  prompt: z.string().max(10_000).optional(),
  response_format: z.enum(['json', 'text', 'verbose_json', 'srt', 'vtt']).default('json'),
  stream: z.enum(['true', 'false']).default('false'),
});

export function transcriptionRoutes(parent: FastifyInstance, { audio }: RouteDeps): void {
  void parent.register(async (scope) => {
    takeForms(scope, mostFileBytes + formBytes);
    scope.post('/v1/audio/transcriptions', { bodyLimit: mostFileBytes + formBytes }, async (request, reply) => {
      if (!(request.body instanceof Uint8Array)) throw errors.invalid('file', 'The body must be a form with the field file.');
      const form = await formOf(request, request.body);
      const file = form.get('file');
      if (file === null || typeof file === 'string') throw errors.missing('file');
      const names = Object.keys(wish.shape);
      const fields = await Promise.all(names.map(async (name) => [name, await textOf(form.get(name))] as const));
      const { response_format: format, stream, ...rest } = read(wish, Object.fromEntries(fields.filter(([, value]) => value)));
      const gone = untilGone(reply);
      const bytes = new Uint8Array(await file.arrayBuffer());
      const words = await audio.transcribe({ bytes, ...rest }, principalOf(request), gone);
      if (stream === 'true') return reply.type('text/event-stream').send(asEvents(words));
      if (format === 'json') return { text: words.text, usage: { type: 'duration', seconds: Math.ceil(words.seconds) } };
      if (format === 'verbose_json') return verbose(words);
      return reply.type('text/plain; charset=utf-8').send(format === 'text' ? `${words.text}\n` : subtitles(words, format));
    });
  });
}

function asEvents({ text }: Transcribed): string {
  return [
    { type: 'transcript.text.delta', delta: text },
    { type: 'transcript.text.done', text },
  ]
    .map((event) => `data: ${JSON.stringify(event)}\n\n`)
    .join('');
}

function verbose({ text, words, language, seconds }: Transcribed): object {
  const end = words.at(-1)?.endMs ?? seconds * 1000;
  return {
    task: 'transcribe',
    language: language ?? '',
    duration: seconds,
    text,
    words: words.map((word) => ({ word: word.text, start: word.startMs / 1000, end: word.endMs / 1000 })),
    segments: text === '' ? [] : [{ id: 0, start: (words[0]?.startMs ?? 0) / 1000, end: end / 1000, text }],
    usage: { type: 'duration', seconds: Math.ceil(seconds) },
  };
}

/** One subtitle with all of it, since the recogniser hears it as one utterance. */
function subtitles({ text, words, seconds }: Transcribed, format: 'srt' | 'vtt'): string {
  const mark = format === 'srt' ? ',' : '.';
  const [from, to] = [words[0]?.startMs ?? 0, words.at(-1)?.endMs ?? seconds * 1000].map((ms) => timestamp(ms, mark));
  const cue = text === '' ? '' : `${from} --> ${to}\n${text}\n`;
  return format === 'srt' ? (cue === '' ? '' : `1\n${cue}`) : `WEBVTT\n\n${cue}`;
}

/** `00:01:02,345` */
function timestamp(ms: number, mark: string): string {
  const whole = Math.round(ms);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(whole / 3_600_000)}:${two((whole / 60_000) % 60)}:${two((whole / 1000) % 60)}${mark}${String(whole % 1000).padStart(3, '0')}`;
}
