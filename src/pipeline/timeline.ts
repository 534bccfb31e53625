// When what happened in each turn, by the server's own clock, for the meters: the latencies that the console's timeline shows, and what of them
// is the server's own. It only looks at facts and effects as they pass.
import type { Meters } from '../metrics/meters.ts';
import type { ServerEvent } from '../protocol/server-events.ts';
import type { Effect } from '../session/effects.ts';
import type { Fact } from '../session/facts.ts';

/** What of a model's answer may be its first. */
const firstWords: ReadonlySet<ServerEvent['type']> = new Set([
  'response.output_text.delta',
  'response.output_audio_transcript.delta',
  'response.function_call_arguments.delta',
]);

/** Arrivals of sound that are remembered: those of some seconds. */
const mostArrivals = 128;

interface Turn {
  readonly item: string;
  /** When the last sound of speech came. */
  readonly speechEndMs: number | undefined;
  readonly endMs: number;
  /** How long after the sound of its end it was ended. */
  readonly lateMs: number;
  /** When its words came. */
  wordsMs: number | undefined;
}

interface Answer {
  /** The turn that it answers, if it is the first to do so. */
  readonly turn: Turn | undefined;
  /** When its run began, or became its own, and when that said its first. */
  askedMs: number | undefined;
  tokenMs: number | undefined;
  sounded: boolean;
}

export class Timeline {
  readonly #meters: Meters;
  readonly #arrivals = new Arrivals();
  readonly #answers = new Map<string, Answer>();
  #turn: Turn | undefined;
  #isAnswered = false;
  #pausedMs: number | undefined;

  constructor(meters: Meters) {
    this.#meters = meters;
  }

  hear(fact: Fact, nowMs: number): void {
    if (fact.kind === 'audio.reached') {
      const moreMs = this.#arrivals.reach(fact.receivedMs, nowMs);
      if (moreMs > 0) this.#meters.add('parley_sound_received_seconds_total', moreMs / 1000);
    } else if (fact.kind === 'speech.paused') this.#pausedMs = this.#arrivals.when(fact.atMs);
    else if (fact.kind === 'speech.began') this.#pausedMs = undefined;
    else if (fact.kind === 'transcript.final') {
      this.#meters.add('parley_speech_heard_seconds_total', fact.seconds);
      this.#worded(fact.item, nowMs);
    } else if (fact.kind === 'transcript.failed' && this.#turn?.item === fact.item) this.#turn.wordsMs = nowMs;
  }

  see(effect: Effect, nowMs: number): void {
    if (effect.kind === 'send') this.#sent(effect.event, nowMs);
    else if (effect.kind === 'send.audio') this.#sounded(effect.response, nowMs);
    else if (effect.kind === 'listen.commit') this.#ended(effect.item, effect.toMs, nowMs);
    else if (effect.kind === 'run.adopted') {
      const answer = this.#answers.get(effect.response);
      if (answer) answer.askedMs = nowMs;
    }
  }

  #ended(item: string, toMs: number, nowMs: number): void {
    const speechEndMs = this.#pausedMs;
    this.#pausedMs = undefined;
    const lateMs = Math.max(0, nowMs - (this.#arrivals.when(toMs) ?? nowMs));
    this.#turn = { item, speechEndMs, endMs: nowMs, lateMs, wordsMs: undefined };
    this.#isAnswered = false;
    this.#took('parley_turn_end_seconds', speechEndMs, nowMs);
  }

  #worded(item: string, nowMs: number): void {
    if (this.#turn?.item !== item) return;
    this.#turn.wordsMs = nowMs;
    this.#took('parley_transcript_seconds', this.#turn.endMs, nowMs);
  }

  #sent(event: ServerEvent, nowMs: number): void {
    if (event.type === 'response.created') {
      // What is said beside the conversation answers no turn.
      const answers = event.response.conversation_id !== null && !this.#isAnswered;
      if (answers) this.#isAnswered = true;
      const turn = answers ? this.#turn : undefined;
      this.#answers.set(event.response.id, { turn, askedMs: undefined, tokenMs: undefined, sounded: false });
    } else if (event.type === 'response.done') this.#answers.delete(event.response.id);
    else if (firstWords.has(event.type) && 'response_id' in event) this.#said(event.response_id, nowMs);
  }

  #said(response: string, nowMs: number): void {
    const answer = this.#answers.get(response);
    if (!answer || answer.tokenMs !== undefined) return;
    answer.tokenMs = nowMs;
    this.#took('parley_first_token_seconds', answer.askedMs, nowMs);
  }

  #sounded(response: string, nowMs: number): void {
    const answer = this.#answers.get(response);
    if (!answer || answer.sounded) return;
    answer.sounded = true;
    const { turn, askedMs, tokenMs } = answer;
    this.#took('parley_first_audio_seconds', tokenMs, nowMs);
    this.#took('parley_answer_seconds', turn?.speechEndMs, nowMs);
    if (!turn || askedMs === undefined) return;
    const recogniserMs = Math.max(0, (turn.wordsMs ?? turn.endMs) - turn.endMs);
    const addedMs = turn.lateMs + (askedMs - turn.endMs) - recogniserMs;
    this.#meters.observe('parley_server_added_seconds', Math.max(0, addedMs) / 1000);
  }

  #took(
    name:
      | 'parley_answer_seconds'
      | 'parley_turn_end_seconds'
      | 'parley_transcript_seconds'
      | 'parley_first_token_seconds'
      | 'parley_first_audio_seconds',
    sinceMs: number | undefined,
    nowMs: number,
  ): void {
    if (sinceMs !== undefined) this.#meters.observe(name, (nowMs - sinceMs) / 1000);
  }
}

/** When which of the sound came: positions of the audio's own timeline, with the instants of their arrival. */
class Arrivals {
  readonly #positions = new Float64Array(mostArrivals);
  readonly #instants = new Float64Array(mostArrivals);
  #count = 0;
  #reachedMs = 0;

  /** How much more there is than before. */
  reach(positionMs: number, nowMs: number): number {
    const moreMs = positionMs - this.#reachedMs;
    if (moreMs <= 0) return 0;
    this.#reachedMs = positionMs;
    const at = this.#count++ % mostArrivals;
    this.#positions[at] = positionMs;
    this.#instants[at] = nowMs;
    return moreMs;
  }

  /** When the sound at a position came; of one that is long past, the oldest instant that is known. */
  when(positionMs: number): number | undefined {
    let found: number | undefined;
    const oldest = Math.max(0, this.#count - mostArrivals);
    for (let at = this.#count - 1; at >= oldest; at--) {
      const index = at % mostArrivals;
      if ((this.#positions[index] as number) < positionMs) break;
      found = this.#instants[index];
    }
    return found;
  }
}
