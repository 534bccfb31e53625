// The services' protocols, frame by frame as their documentation shows them; what each file of src/engines/cloud/ears names is where they are from.
import { CONFIDENCE, type HeardWord, type Speaks, textOf } from './fake-service.ts';

const REQUEST_ID = 'b67e1c5d-2f4c-4c3d-9f82-96eb4d2f12a8';

/** Guesses are told when there is one word more, and not for every frame. */
function growing(): (words: readonly HeardWord[]) => boolean {
  let count = 0;
  return ({ length }) => {
    const grows = length > count;
    count = length;
    return grows;
  };
}

export const deepgram: Speaks = (connection) => {
  const { ear } = connection;
  const grows = growing();
  let startMs = 0;
  const results = (words: readonly HeardWord[], is_final: boolean, from_finalize: boolean) =>
    connection.send({
      type: 'Results',
      channel_index: [0, 1],
      duration: (ear.heardMs - startMs) / 1000,
      start: startMs / 1000,
      is_final,
      speech_final: false,
      channel: {
        alternatives: [
          {
            transcript: textOf(words),
            confidence: words.length === 0 ? 0 : CONFIDENCE,
            words: words.map(({ text, startMs: from, endMs }) => ({
              word: text,
              start: from / 1000,
              end: endMs / 1000,
              confidence: CONFIDENCE,
              punctuated_word: text,
            })),
          },
        ],
      },
      metadata: {
        request_id: REQUEST_ID,
        model_info: { name: '2-general-nova', version: '2024-01-18.26916', arch: 'nova-2' },
        model_uuid: '1dbdfb4d-85b2-4659-9831-16b3c76229aa',
      },
      from_finalize,
    });
  return {
    text(message) {
      const { type } = JSON.parse(message) as { type: string };
      if (type === 'Finalize') {
        // "Not guaranteed if there is no significant amount of audio data to process."
        if (ear.openMs < 100) return;
        results(ear.finish(), true, true);
        startMs = ear.heardMs;
      }
      if (type === 'CloseStream') {
        connection.send({
          type: 'Metadata',
          transaction_key: 'deprecated',
          request_id: REQUEST_ID,
          sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
          created: '2024-08-29T22:37:55.202Z',
          duration: ear.heardMs / 1000,
          channels: 1,
        });
        connection.ws.close(1000);
      }
    },
    sound(bytes) {
      ear.hear(bytes);
      const { words } = ear;
      if (grows(words)) results(words, false, false);
      // What has been said for a while is settled by itself.
      if (words.length < 4) return;
      results(ear.finishWords(), true, false);
      startMs = ear.heardMs - ear.openMs;
    },
  };
};

export const deepgramFlux: Speaks = (connection) => {
  const { ear } = connection;
  let sequence_id = 0;
  let turn_index = 0;
  let windowMs = 0;
  let inTurn = false;
  const turnInfo = (event: string, words: readonly HeardWord[], more: object = {}) =>
    connection.send({
      type: 'TurnInfo',
      request_id: REQUEST_ID,
      sequence_id: ++sequence_id,
      event,
      turn_index,
      audio_window_start: 0,
      audio_window_end: windowMs / 1000,
      transcript: textOf(words),
      words: words.map(({ text, startMs, endMs }) => ({ word: text, confidence: CONFIDENCE, start: startMs / 1000, end: endMs / 1000 })),
      end_of_turn_confidence: 0.1,
      ...more,
    });
  return {
    open: () => connection.send({ type: 'Connected', request_id: REQUEST_ID, sequence_id }),
    text(message) {
      const { type } = JSON.parse(message) as { type: string };
      if (type === 'Configure')
        connection.send({ ...(JSON.parse(message) as object), type: 'ConfigureSuccess', sequence_id: ++sequence_id });
      // "No turn in progress — the message is ignored."
      if (type === 'ForceEndTurn' && inTurn) {
        turnInfo('EndOfTurn', ear.finish(), { trigger: 'manual' });
        inTurn = false;
        turn_index++;
      }
      if (type === 'CloseStream') connection.ws.close(1000);
    },
    sound(bytes) {
      ear.hear(bytes);
      for (; ear.heardMs - windowMs >= 250; windowMs += 250) {
        const words = ear.words.filter(({ endMs }) => endMs <= windowMs + 250);
        const begins = !inTurn && words.length > 0;
        inTurn ||= begins;
        windowMs += 250;
        turnInfo(begins ? 'StartOfTurn' : 'Update', words);
        windowMs -= 250;
      }
    },
  };
};

