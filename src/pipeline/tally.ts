// What one session came to, for the one line that the log has on it at its end: counts, tokens and latencies, and no word of what was said.
import type { ServerEvent } from '../protocol/server-events.ts';
import type { Effect } from '../session/effects.ts';

/** Turns whose words may be awaited at a time. */
const mostAwaited = 64;

interface Latency {
  readonly count: number;
  readonly meanMs: number;
  readonly mostMs: number;
}

export interface SessionTally {
  readonly durationMs: number;
  /** Turns that were spoken, and responses by how they ended. */
  readonly turns: number;
  readonly responses: Readonly<Record<string, number>>;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** From the end of a turn to its words; from the beginning of a response to its first word and its first sound. Absent where there were none. */
  readonly transcript?: Latency;
  readonly firstText?: Latency;
  readonly firstAudio?: Latency;
}

export class Tally {
  readonly #startedAtMs: number;
  readonly #responses: Record<string, number> = {};
  #turns = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  /** Turns whose words are awaited. */
  readonly #turnEnds = new Map<string, number>();
  /** Responses that are made: since when, and what of them has gone out. */
  readonly #live = new Map<string, { sinceMs: number; text: boolean; audio: boolean }>();
  readonly #latencies = { transcript: new Spread(), firstText: new Spread(), firstAudio: new Spread() };

  constructor(nowMs: number) {
    this.#startedAtMs = nowMs;
  }

  see(effect: Effect, nowMs: number): void {
    if (effect.kind === 'send') this.#sent(effect.event, nowMs);
    else if (effect.kind === 'send.audio') this.#first(effect.response, 'audio', nowMs);
  }

  read(nowMs: number): SessionTally {
    const { transcript, firstText, firstAudio } = this.#latencies;
    return {
      durationMs: Math.round(nowMs - this.#startedAtMs),
      turns: this.#turns,
      responses: { ...this.#responses },
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
      ...transcript.as('transcript'),
      ...firstText.as('firstText'),
      ...firstAudio.as('firstAudio'),
    };
  }

  #sent(event: ServerEvent, nowMs: number): void {
    if (event.type === 'input_audio_buffer.committed') {
      this.#turns += 1;
      this.#turnEnds.set(event.item_id, nowMs);
      const [oldest] = this.#turnEnds.keys();
      // Without transcription nobody takes them out.
      if (this.#turnEnds.size > mostAwaited && oldest !== undefined) this.#turnEnds.delete(oldest);
    } else if (event.type === 'conversation.item.input_audio_transcription.completed') {
      const endedAtMs = this.#turnEnds.get(event.item_id);
      if (endedAtMs !== undefined) this.#latencies.transcript.add(nowMs - endedAtMs);
      this.#turnEnds.delete(event.item_id);
    } else if (event.type === 'conversation.item.input_audio_transcription.failed') {
      this.#turnEnds.delete(event.item_id);
    } else if (event.type === 'response.created') {
      this.#live.set(event.response.id, { sinceMs: nowMs, text: false, audio: false });
    } else if (event.type === 'response.output_text.delta' || event.type === 'response.output_audio_transcript.delta') {
      this.#first(event.response_id, 'text', nowMs);
    } else if (event.type === 'response.done') {
      const { id, status, usage } = event.response;
      this.#live.delete(id);
      this.#responses[status] = (this.#responses[status] ?? 0) + 1;
      this.#inputTokens += usage?.input_tokens ?? 0;
      this.#outputTokens += usage?.output_tokens ?? 0;
    }
  }

  #first(response: string, what: 'text' | 'audio', nowMs: number): void {
    const live = this.#live.get(response);
    if (!live || live[what]) return;
    live[what] = true;
    this.#latencies[what === 'text' ? 'firstText' : 'firstAudio'].add(nowMs - live.sinceMs);
  }
}

class Spread {
  #count = 0;
  #sumMs = 0;
  #mostMs = 0;

  add(ms: number): void {
    this.#count += 1;
    this.#sumMs += ms;
    this.#mostMs = Math.max(this.#mostMs, ms);
  }

  as<K extends string>(name: K): { [P in K]?: Latency } {
    if (this.#count === 0) return {};
    const latency = { count: this.#count, meanMs: Math.round(this.#sumMs / this.#count), mostMs: Math.round(this.#mostMs) };
    return { [name]: latency } as { [P in K]?: Latency };
  }
}
