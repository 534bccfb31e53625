// What tests of sessions that outlive their connections share: talks that are cut by lot, the book of what a session has said, and what of two talks is
// compared.
import { OutboxRing } from '../../../src/pipeline/outbox-ring.ts';
import type { WireEvent } from './events.ts';
import type { ResumingClient } from './resuming-client.ts';

export const kinds = ['typed', 'spoken', 'tool', 'interrupted'] as const;
export type Kind = (typeof kinds)[number];

export const user = (text: string) => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
});
export const isDone = ({ type }: WireEvent) => type === 'response.done';

/** The answer may have called a function: its output is given, and the rest of the answer asked for and waited for. */
export async function giveOutputs(client: ResumingClient, done: WireEvent): Promise<void> {
  const { output } = done['response'] as { output: { type: string; call_id: string }[] };
  const call = output.find(({ type }) => type === 'function_call');
  if (!call) return;
  const next = client.events.indexOf(done) + 1;
  client.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: call.call_id, output: 'done' } });
  client.send({ type: 'response.create' });
  await client.wait(isDone, next);
}

/** mulberry32. */
export function chanceFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Book {
  session: string;
  readonly said: { readonly id: string; readonly kind: 'event' | 'sound' }[];
}

/** What each session of this process has said, by its own book, in its order. */
export class Books {
  readonly #books = new Map<OutboxRing, Book>();

  /** Looks over the shoulder of every outbox from now on. */
  constructor() {
    const { push } = OutboxRing.prototype;
    const note = (ring: OutboxRing, sent: Parameters<typeof push>[0]) => this.#note(ring, sent);
    OutboxRing.prototype.push = function (this: OutboxRing, sent) {
      note(this, sent);
      return push.call(this, sent);
    };
  }

  of(session: string): Book['said'] {
    return [...this.#books.values()].find((book) => book.session === session)?.said ?? [];
  }

  #note(ring: OutboxRing, sent: Parameters<OutboxRing['push']>[0]): void {
    const book = this.#books.get(ring) ?? { session: '', said: [] };
    this.#books.set(ring, book);
    if (sent.kind === 'event' && sent.event.type === 'session.created') book.session = sent.event.session.id;
    // The beta's alone.
    if (sent.kind !== 'event' || sent.event.type !== 'conversation.created') book.said.push({ id: sent.id, kind: sent.kind });
  }
}

/** The conversation as the server has it in the end: of each item who said what. */
export async function history(client: ResumingClient): Promise<string[]> {
  const items = client.events.filter(({ type }) => type === 'conversation.item.added').map(({ item }) => (item as { id: string }).id);
  const said: string[] = [];
  for (const id of items) {
    client.send({ type: 'conversation.item.retrieve', item_id: id });
    const { item } = await client.wait(
      (event) => event.type === 'conversation.item.retrieved' && (event['item'] as { id: string }).id === id,
    );
    const {
      type,
      role,
      content = [],
    } = item as {
      type: string;
      role?: string;
      content?: { text?: string; transcript?: string; audio?: string }[];
    };
    said.push(`${role ?? type}: ${content.map(({ text, transcript }) => text ?? transcript).join()}`);
  }
  return said;
}

/** What is left of a limit: it grows by itself, so that it depends on how long ago something was asked for. */
const ofTheMoment = new Set(['remaining', 'reset_seconds']);

/** What was told, without what depends on the moment: ids, and how a text or a sound was cut in pieces. */
export function told(events: readonly WireEvent[]): string[] {
  const names = new Map<string, string>();
  const named = (text: string) =>
    text.replaceAll(/\b((item|resp|conv|sess|event|seg)_[0-9A-Za-z]{21}|call_[0-9]+)\b/g, (id) => {
      if (!names.has(id)) names.set(id, `${id.split('_', 1)[0]}_${names.size}`);
      return names.get(id) ?? id;
    });
  return events
    .filter(({ type }) => !type.endsWith('.delta') && !type.startsWith('session.'))
    .map(({ event_id: _id, ...event }) => named(JSON.stringify(event, (key, value: unknown) => (ofTheMoment.has(key) ? null : value))));
}

/** The texts and sounds that came in pieces, joined: by their items' places in the talk. */
export function joined(events: readonly WireEvent[]): string[] {
  const whole = new Map<string, string>();
  for (const event of events) {
    if (!event.type.endsWith('.delta')) continue;
    const key = `${event.type} ${String(event['item_id'])}`;
    const piece = event.type.includes('audio.delta') ? Buffer.from(String(event['delta']), 'base64').toString('hex') : event['delta'];
    whole.set(key, (whole.get(key) ?? '') + piece);
  }
  return [...whole].map(([key, text]) => `${key.split(' ', 1)[0]} ${text}`);
}

/** How many cuts are still to come, and how many there were in turns of which kind. */
export interface CutCount {
  left: number;
  readonly inTurns: Map<string, number>;
}

export const cutCount = (left: number): CutCount => ({ left, inTurns: new Map() });

export const cutsByTurn = ({ inTurns }: CutCount): string => [...inTurns].map(([turn, cuts]) => `${turn} ${cuts}`).join(', ');

/** Cuts what the client is connected over at random moments, until none is left. */
export function cutterOf(chance: () => number, count: CutCount, pauseMs: number, cut: (client: ResumingClient) => void) {
  return (client: ResumingClient) => {
    let timer: NodeJS.Timeout | undefined;
    const next = () => {
      if (count.left === 0) return;
      timer = setTimeout(
        () => {
          count.left -= 1;
          count.inTurns.set(client.turn, (count.inTurns.get(client.turn) ?? 0) + 1);
          cut(client);
          next();
        },
        5 + chance() * pauseMs,
      );
    };
    next();
    return () => clearTimeout(timer);
  };
}
