// Whose API a client takes this server for. OpenAI's and Inworld's are one protocol, but their sessions begin differently, and so do a few
// habits (conflicts C18, C21, C25 and C55). Every way in asks here, and nowhere else.
import { semanticVadDefaults, serverVadDefaults, type TurnDetection } from './session-config.ts';

/** OpenAI's beta had models of its own, and its published types know no others. */
export type Api = 'openai' | 'openai-beta' | 'inworld';

/** What a connection or an offer shows of where its client comes from. */
export interface Approach {
  /** Its path, or the form of its body, is one that only Inworld has. */
  onlyInworld: boolean;
  /** What let it in. Tokens are minted at Inworld's routes only, and secrets at OpenAI's. */
  credential: 'key' | 'token' | 'secret';
  /** The value of `Authorization`, from the header or the query. */
  authorization: string | undefined;
  /** It speaks the beta, which was OpenAI's alone. */
  beta: boolean;
}

/** The path first, where only one of the two has it; on those that both have, the credential: `Basic` and tokens are Inworld's. */
export function apiOf({ onlyInworld, credential, authorization, beta }: Approach): Api {
  if (onlyInworld) return 'inworld';
  if (beta) return 'openai-beta';
  if (credential === 'secret') return 'openai';
  return credential === 'token' || /^basic\s/i.test(authorization ?? '') ? 'inworld' : 'openai';
}

/** The value of `Authorization` that a request brings, where clients put it. */
export function authorizationOf(headers: { readonly authorization?: string | undefined }, query: URLSearchParams): string | undefined {
  return headers.authorization ?? query.get('Authorization') ?? query.get('authorization') ?? undefined;
}

interface ApiDefaults {
  readonly model: string;
  readonly voice: string;
  readonly turnDetection: TurnDetection;
  /** Whether the user's words are told without being asked for. */
  readonly transcribes: boolean;
}

const openai = { model: 'gpt-realtime', voice: 'alloy', turnDetection: serverVadDefaults, transcribes: false };

/** What a session begins with where neither its client nor the operator says otherwise. OpenAI's voice is the one that its service reports. */
export const apiDefaults: Readonly<Record<Api, ApiDefaults>> = {
  openai,
  'openai-beta': { ...openai, model: 'gpt-4o-realtime-preview' },
  inworld: { model: 'google-ai-studio/gemini-2.5-flash', voice: 'Dennis', turnDetection: semanticVadDefaults, transcribes: true },
};
