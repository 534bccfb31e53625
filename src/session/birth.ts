// What a session is born with: plain data, which a tape of it can hold.
import type { Speaker } from '../protocol/audio-format.ts';
import type { SessionConfig } from '../protocol/session-config.ts';

export interface Birth {
  sessionId: string;
  /** What its ids and its chance come from (see env.ts). */
  seed: string;
  config: SessionConfig;
  /** The text of the stored prompt that `config` names; empty where it names none. */
  promptText: string;
  /** Whether its client has said already which detection it wants. */
  detectionNamed: boolean;
  /** Unix seconds; what `expires_at` shows. */
  expiresAt: number;
  /** How long the session may live. */
  lifeMs: number;
  /** Tokens that a prompt may have, as `truncation.ts` estimates them. */
  contextTokens: number;
  /** What a client may put into the conversation: its text, images and sound (see budget.ts). */
  conversationBytes: number;
  /** Responses beside the conversation that may be under way at a time; undefined is no limit. */
  mostResponses: number | undefined;
  /** The server's own instructions: what `config` has while no client has given any. They give way to a stored prompt. */
  ownInstructions: string;
  /**
   * Inworld's habits (conflicts C18 and C55): the server goes on by itself when all function outputs are there, and a `response.create`
   * that brings nothing new right after an answer is refused instead of being answered, so that Inworld's own sample does not loop.
   */
  inworld: boolean;
  /** OpenAI's rule (conflict C4): once an answer has been heard in a voice, the session keeps it. */
  voiceLock: boolean;
  /** Where the sound goes: to the client's own speaker, which it empties itself, if there is none here. */
  speaker?: Speaker | undefined;
}
