// What the server says (protocol 2). `event_id` is put on where an event leaves the house, so it is absent here.
import type { AudioFormat } from './audio-format.ts';
import type { ErrorBody } from './errors.ts';
import type { Item } from './items.ts';
import type { RateLimit } from './limits.ts';
import type { Modality, ResumeOffer, SessionObject } from './session-config.ts';

export interface Usage {
  total_tokens: number;
  input_tokens: number;
  output_tokens: number;
  input_token_details: {
    text_tokens: number;
    audio_tokens: number;
    image_tokens: number;
    cached_tokens: number;
    cached_tokens_details: { text_tokens: number; audio_tokens: number; image_tokens: number };
  };
  output_token_details: { text_tokens: number; audio_tokens: number };
}

/** What recognising took, in the unit that the model asked for is billed by. */
export type TranscriptionUsage =
  | { type: 'duration'; seconds: number }
  | {
      type: 'tokens';
      total_tokens: number;
      input_tokens: number;
      input_token_details: { text_tokens: number; audio_tokens: number };
      output_tokens: number;
    };

/** How likely a piece of a transcript is (natural logarithm); `bytes` are its UTF-8. */
export interface Logprob {
  token: string;
  logprob: number;
  bytes: number[];
}

/** Why a response ended, where it is not whole: a completed one has nothing to explain. */
export type StatusDetails =
  | { type: 'cancelled'; reason: 'turn_detected' | 'client_cancelled' }
  | { type: 'incomplete'; reason: 'max_output_tokens' | 'content_filter' }
  | { type: 'failed'; error: { type: string; code: string | null; message: string } };

export interface ResponseObject {
  object: 'realtime.response';
  id: string;
  status: 'in_progress' | 'completed' | StatusDetails['type'];
  status_details: StatusDetails | null;
  output: Item[];
  conversation_id: string | null;
  output_modalities: Modality[];
  max_output_tokens: number | 'inf';
  audio: { output: { format: AudioFormat; voice: string } };
  metadata: Record<string, string> | null;
  usage: Usage | null;
}

/** `type` is 'audio' or 'text' here, unlike in an item's content (conflict C11). */
export type ResponsePart = { type: 'text'; text: string } | { type: 'audio'; transcript: string };

interface VoiceTrait {
  readonly label: string;
  readonly confidence: number;
}

/** What a voice is like (protocol 7.7), as far as somebody can tell; the surest guess first. */
export interface VoiceProfile {
  age?: readonly VoiceTrait[];
  gender?: readonly VoiceTrait[];
  emotion?: readonly VoiceTrait[];
  vocal_style?: readonly VoiceTrait[];
  accent?: readonly VoiceTrait[];
}

/** Inworld's: when what begins in a stretch of sound is said, in seconds from the beginning of the item's sound (protocol 7.6). */
export type TimestampInfo =
  | { word_alignment: { words: string[]; word_start_time_seconds: number[]; word_end_time_seconds: number[] } }
  | {
      character_alignment: { characters: string[]; character_start_time_seconds: number[]; character_end_time_seconds: number[] };
    };

interface ItemPlace {
  response_id: string;
  item_id: string;
  output_index: number;
}
interface PartPlace extends ItemPlace {
  content_index: number;
}
interface CallPlace extends ItemPlace {
  call_id: string;
}

/** A server event as it leaves the house, with its id. */
export type StampedEvent = ServerEvent & { event_id: string };

