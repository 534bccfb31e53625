// What one session came to: for the one line that the log has on it at its end, and for the meters as it happens. Counts, tokens and latencies, and no
// word of what was said.
import type { Meters } from '../metrics/meters.ts';
import type { ErrorBody } from '../protocol/errors.ts';
import type { ResponseObject, ServerEvent } from '../protocol/server-events.ts';
import { Timeline } from './timeline.ts';
import { wireMs } from './wire-audio.ts';
import type { Effect } from '../session/effects.ts';
import type { Fact, RunUsage } from '../session/facts.ts';

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
  readonly #meters: Meters;
  readonly #timeline: Timeline;
  readonly #responses: Record<string, number> = {};
  #turns = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  /** Turns whose words are awaited. */
  readonly #turnEnds = new Map<string, number>();
  /** Responses that are made: since when, and what of them has gone out. */
  readonly #live = new Map<string, { sinceMs: number; text: boolean; audio: boolean }>();
  readonly #latencies = { transcript: new Spread(), firstText: new Spread(), firstAudio: new Spread() };

  /** Whether the user speaks just now. */
  #speaking = false;
  /** The answer that was cut last, and the one whose sound went out last, with its item. */
  #cut: string | undefined;
  #sounding: { response: string; item: string } | undefined;

  constructor(nowMs: number, meters: Meters) {
    this.#startedAtMs = nowMs;
    this.#meters = meters;
    this.#timeline = new Timeline(meters);
  }

  hear(fact: Fact, nowMs: number): void {
    this.#timeline.hear(fact, nowMs);
  }

  see(effect: Effect, nowMs: number): void {
    this.#timeline.see(effect, nowMs);
    if (effect.kind === 'send') this.#sent(effect.event, nowMs);
    else if (effect.kind === 'send.audio') {
      this.#meters.add('parley_speech_sent_seconds_total', wireMs(effect.format, effect.bytes.length) / 1000);
      if (this.#sounding?.item !== effect.item) this.#sounding = { response: effect.response, item: effect.item };
      this.#first(effect.response, 'audio', nowMs);
    }
  }

  /** The session has ended in the middle of responses that have used this: nobody is told that they are done. */
  end(unfinished: readonly RunUsage[]): void {
    for (const { inputTokens, outputTokens } of unfinished) this.#count('cancelled', 'session_ended', inputTokens, outputTokens);
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
      this.#meters.add('parley_turns_total', 1);
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
      this.#done(event.response);
    } else if (event.type === 'input_audio_buffer.speech_started') this.#speaking = true;
    else if (event.type === 'input_audio_buffer.speech_stopped') this.#speaking = false;
    // An answer that was whole already is cut while it is being heard: by a client that plays by itself, or by our own speaker.
    else if (event.type === 'conversation.item.truncated' && event.item_id === this.#sounding?.item) this.#cutOff(this.#sounding.response);
    else if (event.type === 'output_audio_buffer.cleared' && this.#speaking) this.#cutOff(event.response_id);
    // What a key is refused is counted where keys are.
    else if (event.type === 'error' && isOneResponseTooMany(event.error)) {
      this.#meters.add('parley_limit_refusals_total', 1, { limit: 'responses' });
    }
  }

  #done({ id, status, status_details: details, usage }: ResponseObject): void {
    this.#live.delete(id);
    const reason = (details?.type === 'failed' ? details.error.code : details?.reason) ?? 'none';
    this.#count(status, reason, usage?.input_tokens ?? 0, usage?.output_tokens ?? 0);
    if (reason === 'turn_detected') this.#cutOff(id);
    else if (status === 'cancelled') this.#cut = id;
  }

  #count(status: string, reason: string, input: number, output: number): void {
    this.#responses[status] = (this.#responses[status] ?? 0) + 1;
    this.#inputTokens += input;
    this.#outputTokens += output;
    this.#meters.add('parley_responses_total', 1, { status, reason });
    this.#meters.add('parley_tokens_total', input, { direction: 'in' });
    this.#meters.add('parley_tokens_total', output, { direction: 'out' });
  }

  /** Each answer is cut once, however many events tell of it. */
  #cutOff(response: string): void {
    if (this.#cut === response) return;
    this.#cut = response;
    this.#meters.add('parley_barge_ins_total', 1);
  }

  #first(response: string, what: 'text' | 'audio', nowMs: number): void {
    const live = this.#live.get(response);
    if (!live || live[what]) return;
    live[what] = true;
    this.#latencies[what === 'text' ? 'firstText' : 'firstAudio'].add(nowMs - live.sinceMs);
  }
}

function isOneResponseTooMany({ code, param }: ErrorBody): boolean {
  return code === 'rate_limit_exceeded' && param === 'response.conversation';
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
