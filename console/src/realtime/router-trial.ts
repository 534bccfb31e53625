// A dry run of a router: what is asked, and what the server says it would do, in words. Pure.
import type { RouterJson } from './routers.ts';

export interface TrialCondition {
  readonly route: string;
  readonly expression: string;
  readonly holds: boolean;
  readonly problem?: string;
  readonly parts: readonly { readonly expression: string; readonly holds: boolean; readonly problem?: string }[];
  readonly values: Readonly<Record<string, unknown>>;
}

interface TrialModel {
  readonly model: string;
  readonly rests_ms?: number;
  readonly [figure: string]: string | number | undefined;
}

/** What the server says a router would do. */
export interface Trial {
  readonly router: string;
  readonly route?: string;
  readonly variant?: string;
  readonly weight?: number;
  readonly chosen_by?: 'user' | 'session' | 'chance';
  readonly conditions: readonly TrialCondition[];
  readonly models: readonly TrialModel[];
  readonly unserved: readonly string[];
  readonly ttft_timeout_ms?: number;
  readonly generation?: Readonly<Record<string, unknown>>;
  readonly messages: readonly { readonly role: string; readonly content?: unknown; readonly tool_calls?: unknown }[];
  readonly unfilled: readonly string[];
  readonly warnings: readonly string[];
  readonly error?: string;
}

/** The form, as it is filled in. */
export interface TrialWish {
  readonly kind: 'message' | 'request';
  readonly message: string;
  readonly user: string;
  /** JSON, or nothing. */
  readonly metadata: string;
  /** JSON of a whole request. */
  readonly request: string;
}

/** The request of a form with a message. @param metadata as it was read. */
export function requestOf(name: string, { message, user }: TrialWish, metadata: RouterJson): object {
  return {
    model: `inworld/${name}`,
    messages: [{ role: 'user', content: message }],
    ...(user.trim() === '' ? {} : { user: user.trim() }),
    ...(Object.keys(metadata).length === 0 ? {} : { extra_body: { metadata } }),
  };
}

const drawnBy = {
  user: 'this user always gets it',
  session: 'this session keeps it',
  chance: 'drawn by chance, since the request names no user',
};

/** Why it is this variant. */
export function shareWords({ weight, chosen_by: by }: Pick<Trial, 'weight' | 'chosen_by'>): string {
  if (weight === undefined || by === undefined) return '';
  return weight === 100 ? 'which every request gets' : `${weight} of 100: ${drawnBy[by]}`;
}

const figureNames: Readonly<Record<string, (value: number) => string>> = {
  latency: (ms) => `first part after ${Math.round(ms)} ms`,
  throughput: (rate) => `${Math.round(rate)} tokens a second`,
  price: (price) => `price ${price}`,
  rests_ms: (ms) => `failed lately, asked last for ${Math.ceil(ms / 1000)} s`,
};

/** What is known of a model. */
export function figuresOf(model: TrialModel): string {
  return Object.entries(model)
    .flatMap(([name, value]) => (typeof value === 'number' ? (figureNames[name]?.(value) ?? `${name} ${value}`) : []))
    .join(', ');
}

/** Until when it is waited for, where a model follows. */
export function patienceOf({ models, ttft_timeout_ms: ms }: Pick<Trial, 'models' | 'ttft_timeout_ms'>, index: number): string {
  if (index === models.length - 1) return models.length === 1 ? 'the only one' : 'the last: waited for';
  return ms === undefined ? 'until it fails' : `until it fails, or ${ms} ms pass without a first part`;
}