export type ServerEvent =
  | { type: 'session.created' | 'session.updated'; session: SessionObject }
  /**
   * Parley's own: the first event of a connection that has taken a session up again, with the token for the next time and with what has come of
   * all that the client has ever sent: events other than `input_audio_buffer.append`, and bytes of sound.
   */
  | { type: 'session.resumed'; session_id: string; resume: ResumeOffer; received: { events: number; audio_bytes: number } }
  | { type: 'error'; error: ErrorBody }
  | { type: 'conversation.created'; conversation: { id: string; object: 'realtime.conversation' } }
  | { type: 'conversation.item.added' | 'conversation.item.done'; previous_item_id: string | null; item: Item }
  | { type: 'conversation.item.retrieved'; item: Item }
  | { type: 'conversation.item.truncated'; item_id: string; content_index: number; audio_end_ms: number }
  | { type: 'conversation.item.deleted'; item_id: string }
  | { type: 'conversation.item.input_audio_transcription.delta'; item_id: string; content_index: number; delta: string }
  | {
      type: 'conversation.item.input_audio_transcription.completed';
      item_id: string;
      content_index: number;
      transcript: string;
      usage: TranscriptionUsage;
      logprobs?: Logprob[];
      /** In which it was spoken; none where that could not be told. */
      languages?: { code: string }[];
      /** Inworld's. */
      providerData?: { voiceProfile: VoiceProfile };
    }
  | {
      type: 'conversation.item.input_audio_transcription.segment';
      item_id: string;
      content_index: number;
      id: string;
      text: string;
      speaker: string;
      start: number;
      end: number;
    }
  | {
      type: 'conversation.item.input_audio_transcription.failed';
      item_id: string;
      content_index: number;
      error: { type: string; code: string; message: string; param: null };
    }
  | { type: 'input_audio_buffer.committed'; item_id: string; previous_item_id: string | null }
  | { type: 'input_audio_buffer.cleared' }
  | { type: 'input_audio_buffer.speech_started'; audio_start_ms: number; item_id: string }
  | { type: 'input_audio_buffer.speech_stopped'; audio_end_ms: number; item_id: string }
  | { type: 'input_audio_buffer.timeout_triggered'; audio_start_ms: number; audio_end_ms: number; item_id: string }
  /** Goes out without an `event_id`. */
  | { type: 'input_audio_buffer.dtmf_event_received'; event: string; received_at: number }
  | { type: 'output_audio_buffer.started' | 'output_audio_buffer.stopped' | 'output_audio_buffer.cleared'; response_id: string }
  | {
      type: 'input_audio_buffer.turn_suggestion';
      item_id: string;
      utterance_index: number;
      probability: number;
      trailing_silence_ms: number;
      audio_duration_ms: number;
      inference_ms?: number;
    }
  | { type: 'input_audio_buffer.turn_suggestion_revoked'; item_id: string; utterance_index: number }
  | { type: 'response.created' | 'response.done'; response: ResponseObject }
  | { type: 'response.output_item.added' | 'response.output_item.done'; response_id: string; output_index: number; item: Item }
  | ({ type: 'response.content_part.added' | 'response.content_part.done'; part: ResponsePart } & PartPlace)
  | ({ type: 'response.output_text.delta' | 'response.output_audio_transcript.delta'; delta: string } & PartPlace)
  | ({ type: 'response.output_text.done'; text: string } & PartPlace)
  | ({ type: 'response.output_audio_transcript.done'; transcript: string } & PartPlace)
  | ({ type: 'response.output_audio.delta'; delta: string; timestamp_info?: TimestampInfo } & PartPlace)
  | ({ type: 'response.output_audio.done' } & PartPlace)
  | ({ type: 'response.function_call_arguments.delta'; delta: string } & CallPlace)
  | ({ type: 'response.function_call_arguments.done'; name: string; arguments: string } & CallPlace)
  | { type: 'mcp_list_tools.in_progress' | 'mcp_list_tools.completed' | 'mcp_list_tools.failed'; item_id: string }
  | ({ type: 'response.mcp_call_arguments.delta'; delta: string; obfuscation: string } & ItemPlace)
  | ({ type: 'response.mcp_call_arguments.done'; arguments: string } & ItemPlace)
  | {
      type: 'response.mcp_call.in_progress' | 'response.mcp_call.completed' | 'response.mcp_call.failed';
      item_id: string;
      output_index: number;
    }
  /** PCM16 at 24 kHz in base64, whatever the session's format. */
  | { type: 'response.backchannel.audio.delta'; backchannel_id: string; delta: string }
  | { type: 'response.backchannel.audio.done'; backchannel_id: string; phrase: string }
  | { type: 'response.backchannel.skipped'; reason: string }
  | { type: 'rate_limits.updated'; rate_limits: RateLimit[] };

export type ServerEventType = ServerEvent['type'];
