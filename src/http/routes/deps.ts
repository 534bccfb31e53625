// What the routes are handed: plain functions and one gate, so that they know neither keys nor engines.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Excess } from '../../protocol/limits.ts';
import type { ResumeWish } from '../../protocol/resume.ts';
import type { TextRequest } from '../../protocol/text-request.ts';
import type { Admission, Principal, SecretDialect } from '../../store/principal.ts';

/** What the routes need of access/ (its class `Access` is one). */
export interface Gate {
  authenticate(headers: IncomingHttpHeaders, query: URLSearchParams, purpose: 'realtime' | 'api'): Promise<Principal | undefined>;
  mintSecret(
    by: Principal,
    wish: { session: Readonly<Record<string, unknown>>; dialect: SecretDialect; seconds: number },
  ): Promise<
    | { outcome: 'minted'; value: string; expiresAt: number }
    | { outcome: 'too_large'; bytes: number; mostBytes: number }
    | { outcome: 'too_many' }
    | { outcome: 'too_much' }
    | { outcome: 'too_often'; excess: Excess }
  >;
  exchange(request: {
    authorization: string | undefined;
    host: string | undefined;
    key: string | undefined;
    resources: readonly string[];
    signedFor: 'token' | 'sessionToken';
  }): Promise<
    | { outcome: 'granted'; token: string; expiresMs: number; sessionId: string }
    | { outcome: 'refused' }
    | { outcome: 'exhausted' }
    | { outcome: 'forbidden'; resource: string }
    | { outcome: 'too_often'; excess: Excess }
  >;
}

/** Watches over wrong keys (`Reception` of access/ does). */
export interface Watch {
  /** Whom `identify` finds, unless too many wrong keys have come from where this request comes from. */
  admit<T>(request: IncomingMessage, identify: () => Promise<T | undefined>): Promise<Admission<T>>;
}

export interface Doors {
  readonly access: Gate;
  readonly reception: Watch;
}

/** Counts what each key asks for (`Usage` of access/ does). */
export interface Count {
  /** Takes one of the requests that the key may make; why there is none left, if so. */
  request(keyId: string): Excess | undefined;
}

/** Whose turn it is on the main loop (`LoopShares` of lib/ knows). */
export interface Turns {
  /** Whether too many requests of this key wait already. */
  isCrowded(keyId: string): boolean;
  /** Resolves when a request of this key with a body of so many bytes may be seen to; undefined when that is at once. */
  request(keyId: string, bytes: number): Promise<void> | undefined;
}

export interface ListedVoice {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** BCP 47: `en-US`. */
  readonly language: string;
  readonly gender: string;
  readonly tags: readonly string[];
  /** Whose it is: what stands before the slash of a model's id. */
  readonly provider: string;
}

export interface ListedModel {
  /** As a session names it: `provider/model`, or a bare name. */
  readonly id: string;
  readonly provider: string;
  /** What it does: answers, hears or speaks. */
  readonly kind: 'llm' | 'stt' | 'tts';
  /** BCP 47; `*`: any. Absent where the model decides. */
  readonly languages?: readonly string[];
  /** What it can do beyond the least of its kind: `partials`, `word_times`, `directions` … */
  readonly capabilities?: readonly string[];
  /** Seconds since the Unix epoch, where known. */
  readonly created?: number | undefined;
}

export type SessionType = 'realtime' | 'transcription';

/** What an offer brings along. */
export interface CallWish {
  sdp: string;
  /** The session it wants, as its client wrote it. */
  session: Readonly<Record<string, unknown>>;
  /** `?model=`. */
  model: string | undefined;
  transcriptionOnly: boolean;
  /** Its route, or the form of its body, is one that only Inworld has. */
  onlyInworld: boolean;
  /** The value of `Authorization` that came with it. */
  authorization: string | undefined;
  /** It is to be the new line of a session whose connection was lost. */
  resume: ResumeWish | undefined;
}

