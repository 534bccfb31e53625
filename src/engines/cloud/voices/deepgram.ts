// Deepgram's Aura voices over its WebSocket, which carries one speech of one voice at a time. Written from developers.deepgram.com/docs/tts-websocket,
// …/docs/tts-ws-flush, …/docs/tts-ws-clear, …/docs/tts-troubleshooting-websocket-net-and-data-errors, …/docs/tts-voice-controls and …/docs/tts-models.
// It tells no times of words. Not tried against the service: anything; least certain is how it divides text that it is not told to flush.
import { EngineError, type EngineFailure, type TtsOptions } from '../../engine.ts';
import { readable } from '../openai-failure.ts';
import { addressedJson, type CreateVoices, infoOf, sideOf, textOf } from './access.ts';
import type { ContextDialect } from './context-speech.ts';
import { ContextVoice } from './context-voice.ts';
import { deepgramVoices } from './documented-voices.ts';
import { within } from './refusals.ts';
import { voiceList } from './voice-list.ts';

const RATE_HZ = 24_000;
const FLUSH = JSON.stringify({ type: 'Flush' });

export const createDeepgramVoices: CreateVoices = (access) => {
  const { baseUrl, apiKey = '', clock, log, id } = access;
  const side = sideOf(access);

  const url = ({ voice, speed }: TtsOptions) => {
    const rate = within(speed, 0.7, 1.5);
    const query = new URLSearchParams({
      model: voice,
      encoding: 'linear16',
      sample_rate: String(RATE_HZ),
      ...(rate !== 1 && { speed: String(rate) }),
    });
    return `${baseUrl}/v1/speak?${query.toString()}`;
  };

  const dialect = (): ContextDialect => {
    /** It takes twenty flushes a minute: one for the first clause, which somebody waits for, and one for the rest. */
    let flushes = 0;
    let flushed = 0;
    let isEnded = false;
    return {
      open: () => [],
      text(clause) {
        const speak = JSON.stringify({ type: 'Speak', text: clause });
        if (flushes > 0) return [speak];
        flushes += 1;
        return [speak, FLUSH];
      },
      end() {
        isEnded = true;
        flushes += 1;
        return [FLUSH];
      },
      cancel: () => [JSON.stringify({ type: 'Clear' })],
      read(message) {
        if (message instanceof Uint8Array) return [{ type: 'sound', bytes: message }];
        const fields = message as Record<string, unknown>;
        switch (fields['type']) {
          case 'Flushed':
            flushed += 1;
            return isEnded && flushed >= flushes ? [{ type: 'over' }] : [];
          case 'Error':
          case 'error':
            return [{ type: 'failed', failure: failure(fields) }];
          case 'Warning':
            log.warn({ engine: id }, readable(saidIn(fields), side));
            // A flush that it does not do leaves the speech without an end.
            return /flush/i.test(saidIn(fields)) ? [{ type: 'failed', failure: failure(fields) }] : [];
          default:
            return [];
        }
      },
    };
  };

  const failure = (fields: Record<string, unknown>): EngineError => {
    const said = saidIn(fields);
    const reason = fields['type'] === 'Warning' ? 'rate_limited' : (meaning(said) ?? 'broken');
    return new EngineError(id, reason, `${side.name}: ${readable(said, side)}`, { retryable: reason !== 'rejected' });
  };

  return new ContextVoice({
    info: infoOf(access, ['en', 'es', 'de', 'fr', 'nl', 'it', 'ja']),
    side,
    voices: voiceList({ engine: id, documented: deepgramVoices, clock, log }),
    clock,
    log,
    firstSoundMs: access.firstSoundMs,
    rateHz: RATE_HZ,
    mostCharacters: 2000,
    mostPerSocket: 1,
    longestAgeMs: 3_300_000,
    spareSockets: 1,
    // What still comes of a cancelled speech names nobody: its connection is not used again, and the next one stands already.
    lingerMs: 0,
    isTagged: false,
    farewell: JSON.stringify({ type: 'Close' }),
    url,
    headers: { authorization: `Token ${apiKey}` },
    closeMeaning: (_, reason) => meaning(reason),
    address: (data) => (typeof data === 'string' ? addressedJson(data, () => undefined) : { context: undefined, message: data }),
    dialect,
  });
};

function saidIn(fields: Record<string, unknown>): string {
  const parts = ['description', 'err_msg', 'message', 'warn_msg', 'code', 'err_code', 'warn_code'].flatMap(
    (name) => textOf(fields[name]) ?? [],
  );
  return parts.join(' ') || 'no reason given';
}

/** The codes of its page of errors. */
function meaning(said: string): EngineFailure | undefined {
  if (/DATA-0001/.test(said)) return 'rate_limited';
  if (/DATA-0000|BIG-000\d|MESSAGE-0000/.test(said)) return 'rejected';
  return /NET-000[13]/.test(said) ? 'timeout' : undefined;
}
