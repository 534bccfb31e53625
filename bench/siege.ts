// What every attack of the neighbour's benchmark works with: connections of the hostile key that are opened again when they are closed, requests
// as fast as they are answered, and the count of what the server refused.
import { Agent, request } from 'node:http';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { textFrame } from './frames.ts';
import type { Utterance } from './frames.ts';
import { Wire } from './wire.ts';

export interface Tally {
  /** Events, frames or requests. */
  sent: number;
  bytes: number;
  /** By the status, code or error that said so. */
  readonly refusals: Record<string, number>;
}

export interface Siege {
  readonly port: number;
  readonly key: string;
  /** Connections that one attack may have at a time. */
  readonly sessions: number;
  readonly speech: readonly Utterance[];
  readonly over: AbortSignal;
  readonly tally: Tally;
}

export type Attack = (siege: Siege) => Promise<void>;

/** After a refusal. Whoever attacks does not wait for `Retry-After`. */
const againMs = 100;
const patienceMs = 20_000;
const errorEvent = Buffer.from('{"type":"error"');
const doneEvent = Buffer.from('{"type":"response.done"');

export function refused({ tally }: Siege, why: string): void {
  tally.refusals[why] = (tally.refusals[why] ?? 0) + 1;
}

export function frameOf(event: object): Buffer {
  return textFrame(JSON.stringify(event));
}

/** Sends, and waits while the connection is full. */
export async function send({ tally }: Siege, wire: Wire, frames: readonly Buffer[]): Promise<void> {
  for (const frame of frames) {
    if (wire.ended) return;
    tally.sent += 1;
    tally.bytes += frame.length;
    if (!wire.send(frame)) await wire.drained();
  }
  // The connections take turns, and what comes is read.
  await new Promise((resolve) => setImmediate(resolve));
}

/** As many connections as the attack may have, each at `work` again and again; `done` gets each `response.done`. */
export async function inSessions(siege: Siege, work: (wire: Wire, number: number) => Promise<void>, done = (_number: number) => {}) {
  await inParallel(siege, siege.sessions, async (number) => {
    const wire = await opened(siege, (payload) => {
      if (isA(payload, doneEvent)) done(number);
      if (isA(payload, errorEvent)) refused(siege, codeOf(payload));
      else if (isA(payload, doneEvent) && payload.includes('"status":"failed"')) refused(siege, `response failed: ${codeOf(payload)}`);
    });
    if (!wire) return sleep(systemClock, againMs);
    while (!siege.over.aborted && !wire.ended) await work(wire, number);
    if (wire.ended) refused(siege, `closed ${wire.closeCode ?? 'without a word'}`);
    wire.destroy();
  });
}

/** Undefined when the server does not want it, which is counted. */
export async function opened(siege: Siege, onText: (payload: Buffer) => void, key = siege.key, from?: string): Promise<Wire | undefined> {
  siege.tally.sent += 1;
  try {
    return await Wire.open(siege.port, key, onText, from);
  } catch (error) {
    refused(siege, /HTTP\/1.1 (\d+)/.exec(String(error))?.[1] ?? (error as { code?: string }).code ?? 'no answer');
    return undefined;
  }
}

/** So many at a time, each again as soon as it is through. */
export async function inParallel({ over }: Siege, count: number, work: (number: number) => Promise<void>): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, number) => {
      while (!over.aborted) await work(number);
    }),
  );
}

interface Wanted {
  readonly method?: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: string;
  readonly key?: string;
  readonly from?: string;
}

const agent = new Agent({ keepAlive: true });

/** One request, and the `Location` of its answer. Refusals are counted by their status. */
export async function ask(siege: Siege, { method = 'POST', path, type, body = '', key = siege.key, from }: Wanted): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  siege.tally.sent += 1;
  siege.tally.bytes += body.length;
  const headers = { Authorization: `Bearer ${key}`, ...(type === undefined ? {} : { 'Content-Type': type }) };
  const where = { host: '127.0.0.1', port: siege.port, path, method, headers, agent, timeout: patienceMs };
  const sent = request({ ...where, ...(from === undefined ? {} : { localAddress: from }) }, (response) => {
    if ((response.statusCode ?? 0) >= 400) refused(siege, String(response.statusCode));
    response.resume().on('close', () => resolve(response.headers.location ?? ''));
  });
  sent.on('timeout', () => sent.destroy(new Error('no answer')));
  sent.on('error', (error: NodeJS.ErrnoException) => {
    refused(siege, error.code ?? error.message);
    // Whoever shut the door is not there to be asked at once again.
    systemClock.after(againMs, () => resolve(''));
  });
  sent.end(body);
  return promise;
}

function isA(payload: Buffer, prefix: Buffer): boolean {
  return payload.length >= prefix.length && payload.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

function codeOf(payload: Buffer): string {
  return /"code":"(\w+)"/.exec(payload.toString('latin1', 0, 4096))?.[1] ?? 'error';
}