/** Calls over WebRTC. */
export interface CallDesk {
  /** Those that go on, in their order. */
  list(by: Principal): readonly ListedCall[];
  /** @throws Refusal, or RealtimeError naming the field of the session that cannot be used. */
  open(wish: CallWish, by: Principal, headers: IncomingHttpHeaders): Promise<{ id: string; sdp: string; sessionId: string }>;
  /** False when those who ask have no such call. */
  hangUp(id: string, by: Principal): boolean;
  /** `name` tells whose credentials they are. */
  iceServers(name: string): readonly object[];
}

/** What became of handing a caller over. */
export type Transferred = { readonly outcome: 'transferred' } | { readonly outcome: 'refused'; readonly reason: string };

/** A call that is to be placed. */
export interface PlacedCallWish {
  readonly to: string;
  /** The caller id to be shown; the configured one where it is not said. */
  readonly from: string | undefined;
  /** The name of the route of the telephony file whose session it has. */
  readonly route: string | undefined;
  readonly session: Readonly<Record<string, unknown>>;
  readonly detectMachine: boolean;
}

/** One call, as a list of them shows it. */
export interface ListedCall {
  readonly id: string;
  readonly state: string;
}

/** Telephone calls. Undefined and false: those who ask have no such call in a state in which that can be done. */
export interface PhoneDesk {
  /** @throws Refusal, or RealtimeError naming the field of the session that cannot be used. */
  accept(id: string, by: Principal, session: Readonly<Record<string, unknown>>): Promise<boolean>;
  reject(id: string, by: Principal, status: number): boolean;
  transfer(id: string, by: Principal, target: string): Promise<Transferred | undefined>;
  /** Hands the far side over to that of another call of the key. @throws Refusal naming `target_call_id` where that cannot be left so. */
  connect(id: string, by: Principal, otherId: string): Promise<Transferred | undefined>;
  /** Ends a call, whatever it does. */
  hangUp(id: string, by: Principal): boolean;
  /** Places a call; its id. */
  place(wish: PlacedCallWish, by: Principal): string;
  /** Those that go on, and those that have ended and are not forgotten yet, each in their order. */
  list(by: Principal): readonly ListedCall[];
  ended(by: Principal): readonly ListedCall[];
  /** One of the key's calls, for some time also after its end. */
  find(id: string, by: Principal): ListedCall | undefined;
}

/** What a telephone provider sends. */
export interface ProviderQuestion {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly contentType: string | undefined;
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
}

export type ProviderAnswer =
  | { readonly outcome: 'answered'; readonly document: { readonly contentType: string; readonly body: string } }
  | { readonly outcome: 'unknown_provider' | 'unsigned' };

/** What telephone providers are answered. */
export interface TelephonyDesk {
  /** It asks what is to be done with a call. */
  answer(provider: string, question: ProviderQuestion): Promise<ProviderAnswer>;
  /** It tells what becomes of a call. */
  tell(provider: string, question: ProviderQuestion): ProviderAnswer;
  /** One that a provider was told to fetch. */
  document(name: string): { readonly contentType: string; readonly body: string } | undefined;
}

/** What somebody said in a file. */
export interface Transcribed {
  readonly text: string;
  /** In order; empty where the recogniser times nothing. */
  readonly words: readonly { readonly text: string; readonly startMs: number; readonly endMs: number }[];
  /** ISO 639-1, as far as it is known. */
  readonly language: string | undefined;
  /** Of the file. */
  readonly seconds: number;
}

