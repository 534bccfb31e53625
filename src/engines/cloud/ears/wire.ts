// What distinguishes one streaming service from another: how it is connected to, what it is sent, and what its messages say. Everything else
// (connections, deadlines, frames of sound) is the same for all: streamed-stt.ts and streamed-recognition.ts.
import { z } from 'zod';
import type { EngineFailure, EngineInfo, SttCapabilities, SttOptions } from '../../engine.ts';
import type { FarSide } from '../openai-failure.ts';
import type { Frame, KeepAlive } from '../socket.ts';
import type { Said } from './said.ts';

/** The sound that every service is sent: mono PCM16, little-endian. */
export const RATE_HZ = 16_000;
const BYTES_PER_MS = (RATE_HZ / 1000) * 2;

/** Where a service may say nothing because it heard no words: longer than it takes to tell of a short one. */
export const QUIET_MS = 1500;

export function bytesOf(ms: number): number {
  return ms * BYTES_PER_MS;
}

export function silence(ms: number): Uint8Array {
  return new Uint8Array(bytesOf(ms));
}

/** How a server of a row is reached. */
export interface Access {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** All that a connection depends on; what two recognitions have in common here, they may share a connection for, one after the other. */
export interface Connection {
  readonly url: string;
  /** The first messages. */
  readonly greeting?: readonly string[];
}

export interface Wire {
  readonly info: EngineInfo;
  readonly can: SttCapabilities;
  readonly side: FarSide;
  readonly headers: Readonly<Record<string, string>>;
  connection(options: SttOptions): Connection;
  /** Sound that is sent behind the greeting, so that a keep-alive keeps the connection. */
  readonly opensWith?: Uint8Array;
  readonly keepAlive: KeepAlive;
  /** Sent before a connection is closed. */
  readonly farewell?: string;
  /** How much sound a message carries; the last before a finalisation may carry less, but no less than `leastFrameMs`. */
  readonly frameMs: number;
  readonly leastFrameMs?: number;
  /** How a frame is sent that is not a binary message. */
  readonly packed?: (sound: Uint8Array) => string;
  /** How long a connection is kept between two utterances. Some services charge for the time it stands. */
  readonly idleMs: number;
  /**
   * Of a service that may not answer a finalisation when it has heard no words: how long nothing must come until that is believed. Absent where
   * every finalisation is answered.
   */
  readonly quietMs?: number;
  /** Its answer to a finalisation may hold words that were spoken after it. */
  readonly overtaken?: true;
  /** The least time between two finalisations that nobody waits for. */
  readonly speculateEveryMs?: number;
  readonly closeMeaning?: (code: number, reason: string) => EngineFailure | undefined;
  /** The message that tells a standing connection of hints, where one can be told. Nothing of it is in `connection`. */
  configuration?(options: SttOptions): string;
  /** `said` is given what the messages say. */
  converse(options: SttOptions, said: Said, times: Times): Dialogue;
}

/** Where on a connection an utterance is. */
export interface Times {
  /** When it was in the utterance what the service heard at this millisecond of the connection's sound. */
  at(connectionMs: number): number;
  /** How much sound the connection was sent by now. */
  readonly sentMs: number;
}

/** What a message has said beyond what it told `Said`. */
export interface Heard {
  /** So many finalisations, the oldest, are answered: all words up to there are in. */
  readonly finalised?: number;
  /** To be sent at once. */
  readonly reply?: readonly Frame[];
}

/** One utterance on one connection. */
export interface Dialogue {
  /** What makes the service say all words up to here. */
  finalise(): readonly Frame[];
  /** Throws EngineError when the message is an error, ZodError when it is not one of the service's. */
  take(message: unknown): Heard | undefined;
}

/** Undefined when there is nothing to log: the logarithm of a confidence from 0 to 1. */
export function logprobOf(confidence: number | undefined): { logprob?: number } {
  if (confidence === undefined) return {};
  return { logprob: Math.log(Math.min(1, Math.max(confidence, 1e-9))) };
}

/** The words worth knowing as most services want them: none twice, and no more than they take. */
export function keyTerms(vocabulary: readonly string[], most: number, mostCharacters = Number.POSITIVE_INFINITY): string[] {
  const terms = [...new Set(vocabulary.map((term) => term.trim()))].filter((term) => term !== '');
  let characters = 0;
  return terms.slice(0, most).filter((term) => (characters += term.length) <= mostCharacters);
}

/** The address of a WebSocket with these parameters; those without a value are left out. */
export function address(
  base: string,
  path: string,
  parameters: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): string {
  const query = Object.entries(parameters).flatMap(([name, value]) => {
    const values = typeof value === 'object' ? value : [value];
    return values.flatMap((each) => (each === undefined ? [] : `${encodeURIComponent(name)}=${encodeURIComponent(each)}`));
  });
  return `${base.replace(/^http/i, 'ws')}${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** A field that services leave out or set to null. */
export function maybe<T extends z.ZodType>(type: T) {
  return type.nullish().transform((value) => value ?? undefined);
}
