// Inworld's voices over its WebSocket, which takes five speeches on a connection. Written from docs.inworld.ai/api-reference/ttsAPI/texttospeech/
// synthesize-speech-websocket, …/voiceAPI/voiceservice/list-voices, …/tts/capabilities/steering and inworld-ai/inworld-api-examples (tts/js). Not
// tried against the service: anything; least certain are the codes of its errors, and when times of words begin anew.
import { EngineError, type EngineFailure, type TtsOptions, type Voice } from '../../engine.ts';
import { genderIn, genderOf, languageTag, traitsOf } from '../../text/voice-traits.ts';
import { readable } from '../openai-failure.ts';
import { addressedJson, type CreateVoices, infoOf, objectOf, sideOf, textOf, timedWords, voicesOf } from './access.ts';
import type { ContextDialect, ContextEvent } from './context-speech.ts';
import { ContextVoice } from './context-voice.ts';
import { Directions, splitDirections } from './directions.ts';
import { inworldVoices } from './documented-voices.ts';
import { within } from './refusals.ts';
import { voiceList, type VoicePage } from './voice-list.ts';

const RATE_HZ = 24_000;
const PATH = '/tts/v1/voice:streamBidirectional';
const LIST_PATH = '/voices/v1/voices?pageSize=500';
/** Those before read directions out. */
const steered = /tts-(?:[2-9]|\d\d)/;
/** What a service built on gRPC means by its codes. */
const meanings: Readonly<Record<number, EngineFailure>> = {
  3: 'rejected',
  4: 'timeout',
  5: 'rejected',
  7: 'unauthorized',
  8: 'rate_limited',
  9: 'rejected',
  11: 'rejected',
  12: 'rejected',
  16: 'unauthorized',
};

export const createInworldVoices: CreateVoices = (access) => {
  const { baseUrl, apiKey, clock, log, id } = access;
  const side = sideOf(access);
  // The key of Inworld's portal is in Base64 already.
  const headers = { authorization: `Basic ${apiKey}` };

  const failure = (status: Record<string, unknown>): EngineError => {
    const reason = meanings[Number(status['code'])] ?? 'broken';
    const said = readable(textOf(status['message']) ?? 'no reason given', side);
    return new EngineError(id, reason, `${side.name}: ${said} (code ${String(status['code'])})`, {
      retryable: reason !== 'rejected' && reason !== 'unauthorized',
    });
  };

  const dialect = (contextId: string, options: TtsOptions): ContextDialect => {
    const model = options.model || access.defaultModel;
    const directions = new Directions(options.steering);
    const message = (fields: object) => JSON.stringify({ ...fields, contextId });
    let isFirst = true;
    let isEnded = false;
    return {
      open: () => [message({ create: contextSettings(model, options) })],
      text(clause) {
        const directed = splitDirections(clause);
        const [holding] = directions.holding(directed);
        const isOwn = holding === undefined || directed.directions.length > 0;
        const text = !steered.test(model) ? directed.said : isOwn ? clause : `[${holding}] ${clause}`;
        if (text.trim() === '') return [];
        // Whole clauses are spoken as the service sees fit, and the first, which somebody waits for, at once.
        const flush = isFirst ? { flush_context: {} } : {};
        isFirst = false;
        return [message({ send_text: { text, ...flush } })];
      },
      end() {
        isEnded = true;
        return [message({ close_context: {} })];
      },
      // What it was given it makes all the same.
      cancel: () => (isEnded ? [] : [message({ close_context: {} })]),
      read(body) {
        const { result, error } = body as { result?: unknown; error?: unknown };
        const fields = objectOf(result) ?? {};
        const status = objectOf(error) ?? objectOf(fields['status']);
        if (status && Number(status['code'] ?? 0) !== 0) return [{ type: 'failed', failure: failure(status) }];
        if ('contextClosed' in fields) return [{ type: 'over' }];
        // The words of what comes next are timed from its own beginning.
        if ('flushCompleted' in fields) return [{ type: 'origin' }];
        return chunkEvents(objectOf(fields['audioChunk']));
      },
    };
  };

  return new ContextVoice({
    info: infoOf(access, ['*']),
    side,
    steers: true,
    voices: voiceList({
      engine: id,
      documented: inworldVoices,
      clock,
      log,
      sources: [{ url: `${baseUrl}${LIST_PATH}`, headers, read: (body) => readPage(`${baseUrl}${LIST_PATH}`, body) }],
    }),
    clock,
    log,
    firstSoundMs: access.firstSoundMs,
    rateHz: RATE_HZ,
    mostCharacters: 1000,
    mostPerSocket: 5,
    // It ends those that nobody has used for ten minutes.
    longestAgeMs: 540_000,
    lingerMs: 30_000,
    isTagged: true,
    url: () => `${baseUrl}${PATH}`,
    headers,
    address: (data) => addressedJson(data, ({ result }) => objectOf(result)?.['contextId'] ?? objectOf(result)?.['context_id']),
    dialect,
  });
};

function contextSettings(modelId: string, { voice, speed, language, deliveryMode }: TtsOptions): object {
  const rate = within(speed, 0.5, 1.5);
  return {
    voiceId: voice,
    modelId,
    audioConfig: { audioEncoding: 'PCM', sampleRateHertz: RATE_HZ, ...(rate !== 1 && { speakingRate: rate }) },
    autoMode: true,
    timestampType: 'WORD',
    // Sound does not wait for the times of its words.
    timestampTransportStrategy: 'ASYNC',
    ...(language !== undefined && { language }),
    ...(deliveryMode !== undefined && { deliveryMode: deliveryMode.toUpperCase() }),
  };
}

function chunkEvents(chunk: Record<string, unknown> | undefined): ContextEvent[] {
  const alignment = objectOf(objectOf(chunk?.['timestampInfo'])?.['wordAlignment']);
  const words = timedWords(alignment?.['words'], alignment?.['wordStartTimeSeconds'], alignment?.['wordEndTimeSeconds']);
  const content = textOf(chunk?.['audioContent']);
  const bytes = content === undefined ? undefined : Buffer.from(content, 'base64');
  return [
    ...(words.length > 0 ? [{ type: 'words', words } as const] : []),
    ...(bytes ? [{ type: 'sound', bytes: bytes.subarray(bytes.toString('latin1', 0, 4) === 'RIFF' ? 44 : 0) } as const] : []),
  ];
}

function readPage(url: string, body: unknown): VoicePage {
  const { voices, nextPageToken } = (objectOf(body) ?? {}) as { voices?: unknown; nextPageToken?: unknown };
  const token = textOf(nextPageToken);
  return { voices: voicesOf(voices, readVoice), next: token && `${url}&pageToken=${encodeURIComponent(token)}` };
}

function readVoice(fields: Record<string, unknown>): Voice | undefined {
  const id = textOf(fields['voiceId']);
  if (id === undefined) return undefined;
  const description = textOf(fields['description']) ?? '';
  const stated = genderOf(fields['gender']);
  const tags = (fields['tags'] as unknown[] | undefined)?.join(' ') ?? '';
  return {
    id,
    name: textOf(fields['displayName']) ?? id,
    description,
    language: languageTag(textOf(fields['langCode']) ?? 'en-US'),
    gender: stated === 'neutral' ? genderIn(`${description} ${tags}`) : stated,
    tags: traitsOf(textOf(fields['ageGroup']) ?? '', tags, description),
  };
}