/** Ears and voices for those who have no session. Both throw RealtimeError naming the field that cannot be used, or that a limit is reached. */
export interface AudioDesk {
  /** Resolves when the first sound is there: mono PCM16 at 24 kHz, little-endian. */
  speak(
    wish: { readonly text: string; readonly model: string; readonly voice: string | undefined; readonly speed: number },
    by: Principal,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  transcribe(
    wish: {
      readonly bytes: Uint8Array;
      readonly model: string;
      readonly language?: string | undefined;
      readonly prompt?: string | undefined;
    },
    by: Principal,
    signal: AbortSignal,
  ): Promise<Transcribed>;
}

/** A router as its JSON, in the spelling in which it was written. */
export type RouterJson = Readonly<Record<string, unknown>>;

/** What is wrong with one field. */
export interface Violation {
  /** Its path as it was written; empty: the whole. */
  readonly field: string;
  /** One sentence. */
  readonly description: string;
}

/** A router's file as it stands. */
export interface RouterFile {
  readonly name: string;
  /** Absent: the file holds nothing that can be read. */
  readonly router?: RouterJson;
  /** Whether sessions may name it. One whose file cannot be used goes on as it was before. */
  readonly serves: boolean;
  /** Why the file cannot be used. */
  readonly faults: readonly Violation[];
  /** What has no effect, and which models nobody serves. */
  readonly warnings: readonly Violation[];
}

/** The routers that there are. Each throws Refusal where it cannot be done. */
export interface RouterDesk {
  /** Whether they may change routers, which every session of the server may use. */
  mayChange(by: Principal): boolean;
  list(): readonly RouterJson[];
  /** Where they are kept. */
  readonly folder: string;
  /** All files of the folder, those that cannot be used among them. */
  files(): readonly RouterFile[];
  /** Why the table of models beside them cannot be used. */
  tableFaults(): readonly Violation[];
  get(name: string): RouterJson;
  create(router: RouterJson): Promise<RouterJson>;
  /** `mask`: the fields that are taken from the patch; undefined: all that it has. */
  update(name: string, patch: RouterJson, mask: readonly string[] | undefined): Promise<RouterJson>;
  remove(name: string): Promise<void>;
  /** What a router, by its name or as it is given, would do with a request; nobody is asked. */
  try(wish: { readonly router: RouterJson | undefined; readonly request: unknown }): object;
}

/** An answer as it comes. */
export type ChatPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly callId: string; readonly name: string }
  | { readonly type: 'arguments'; readonly callId: string; readonly delta: string }
  | { readonly type: 'end'; readonly reason: 'stop' | 'length' | 'tool_calls' | 'content_filter'; readonly usage: ChatUsage };

export interface ChatUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
}

export interface ChatAnswer {
  /** Its first part is there already; it ends with exactly one `end`, also where nobody waits for it any more. Throws Refusal where it breaks off. */
  readonly parts: AsyncIterable<ChatPart>;
  /** What was asked on the way, as far as it has been told. */
  readonly metadata: () => object | undefined;
}

/** Language models for those who have no session. */
export interface ChatDesk {
  /** Resolves with the first part. @throws Refusal, or RealtimeError naming the field that cannot be used. */
  answer(request: TextRequest, by: Principal, signal: AbortSignal): Promise<ChatAnswer>;
}

/** By what usage may be told apart. */
export const usageGroups = ['day', 'key', 'session', 'stage', 'model'] as const;
export type UsageGroup = (typeof usageGroups)[number];

/** What was used, and what it cost. */
export interface UsageDesk {
  /** Days are by UTC. @throws Refusal, and StoreError when the storage fails. */
  read(
    wish: {
      readonly from: string | undefined;
      readonly to: string | undefined;
      readonly groupBy: readonly UsageGroup[];
      readonly limit: number;
      readonly offset: number;
      /** Of the rows, by what they are grouped by. */
      readonly order: 'asc' | 'desc';
    },
    by: Principal,
  ): Promise<object>;
}

export interface RouteDeps extends Doors {
  readonly audio: AudioDesk;
  readonly chat: ChatDesk;
  readonly usage: Count;
  readonly usageDesk: UsageDesk;
  readonly shares: Turns;
  readonly calls: CallDesk;
  readonly phones: PhoneDesk;
  readonly telephony: TelephonyDesk;
  readonly routers: RouterDesk;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * The effective session a connection with this patch (GA spelling) would start with, as `session.created` shows it.
   * @throws RealtimeError when the patch cannot be used.
   */
  checkSession(session: Readonly<Record<string, unknown>>): object;
  /** The mapping of the beta dialect's flat sessions. */
  readonly beta: {
    /** @throws RealtimeError when the flat session cannot be read. */
    toGa(flat: Readonly<Record<string, unknown>>, type: SessionType): Record<string, unknown>;
    toBeta(session: object): object;
    /** A field's path as the flat session has it: `session.voice` for `session.audio.output.voice`. */
    toBetaParam(param: string): string;
  };
  voices(): readonly ListedVoice[];
  models(): readonly ListedModel[];
}
