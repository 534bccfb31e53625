// Inworld's streaming recognition, `stt/v1/transcribe:streamBidirectional`, which passes other services' models on as well. Written from
// docs.inworld.ai: api-reference/sttAPI/speechtotext/transcribe-stream-websocket, stt/turn-detection, stt/languages, stt/third-party, and the
// examples in inworld-ai/inworld-api-examples. Not tried against the real service.
import { z } from 'zod';
import type { EngineInfo, SttOptions, VoiceProfile, Word } from '../../engine.ts';
import { httpFailure } from '../openai-failure.ts';
import { type Access, address, type Heard, keyTerms, logprobOf, maybe, QUIET_MS, RATE_HZ, type Wire } from './wire.ts';

const MOST_PROMPTS = 100;
const TRAITS = 5;

const traits = maybe(z.array(z.object({ label: z.string(), confidence: z.number() })));
const transcription = z.object({
  transcript: maybe(z.string()),
  isFinal: maybe(z.boolean()),
  wordTimestamps: maybe(
    z.array(z.object({ word: z.string(), startTimeMs: maybe(z.number()), endTimeMs: maybe(z.number()), confidence: maybe(z.number()) })),
  ),
  voiceProfile: maybe(z.object({ age: traits, gender: traits, emotion: traits, vocalStyle: traits, accent: traits })),
});
/** Usage, the beginning and end of speech have results of their own. An error is gRPC's, with its codes. */
const message = z.object({
  result: maybe(z.object({ transcription: maybe(transcription) })),
  error: maybe(z.object({ code: maybe(z.number()), message: maybe(z.string()) })),
});

export function inworldWire(info: EngineInfo, { baseUrl, apiKey }: Access): Wire {
  const side = { id: info.id, name: info.name, secrets: [apiKey] };
  const endTurn = JSON.stringify({ endTurn: {} });
  return {
    info,
    can: { partials: true, wordTimes: true, keyTerms: true, logprobs: true },
    side,
    headers: { authorization: `Basic ${apiKey}` },
    connection: (options) => ({
      url: address(baseUrl, '/stt/v1/transcribe:streamBidirectional', {}),
      greeting: [JSON.stringify({ transcribeConfig: configOf(options) })],
    }),
    keepAlive: { everyMs: 5000 },
    farewell: JSON.stringify({ closeStream: {} }),
    frameMs: 100,
    packed: (sound) => JSON.stringify({ audioChunk: { content: Buffer.from(sound).toString('base64') } }),
    idleMs: 30_000,
    quietMs: QUIET_MS,
    converse: (_, said, times) => ({
      finalise: () => [endTurn],
      take(received): Heard | undefined {
        const { result, error } = message.parse(received);
        if (error) throw httpFailure(side, statusOf(error.code), error.message ?? '');
        if (!result?.transcription) return undefined;
        const { transcript = '', isFinal, wordTimestamps = [], voiceProfile } = result.transcription;
        const words = wordTimestamps.flatMap(({ word, startTimeMs, endTimeMs, confidence }): Word[] =>
          startTimeMs === undefined || endTimeMs === undefined
            ? []
            : [{ text: word, startMs: times.at(startTimeMs), endMs: times.at(endTimeMs), ...logprobOf(confidence) }],
        );
        if (!isFinal) {
          said.guess({ text: ` ${transcript}`, words });
          return undefined;
        }
        said.add({ text: ` ${transcript}`, words, voiceProfile: profileOf(voiceProfile) });
        return { finalised: 1 };
      },
    }),
  };
}

function configOf({ model, language, prompt, vocabulary, voiceProfile }: SttOptions): object {
  const prompts = [...(prompt === undefined ? [] : [prompt]), ...keyTerms(vocabulary, MOST_PROMPTS)];
  return {
    // Its own models are of the provider `inworld`; others' are named with theirs.
    modelId: model.includes('/') ? model : `inworld/${model}`,
    audioEncoding: 'LINEAR16',
    sampleRateHertz: RATE_HZ,
    numberOfChannels: 1,
    ...(language === undefined ? {} : { language }),
    includeWordTimestamps: true,
    // Where a turn ends is decided here.
    endOfTurnConfidenceThreshold: 1,
    ...(prompts.length === 0 ? {} : { prompts }),
    ...(voiceProfile ? { voiceProfileConfig: { enableVoiceProfile: true, topN: TRAITS } } : {}),
  };
}

function profileOf(told: z.infer<typeof transcription>['voiceProfile']): VoiceProfile | undefined {
  const aspects = Object.entries(told ?? {}).filter(([, guesses]) => guesses !== undefined && guesses.length > 0);
  return aspects.length === 0 ? undefined : Object.fromEntries(aspects);
}

/** What a code of gRPC is among the statuses of HTTP. */
function statusOf(code: number | undefined): number {
  if (code === 16 || code === 7) return 401;
  if (code === 8) return 429;
  if (code === 4) return 504;
  return code === 3 || code === 5 || code === 9 || code === 11 || code === 12 ? 400 : 500;
}
