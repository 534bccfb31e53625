// The REST APIs of telephone providers, as far as calls need them: placing one, handing one over, hanging up. One request each, and whatever goes wrong
// is an outcome with a plain reason: nothing here throws.
import type { Clock } from '../../../lib/clock.ts';
import { shortWithoutSecrets } from '../../../lib/redact.ts';
import { isRecord } from '../../../protocol/json.ts';
import type { PhoneFailure, TransferOutcome } from '../../calls/phone-call.ts';
import type { CallDocument, StreamInvitation } from '../answers.ts';
import type { CallControl } from '../stream-call.ts';

export type ProviderFetch = (url: string, init: RequestInit) => Promise<Response>;

export interface RestOptions {
  readonly fetch: ProviderFetch;
  readonly clock: Clock;
  /** Another address of the API than its usual one: a region of it, or a test. */
  readonly baseUrl?: string;
}

/** A call that is to be placed, and the stream it is to open once it is answered. */
export interface Placing {
  /** A number (E.164), or a SIP URI where the provider dials those. */
  readonly to: string;
  /** A number of the account. */
  readonly from: string;
  readonly invitation: StreamInvitation;
  /** How long it may ring. */
  readonly ringSeconds?: number;
  /** Has the provider find out whether a machine answers, for which it takes a fee; it tells `statusUrl`. */
  readonly detectMachine?: boolean;
  /** Told of the call's progress, in the provider's own webhooks (progress.ts). */
  readonly statusUrl?: string;
}

export type PlaceOutcome =
  | { readonly outcome: 'placed'; readonly callId: string }
  | { readonly outcome: 'refused'; readonly failure: PhoneFailure };

export interface ProviderRest extends CallControl {
  place(placing: Placing, signal: AbortSignal): Promise<PlaceOutcome>;
}

/** Where a provider fetches a document that its API does not take as it is: gives its URL (served-documents.ts). */
export type Serve = (document: CallDocument) => string;

export type Answered =
  | { readonly outcome: 'done'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly outcome: 'refused'; readonly status: number; readonly reason: string };

export interface ProviderRequest {
  readonly url: string;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly authorization: string;
  /** A field with several values is sent several times. */
  readonly form?: Readonly<Record<string, string | readonly string[]>>;
  readonly json?: object;
  /** Never repeated in a reason. */
  readonly secrets: readonly string[];
  readonly signal?: AbortSignal;
}

const answerMs = 10_000;
const mostAnswerBytes = 64 * 1024;
const mostReasonCharacters = 200;

export async function ask({ fetch, clock }: RestOptions, request: ProviderRequest): Promise<Answered> {
  const { url, method, authorization, form, json, signal } = request;
  const late = new AbortController();
  const timer = clock.after(answerMs, () => late.abort());
  const type = form ? 'application/x-www-form-urlencoded' : json ? 'application/json' : undefined;
  try {
    const response = await fetch(url, {
      method,
      headers: { authorization, accept: 'application/json', ...(type && { 'content-type': type }) },
      ...(form && { body: formText(form) }),
      ...(json && { body: JSON.stringify(json) }),
      signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
      // A credential goes to the provider and nowhere else.
      redirect: 'error',
    });
    const body = await bodyOf(response);
    if (response.ok) return { outcome: 'done', body };
    return { outcome: 'refused', status: response.status, reason: reasonOf(response.status, body, request.secrets) };
  } catch {
    if (signal?.aborted) return { outcome: 'refused', status: 487, reason: 'It was given up.' };
    if (late.signal.aborted)
      return { outcome: 'refused', status: 504, reason: `The provider did not answer within ${answerMs / 1000} seconds.` };
    return { outcome: 'refused', status: 503, reason: 'The provider could not be reached.' };
  } finally {
    timer.cancel();
  }
}

export function transferred(answered: Answered): TransferOutcome {
  return answered.outcome === 'done' ? { outcome: 'transferred' } : answered;
}

/** @param callId as it stands in the answer. */
export function placed(answered: Answered, callId: (body: Readonly<Record<string, unknown>>) => unknown): PlaceOutcome {
  if (answered.outcome === 'refused') return { outcome: 'refused', failure: { status: answered.status, reason: answered.reason } };
  const id = callId(answered.body);
  if (typeof id === 'string' && id !== '') return { outcome: 'placed', callId: id };
  return { outcome: 'refused', failure: { status: 502, reason: 'The provider took the call and did not say which it is.' } };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** An address of the API: its base, which may end in a slash, a path, and segments that are not ours to choose. */
export function at(base: string, path: string, ...segments: string[]): string {
  return [base.replace(/\/+$/, '') + path, ...segments.map((each) => encodeURIComponent(each))].join('/');
}

function formText(form: NonNullable<ProviderRequest['form']>): string {
  const pairs = Object.entries(form).flatMap(([name, values]) => [values].flat().map((value): [string, string] => [name, value]));
  return new URLSearchParams(pairs).toString();
}

async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > mostAnswerBytes) break;
    pieces.push(piece);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** What the provider says of it, wherever that stands in its answer. */
function reasonOf(status: number, body: Record<string, unknown>, secrets: readonly string[]): string {
  const [first] = Array.isArray(body['errors']) ? (body['errors'] as unknown[]) : [];
  const said = [
    isRecord(first) ? (first['detail'] ?? first['title']) : undefined,
    body['message'],
    body['detail'],
    body['error'],
    body['title'],
  ];
  const text = said.find((each) => typeof each === 'string' && each !== '') as string | undefined;
  const plain = `The provider answered with status ${status}`;
  return text === undefined ? `${plain}.` : `${plain}: ${shortWithoutSecrets(text, secrets, mostReasonCharacters)}`;
}