export const assemblyAi: Speaks = (connection) => {
  const { ear } = connection;
  const grows = growing();
  let turn_order = 0;
  const turn = (words: readonly HeardWord[], end_of_turn: boolean, turn_is_formatted: boolean) =>
    connection.send({
      turn_order,
      turn_is_formatted,
      end_of_turn,
      // The last word may still change.
      transcript: textOf(end_of_turn ? words : words.slice(0, -1)),
      end_of_turn_confidence: end_of_turn ? 1 : 0.017454,
      words: words.map(({ text, startMs, endMs }, index) => ({
        start: startMs,
        end: endMs,
        text,
        confidence: CONFIDENCE,
        word_is_final: end_of_turn || index < words.length - 1,
      })),
      utterance: '',
      type: 'Turn',
    });
  return {
    open: () => connection.send({ type: 'Begin', id: 'de5d9927-73a6-4be8-b52d-b4c07be37e6b', expires_at: 1759796682 }),
    text(message) {
      const { type } = JSON.parse(message) as { type: string };
      if (type === 'ForceEndpoint') {
        const words = ear.finish();
        if (words.length === 0) return;
        if (connection.url.searchParams.get('format_turns') === 'true') turn(words, true, false);
        turn(words, true, true);
        turn_order++;
      }
      if (type === 'Terminate') {
        connection.send({ type: 'Termination', audio_duration_seconds: 1, session_duration_seconds: 2 });
        connection.ws.close(1000);
      }
    },
    sound(bytes) {
      if (bytes.byteLength < 50 * 32 || bytes.byteLength > 1000 * 32) {
        connection.ws.close(3007, 'Input Duration Violation: audio chunks must be between 50 and 1000 ms');
        return;
      }
      ear.hear(bytes);
      const { words } = ear;
      if (grows(words)) turn(words, false, false);
    },
  };
};

export const inworld: Speaks = (connection) => {
  const { ear } = connection;
  const grows = growing();
  let profiles = false;
  let configured = false;
  const transcription = (words: readonly HeardWord[], isFinal: boolean) =>
    connection.send({
      result: {
        transcription: {
          transcript: textOf(words),
          isFinal,
          wordTimestamps: words.map(({ text, startMs, endMs }) => ({
            word: text,
            confidence: CONFIDENCE,
            startTimeMs: Math.round(startMs),
            endTimeMs: Math.round(endMs),
          })),
          ...(profiles && isFinal
            ? {
                voiceProfile: {
                  age: [{ label: 'young', confidence: 0.8 }],
                  gender: [{ label: 'female', confidence: 0.7 }],
                  emotion: [{ label: 'calm', confidence: 0.6 }],
                  vocalStyle: [{ label: 'normal', confidence: 0.5 }],
                  accent: [],
                },
              }
            : {}),
        },
      },
    });
  return {
    text(text) {
      const message = JSON.parse(text) as {
        transcribeConfig?: { voiceProfileConfig?: { enableVoiceProfile: boolean } };
        audioChunk?: { content: string };
        endTurn?: object;
        closeStream?: object;
      };
      if (message.transcribeConfig) {
        configured = true;
        profiles = message.transcribeConfig.voiceProfileConfig?.enableVoiceProfile ?? false;
      } else if (!configured) connection.send({ error: { code: 3, message: 'the first message must be transcribeConfig', details: [] } });
      if (message.audioChunk) {
        ear.hear(Buffer.from(message.audioChunk.content, 'base64'));
        const { words } = ear;
        if (grows(words)) transcription(words, false);
      }
      if (message.endTurn) {
        const words = ear.finish();
        if (words.length > 0) transcription(words, true);
      }
      if (message.closeStream) connection.ws.close(1000);
    },
    sound: () => connection.send({ error: { code: 3, message: 'binary messages are not supported', details: [] } }),
  };
};

export const soniox: Speaks = (connection) => {
  const { ear } = connection;
  const grows = growing();
  let configured = false;
  const halves = (words: readonly HeardWord[], is_final: boolean) =>
    words.flatMap(({ text, startMs, endMs }) => {
      const middleMs = Math.round((startMs + endMs) / 2);
      const shared = { confidence: CONFIDENCE, is_final, speaker: '1', language: 'en' };
      return [
        { text: ` ${text.slice(0, 2)}`, start_ms: Math.round(startMs), end_ms: middleMs, ...shared },
        { text: text.slice(2), start_ms: middleMs, end_ms: Math.round(endMs), ...shared },
      ];
    });
  const tokens = (list: object[]) =>
    connection.send({ tokens: list, final_audio_proc_ms: Math.round(ear.heardMs), total_audio_proc_ms: Math.round(ear.heardMs) });
  return {
    text(message) {
      if (!configured) {
        configured = true;
        return;
      }
      const { type } = JSON.parse(message) as { type: string };
      if (type !== 'finalize') return;
      const list = halves(ear.finish(), true);
      // A word may come in two messages.
      if (list.length > 1) tokens(list.slice(0, 1));
      tokens([...list.slice(1), { text: '<fin>', is_final: true }]);
    },
    sound(bytes) {
      ear.hear(bytes);
      const { words } = ear;
      if (grows(words)) tokens(halves(words, false));
    },
  };
};

export const cartesia: Speaks = (connection) => {
  const { ear } = connection;
  const grows = growing();
  let first = true;
  const transcript = (words: readonly HeardWord[], is_final: boolean) =>
    connection.send({
      type: 'transcript',
      is_final,
      request_id: REQUEST_ID,
      text: `${first ? '' : ' '}${textOf(words)}`,
      duration: ear.openMs / 1000,
      language: 'en',
      words: words.map(({ text, startMs, endMs }) => ({ word: text, start: startMs / 1000, end: endMs / 1000 })),
    });
  return {
    text(message) {
      if (message === 'finalize') {
        const words = ear.finish();
        if (words.length > 0) {
          transcript(words, true);
          first = false;
        }
        connection.send({ type: 'flush_done', request_id: REQUEST_ID });
      }
      if (message === 'close') {
        connection.send({ type: 'done', request_id: REQUEST_ID });
        connection.ws.close(1000);
      }
    },
    sound(bytes) {
      ear.hear(bytes);
      const { words } = ear;
      if (grows(words)) transcript(words, false);
    },
  };
};
