// What has happened in a call, for whoever looks at it later than it happened: its events with their times, without sound and in few words. It is
// bounded, and kept in memory only.
import type { Voice } from '../../media/talk-spurt.ts';

/** Events that say who spoke when, what was said, heard and called, and what became of it. Those of a call's life are no session's. */
const kept: ReadonlySet<string> = new Set([
  'input_audio_buffer.speech_started',
  'input_audio_buffer.speech_stopped',
  'input_audio_buffer.committed',
  'input_audio_buffer.cleared',
  'input_audio_buffer.dtmf_event_received',
  'conversation.item.added',
  'conversation.item.done',
  'conversation.item.deleted',
  'conversation.item.truncated',
  'conversation.item.input_audio_transcription.completed',
  'conversation.item.input_audio_transcription.failed',
  'response.created',
  'response.done',
  'response.function_call_arguments.done',
  'response.mcp_call_arguments.done',
  'response.mcp_call.in_progress',
  'response.mcp_call.completed',
  'response.mcp_call.failed',
  'mcp_list_tools.failed',
  'output_audio_buffer.started',
  'output_audio_buffer.stopped',
  'output_audio_buffer.cleared',
  'realtime.call.transferred',
  'realtime.call.transfer_failed',
  'realtime.call.party_changed',
  'realtime.call.machine_detected',
]);

/** Words of an answer come in very many events: those of so long are one entry, but for the first. */
const joinMs = 400;
/** A longer string of an event is cut: what a tool gave, say. */
const mostOfString = 4000;
/** And an event that is still longer is left out. */
const mostOfEvent = 64 * 1024;
/** Characters of one call; the oldest entries go. Some five minutes of talk have 100,000. */
const mostCharacters = 512 * 1024;

/** What all calls together may keep. */
export interface HistoryPool {
  characters: number;
  readonly mostCharacters: number;
}

export interface HistoryEntry {
  /** Its number, from 1 on. */
  readonly number: number;
  /** By the clock. */
  readonly atMs: number;
  /** The event as JSON. */
  readonly text: string;
  /** When the caller was loud, by the clock, where the event tells that speech began or ended. */
  readonly voice?: Voice;
}

interface Words {
  readonly event: { readonly type: string; readonly item_id: string };
  delta: string;
  sinceMs: number;
}

export class CallHistory {
  readonly #pool: HistoryPool;
  #entries: HistoryEntry[] = [];
  #count = 0;
  #characters = 0;
  /** Words of answers that are no entry yet. */
  #words: Words | undefined;

  constructor(pool: HistoryPool) {
    this.#pool = pool;
  }

  get characters(): number {
    return this.#characters;
  }

  /** @param event as it goes to the client; `voice` with those that tell of speech. */
  note(event: { readonly type: string }, atMs: number, voice?: Voice): void {
    if (isWords(event)) this.#say(event, atMs);
    else if (kept.has(event.type)) {
      this.#flush(atMs);
      this.#add(textOf(event), atMs, voice);
    }
  }

  /** The entries behind that number; `lost`: how many of them are not kept any more. */
  after(number: number): { readonly entries: readonly HistoryEntry[]; readonly lost: number } {
    const first = this.#entries[0]?.number ?? this.#count + 1;
    return { entries: this.#entries.slice(Math.max(0, number + 1 - first)), lost: Math.max(0, first - number - 1) };
  }

  /** Nobody will look at it any more. */
  forget(): void {
    while (this.#drop());
  }

  #say(event: Words['event'] & { readonly delta: string }, atMs: number): void {
    const words = this.#words;
    if (words?.event.item_id === event.item_id) {
      words.delta += event.delta;
      if (atMs - words.sinceMs >= joinMs) this.#flush(atMs);
      return;
    }
    this.#flush(atMs);
    // The first word of an answer is an instant of its turn.
    this.#add(textOf(event), atMs);
    this.#words = { event, delta: '', sinceMs: atMs };
  }

  #flush(atMs: number): void {
    const words = this.#words;
    if (!words) return;
    if (words.delta !== '') this.#add(textOf({ ...words.event, delta: words.delta }), atMs);
    words.delta = '';
    words.sinceMs = atMs;
  }

  #add(text: string, atMs: number, voice?: Voice): void {
    if (text.length > mostOfEvent) return;
    this.#count += 1;
    this.#entries.push({ number: this.#count, atMs, text, ...(voice && { voice }) });
    this.#characters += text.length;
    this.#pool.characters += text.length;
    while (this.#characters > mostCharacters || this.#pool.characters > this.#pool.mostCharacters) if (!this.#drop()) break;
  }

  /** Forgets the oldest entry, if there is one. */
  #drop(): boolean {
    const oldest = this.#entries.shift();
    if (!oldest) return false;
    this.#characters -= oldest.text.length;
    this.#pool.characters -= oldest.text.length;
    return true;
  }
}

function isWords(event: { readonly type: string }): event is Words['event'] & { readonly delta: string } {
  return event.type === 'response.output_audio_transcript.delta' || event.type === 'response.output_text.delta';
}

function textOf(event: object): string {
  return JSON.stringify(event, (name, value: unknown) => {
    // Sound and images are looked at by nobody here, and of a tool that is offered its name is enough.
    if (name === 'audio' || name === 'image_url') return undefined;
    if (name === 'tools' && Array.isArray(value)) return value.map((tool: { readonly name?: unknown }) => ({ name: tool.name }));
    return typeof value === 'string' && value.length > mostOfString ? `${value.slice(0, mostOfString)} …` : value;
  });
}
