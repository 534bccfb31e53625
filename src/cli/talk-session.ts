// Opening a session: what is asked of the server before the first word, and what it made of it.
import { randomToken } from '../lib/ids.ts';
import type { RealtimeConnection } from './talk-connection.ts';
import type { Endpoint } from './talk-endpoint.ts';
import { errorSentence, numberOf, objectOf, textOf, type Fields, type RealtimeEvent } from './talk-events.ts';
import { TalkFailure } from './talk-failure.ts';
import type { TalkOptions } from './talk-options.ts';

/** The session as the server confirmed it. */
export interface OpenSession {
  readonly model: string | undefined;
  readonly voice: string | undefined;
  /** Of the answer's audio. */
  readonly outputRateHz: number;
}

const outputRateHz = 24_000;

/** Sends one session.update and waits for its answer. @throws {TalkFailure} with exit code 3 when the server refuses it. */
export async function openSession(
  connection: RealtimeConnection,
  dialect: Endpoint['dialect'],
  options: TalkOptions,
): Promise<OpenSession> {
  const answer = connection.next(['session.updated', 'error'], options.timeoutMs, 'The server did not answer the settings');
  connection.send(sessionUpdate(connection.session, dialect, options));
  const [event] = await answer;
  if (event.type === 'error') throw new TalkFailure(3, `The server did not accept the settings: ${errorSentence(event)}`);
  const session = objectOf(event, 'session');
  const output = objectOf(objectOf(session, 'audio'), 'output');
  return {
    model: textOf(session, 'model'),
    voice: textOf(output, 'voice') ?? textOf(objectOf(output, 'voice'), 'id'),
    outputRateHz: numberOf(objectOf(output, 'format'), 'rate') ?? outputRateHz,
  };
}

/** The update names only what was asked for: all else stays as the server has it. */
function sessionUpdate(created: Fields, dialect: Endpoint['dialect'], options: TalkOptions): RealtimeEvent {
  const { instructions, model, voice, speed, turnDetection, tools, rateHz } = options;
  // A server that transcribes anyway keeps its model; the others all know this name.
  const transcribes = Object.keys(objectOf(objectOf(objectOf(created, 'audio'), 'input'), 'transcription')).length > 0;
  return {
    type: 'session.update',
    event_id: `talk_${randomToken(12)}`,
    session: {
      type: 'realtime',
      output_modalities: ['audio'],
      ...(instructions === undefined ? {} : { instructions }),
      ...(model === undefined || dialect === 'openai' ? {} : { model }),
      ...(tools.length === 0 ? {} : { tools, tool_choice: 'auto' }),
      audio: {
        input: {
          format: { type: 'audio/pcm', rate: rateHz },
          ...(transcribes ? {} : { transcription: { model: 'whisper-1' } }),
          ...(turnDetection === undefined ? {} : { turn_detection: turnDetection === 'none' ? null : { type: turnDetection } }),
        },
        output: {
          format: { type: 'audio/pcm', rate: outputRateHz },
          ...(voice === undefined ? {} : { voice }),
          ...(speed === undefined ? {} : { speed }),
        },
      },
    },
  };
}
