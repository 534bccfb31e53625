// One caller: sends its frames on the beat of an absolute timeline, whatever the server does, and notes when answers come.
import { systemClock } from '../src/lib/clock.ts';
import { FRAME_MS, type Material, textFrame, type Utterance } from './frames.ts';
import { Wire } from './wire.ts';

/** What the scripted engines are told, and what is asked for as silence: everything beyond is the server's. */
export const SILENCE_MS = 500;
export const ENGINES_MS = 300;
/** A token every 25 ms, each a word of 60 ms: a second of an answer's sound is due this much after the second before. */
const pace = 25 / 60;
/** Longer without an answer is none. */
export const LOST_MS = 2000;

/** Quiet after each utterance. A short one lets the next utterance begin while the answer is still being made: a barge-in. */
const wholeMs = 3200;
const bargeMs = 1000;
export const SCRIPT: readonly number[] = [wholeMs, bargeMs, wholeMs, wholeMs, bargeMs, wholeMs, wholeMs];
/** The mean length of an utterance with its quiet. */
export const CYCLE_MS = 5400;

/** One utterance and what became of it. Times are of the clock; ends and onsets are those of the sound on the timeline. */
export interface Turn {
  readonly onsetMs: number;
  readonly endMs: number;
  readonly cutsIn: boolean;
  firstAudioMs: number | undefined;
  lastAudioMs: number | undefined;
  status: string | undefined;
  /** How late each stretch of sound came, against the pace of the voice. */
  readonly gaps: number[];
  /** Stretches that came after the sound before them had been played. */
  starved: number;
}

const audioDelta = Buffer.from('{"type":"response.output_audio.delta"');
const transcriptDelta = Buffer.from('{"type":"response.output_audio_transcript.delta"');
const deltaField = Buffer.from('"delta":"');
const bytesPerMs = 48;

const setup = textFrame(
  JSON.stringify({
    type: 'session.update',
    session: {
      type: 'realtime',
      audio: { input: { transcription: { model: 'bench' }, turn_detection: { type: 'server_vad', silence_duration_ms: SILENCE_MS } } },
    },
  }),
);

export class Caller {
  readonly turns: Turn[] = [];
  /** The server's complaints, answers nobody asked for, and whatever else must not happen. */
  readonly faults: string[] = [];
  /** How late frames left. */
  readonly lags: number[] = [];
  #wire: Wire | undefined;
  readonly #material: Material;
  readonly #number: number;
  /** How often the script is played. */
  readonly #rounds: number;
  #startMs = 0;
  #frame = 0;
  #said = 0;
  #utterance: Utterance | undefined;
  #utteranceFrame = 0;
  #quietLeft: number;
  #answer: { id: string; turn: Turn; anchorMs: number; soundMs: number } | undefined;

  constructor(material: Material, number: number, rounds: number) {
    this.#material = material;
    this.#number = number;
    this.#rounds = rounds;
    this.#quietLeft = 25;
  }

  async connect(port: number, key: string): Promise<void> {
    this.#wire = await Wire.open(port, key, (payload) => this.#hear(payload));
    this.#wire.send(setup);
  }

  begin(startMs: number): void {
    this.#startMs = startMs;
  }

  /** When the next frame leaves: when its last sample has been taken. */
  get dueMs(): number {
    return this.#startMs + (this.#frame + 1) * FRAME_MS;
  }

  get over(): boolean {
    return this.#said >= SCRIPT.length * this.#rounds && !this.#utterance && this.#quietLeft === 0;
  }

  sendFrame(nowMs: number): void {
    this.lags.push(nowMs - this.dueMs);
    this.#wire?.send(this.#nextFrame());
    this.#frame += 1;
    if (this.#wire?.ended) this.faults.push('connection lost');
  }

  close(): void {
    this.#wire?.close();
  }

  #nextFrame(): Buffer {
    const { utterances, quiet } = this.#material;
    if (!this.#utterance && this.#quietLeft === 0 && this.#said < SCRIPT.length * this.#rounds) this.#speak(utterances);
    const spoken = this.#utterance?.frames[this.#utteranceFrame++];
    if (this.#utterance && this.#utteranceFrame >= this.#utterance.frames.length) this.#utterance = undefined;
    if (spoken) return spoken;
    if (this.#quietLeft > 0) this.#quietLeft -= 1;
    return quiet[this.#frame % quiet.length] as Buffer;
  }

  #speak(utterances: readonly Utterance[]): void {
    // A prime step: no two callers say the same things in the same order.
    const utterance = utterances[(this.#number * 7 + this.#said * 5) % utterances.length] as Utterance;
    const beginMs = this.#startMs + this.#frame * FRAME_MS;
    this.turns.push({
      onsetMs: beginMs + utterance.onsetMs,
      endMs: beginMs + utterance.endMs,
      cutsIn: this.#said > 0 && SCRIPT[(this.#said - 1) % SCRIPT.length] === bargeMs,
      firstAudioMs: undefined,
      lastAudioMs: undefined,
      status: undefined,
      gaps: [],
      starved: 0,
    });
    this.#quietLeft = Math.round((SCRIPT[this.#said % SCRIPT.length] ?? 0) / FRAME_MS);
    this.#said += 1;
    this.#utterance = utterance;
    this.#utteranceFrame = 0;
  }

  #hear(payload: Buffer): void {
    if (startsWith(payload, audioDelta)) this.#hearAudio(payload);
    else if (!startsWith(payload, transcriptDelta)) this.#hearEvent(payload);
  }

  #hearAudio(payload: Buffer): void {
    const answer = this.#answer;
    if (!answer) {
      this.faults.push('sound outside an answer');
      return;
    }
    const nowMs = systemClock.now();
    const { turn } = answer;
    turn.firstAudioMs ??= nowMs;
    turn.lastAudioMs = nowMs;
    const scheduledMs = answer.soundMs * pace;
    // The stretch that came earliest by the pace says when the voice began: a late first one must not excuse the others.
    answer.anchorMs = Math.min(answer.anchorMs, nowMs - scheduledMs);
    turn.gaps.push(nowMs - answer.anchorMs - scheduledMs);
    if (nowMs > turn.firstAudioMs + answer.soundMs) turn.starved += 1;
    const sound = payload.length - payload.indexOf(deltaField, audioDelta.length) - deltaField.length - 2;
    answer.soundMs += Math.floor((sound * 3) / 4) / bytesPerMs;
  }

  #hearEvent(payload: Buffer): void {
    const text = payload.toString('latin1');
    const type = /^{"type":"([\w.]+)"/.exec(text)?.[1];
    if (type === 'error') this.faults.push(text);
    else if (type === 'response.created') {
      const nowMs = systemClock.now();
      const turn = this.turns.findLast((turn) => turn.endMs <= nowMs);
      if (turn === undefined || turn !== this.turns.at(-1) || turn.firstAudioMs !== undefined) this.faults.push('answered in mid-speech');
      else this.#answer = { id: responseId(text), turn, anchorMs: Number.POSITIVE_INFINITY, soundMs: 0 };
    } else if (type === 'response.done' && this.#answer?.id === responseId(text)) {
      this.#answer.turn.status = /"status":"(\w+)"/.exec(text)?.[1];
      this.#answer = undefined;
    }
  }
}

function startsWith(payload: Buffer, prefix: Buffer): boolean {
  return payload.length > prefix.length && payload.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

function responseId(text: string): string {
  return /"id":"(resp_\w+)"/.exec(text)?.[1] ?? '';
}
