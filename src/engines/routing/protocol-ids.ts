// Ids that clients of the two APIs send because the APIs' pages say so, or by themselves, and not because somebody chose the service behind them.
// Where that service is not configured they mean "whatever this server has".

/**
 * Recognisers of sessions, from OpenAI's reference (`audio.input.transcription.model`) and Inworld's (the ids of its examples and its default).
 * `whisper-1` is what a session gets that names none, so that it never means OpenAI's own: that is `openai/whisper-1`.
 */
const recognisers =
  /^(?:whisper-1|gpt-4o(?:-mini)?-transcribe(?:-[\w-]+)?|gpt-realtime-whisper|inworld\/.+|assemblyai\/(?:universal-streaming-(?:multilingual|english)|universal-2|u3-rt-pro)|soniox\/stt-rt-v\d+)$/;

/** Speech models: Inworld's, of which the first is its sessions' default, and those of OpenAI's speech endpoint. */
const speechModels = /^(?:(?:inworld\/)?inworld-tts-[\w.-]+|tts-1(?:-hd)?|gpt-4o-mini-tts(?:-[\w-]+)?)$/;

export const isOwnRecogniser = (id: string): boolean => recognisers.test(id);
export const isOwnSpeechModel = (id: string): boolean => speechModels.test(id);

/** The ids of whoever names none, as sessions show them: never those of a service. */
export const unnamed: ReadonlySet<string> = new Set(['whisper-1', 'inworld-tts-1.5-mini']);
