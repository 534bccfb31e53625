// What is going on in the conversation, told from the events alone: where the turn stands, the lines to show, the latencies.
// Pure: times come in with the events, nothing is sent from here.
import { AnswerText, growTranscript } from './talk-answer.ts';
import { errorSentence, isHarmless, listOf, objectOf, textOf, type Fields, type RealtimeEvent } from './talk-events.ts';
import { latencyOf, type Latency } from './talk-latency.ts';

export type Line =
  /** `final: false` is a sketch that the next line of the same kind replaces. */
  | { readonly kind: 'user' | 'agent'; readonly text: string; readonly final: boolean }
  | { readonly kind: 'tool' | 'note' | 'error'; readonly text: string }
  | { readonly kind: 'latency'; readonly latency: Latency };

export interface ToolCall {
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
}

/** How the user's half of a turn comes about. Typed text is complete when it is sent; speech when the server says so. */
export type InputKind = 'speech' | 'text';

type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'listening' } // the server hears or expects speech
  | { readonly kind: 'waiting' } // the turn is the server's, no response yet
  | { readonly kind: 'answering'; readonly responseId: string }
  | { readonly kind: 'answered'; readonly atMs: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** After a commit that came before the end of the file's sound, the rest is taken for noise when nothing more was heard so long. */
const unheardRestMs = 2000;
/** A transcript may follow its answer, but not much later. */
const transcriptGraceMs = 3000;

export class TurnTracker {
  #phase: Phase = { kind: 'idle' };
  #input: InputKind = 'text';
  #marks: Latency = latencyOf('text');
  #inputEndedMs: number | undefined;
  #committedMs: number | undefined;
  #heardSpeech = false;
  readonly #transcripts = new Map<string, string>();
  readonly #awaitedTranscripts = new Set<string>();
  #answer = new AnswerText();
  readonly #seenCalls = new Set<string>();
  #calls: ToolCall[] = [];

  /** A new turn of the user begins. Latencies count from `inputEnded`. */
  begin(input: InputKind): void {
    this.#input = input;
    this.#phase = input === 'speech' ? { kind: 'listening' } : { kind: 'waiting' };
    this.#inputEndedMs = undefined;
    this.#committedMs = undefined;
    this.#heardSpeech = false;
    this.#marks = latencyOf(input);
    this.#awaitedTranscripts.clear();
  }

  /** The last sample of speech, or the text, was sent at `atMs`. */
  inputEnded(atMs: number): void {
    this.#inputEndedMs = atMs;
  }

  /** Ends the turn for a reason that lies outside the events. */
  fail(reason: string): void {
    this.#phase = { kind: 'failed', reason };
  }

  /** True while a microphone would still be needed: the server has not yet taken the end of speech for the end of the turn. */
  listening(nowMs: number): boolean {
    return this.#input === 'speech' && (this.#phase.kind === 'listening' || !this.#covered(nowMs)) && this.#phase.kind !== 'failed';
  }

  /** The turn is the server's: it owes a response or the rest of one. */
  get awaitingServer(): boolean {
    return this.#phase.kind === 'waiting' || this.#phase.kind === 'answering';
  }

  /** The server has taken something in this turn for speech. */
  get heardSpeech(): boolean {
    return this.#heardSpeech;
  }

  get failure(): string | undefined {
    return this.#phase.kind === 'failed' ? this.#phase.reason : undefined;
  }

  /** The turn has its answer, and nothing more will be said about it. */
  settled(nowMs: number): boolean {
    if (this.#phase.kind !== 'answered' || !this.#covered(nowMs)) return false;
    return this.#awaitedTranscripts.size === 0 || nowMs >= this.#phase.atMs + transcriptGraceMs;
  }

  /** The latencies of the turn that settled. */
  conclude(): Line[] {
    this.#phase = { kind: 'idle' };
    return this.#latencyLine();
  }

  /** Function calls of the response that has just ended; the caller owes each an output and, after them, one response.create. */
  takeCalls(): readonly ToolCall[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }

  event(event: RealtimeEvent, atMs: number): Line[] {
    switch (event.type) {
      case 'input_audio_buffer.speech_started':
        this.#phase = { kind: 'listening' };
        this.#heardSpeech = true;
        return [];
      case 'input_audio_buffer.committed':
        return this.#committed(event, atMs);
      case 'conversation.item.input_audio_transcription.delta':
        return this.#heard(event, textOf(event, 'delta') ?? '');
      case 'conversation.item.input_audio_transcription.updated':
        return this.#heard(event, undefined);
      case 'conversation.item.input_audio_transcription.completed':
        return this.#transcribed(event, atMs);
      case 'conversation.item.input_audio_transcription.failed':
        this.#awaitedTranscripts.delete(textOf(event, 'item_id') ?? '');
        return [{ kind: 'error', text: `The speech could not be transcribed. ${errorSentence(event)}` }];
      case 'response.created':
        this.#answer = new AnswerText();
        this.#phase = { kind: 'answering', responseId: textOf(objectOf(event, 'response'), 'id') ?? '' };
        return [];
      case 'response.output_audio.delta':
        this.#marks.firstAudioMs ??= this.#sinceInput(atMs);
        return [];
      case 'response.output_text.delta':
      case 'response.output_audio_transcript.delta':
        this.#marks.firstTokenMs ??= this.#sinceInput(atMs);
        return [{ kind: 'agent', text: this.#answer.add(event), final: false }];
      case 'response.output_item.done':
        return this.#itemDone(objectOf(event, 'item'));
      case 'response.done':
        return this.#responseDone(objectOf(event, 'response'), atMs);
      case 'error':
        return this.#error(event);
      default:
        return [];
    }
  }

  #committed(event: Fields, atMs: number): Line[] {
    this.#phase = { kind: 'waiting' };
    this.#committedMs = atMs;
    this.#heardSpeech = true;
    this.#marks = latencyOf(this.#input);
    this.#awaitedTranscripts.add(textOf(event, 'item_id') ?? '');
    return [];
  }

  #heard(event: Fields, delta: string | undefined): Line[] {
    const itemId = textOf(event, 'item_id') ?? '';
    const known = this.#transcripts.get(itemId) ?? '';
    const text = delta === undefined ? (textOf(event, 'transcript') ?? known) : growTranscript(known, delta);
    this.#transcripts.set(itemId, text);
    return text.trim() === '' || text === known ? [] : [{ kind: 'user', text, final: false }];
  }

  #transcribed(event: Fields, atMs: number): Line[] {
    const itemId = textOf(event, 'item_id') ?? '';
    this.#transcripts.delete(itemId);
    this.#awaitedTranscripts.delete(itemId);
    this.#marks.transcriptMs ??= this.#sinceInput(atMs);
    const text = (textOf(event, 'transcript') ?? '').trim();
    return text === '' ? [{ kind: 'note', text: 'The server understood no words.' }] : [{ kind: 'user', text, final: true }];
  }

  #itemDone(item: Fields): Line[] {
    if (textOf(item, 'type') === 'message') return this.#answerLine('');
    if (textOf(item, 'type') === 'mcp_call') {
      const outcome = textOf(item, 'output') ?? textOf(objectOf(item, 'error'), 'message') ?? '';
      return [{ kind: 'tool', text: `${callText(item)} → ${outcome}` }];
    }
    return this.#noteCall(item);
  }

  #noteCall(item: Fields): Line[] {
    const callId = textOf(item, 'call_id');
    if (textOf(item, 'type') !== 'function_call' || callId === undefined || this.#seenCalls.has(callId)) return [];
    this.#seenCalls.add(callId);
    this.#calls.push({ callId, name: textOf(item, 'name') ?? '', arguments: textOf(item, 'arguments') ?? '' });
    return [{ kind: 'tool', text: callText(item) }];
  }

  #responseDone(response: Fields, atMs: number): Line[] {
    const details = objectOf(response, 'status_details');
    const status = textOf(response, 'status');
    const reason = textOf(details, 'reason');
    const mine = this.#phase.kind === 'answering' && this.#phase.responseId === (textOf(response, 'id') ?? '');
    const lines = status === 'cancelled' ? this.#answerLine(' … (interrupted)') : this.#answerLine('');
    if (status === 'cancelled' && reason === 'turn_detected') {
      // The answer was talked over: what was said of it had its latencies, and the turn goes on with the user.
      this.#calls = [];
      if (this.#marks.firstAudioMs !== undefined) lines.push(...this.#latencyLine());
      if (mine) this.#phase = { kind: 'listening' };
      return lines;
    }
    for (const item of listOf(response, 'output')) lines.push(...this.#noteCall(item));
    if (status === 'incomplete') lines.push({ kind: 'note', text: `The answer is incomplete (${reason ?? 'no reason given'}).` });
    if (!mine) return lines;
    if (status === 'failed') this.#phase = { kind: 'failed', reason: `The answer failed: ${errorSentence(details)}` };
    else if (this.#calls.length > 0) this.#phase = { kind: 'waiting' };
    else {
      this.#phase = { kind: 'answered', atMs };
      this.#marks.doneMs = this.#sinceInput(atMs);
    }
    return lines;
  }

  #error(event: RealtimeEvent): Line[] {
    if (isHarmless(event)) return [];
    const reason = errorSentence(event);
    // With a response under way its response.done will say how it ended; without one, nothing else will come.
    if (this.#phase.kind === 'listening' || this.#phase.kind === 'waiting') {
      this.#phase = { kind: 'failed', reason };
      return [];
    }
    return [{ kind: 'error', text: reason }];
  }

  /** Was everything said taken in by a commit? */
  #covered(nowMs: number): boolean {
    if (this.#input === 'text') return true;
    if (this.#inputEndedMs === undefined || this.#committedMs === undefined) return false;
    return this.#committedMs >= this.#inputEndedMs || nowMs >= this.#inputEndedMs + unheardRestMs;
  }

  #answerLine(ending: string): Line[] {
    const text = this.#answer.take();
    return text === '' ? [] : [{ kind: 'agent', text: text + ending, final: true }];
  }

  #latencyLine(): Line[] {
    return this.#marks.doneMs === undefined && this.#marks.firstAudioMs === undefined ? [] : [{ kind: 'latency', latency: this.#marks }];
  }

  #sinceInput(atMs: number): number | undefined {
    return this.#inputEndedMs === undefined ? undefined : atMs - this.#inputEndedMs;
  }
}

function callText(item: Fields): string {
  return `${textOf(item, 'name') ?? ''}(${textOf(item, 'arguments') ?? ''})`;
}
