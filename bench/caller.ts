// One caller: sends its frames on the beat of an absolute timeline, whatever the server does, and notes when answers come.
import { systemClock } from '../src/lib/clock.ts';
import { type Material, textFrame } from './frames.ts';
import { type Said, Timeline } from './timeline.ts';
import { Wire } from './wire.ts';

/** What the scripted engines are told, and what is asked for as silence: everything beyond is the server's. */
export const SILENCE_MS = 500;
export const ENGINES_MS = 300;
/** A token every 25 ms, each a word of 60 ms: a second of an answer's sound is due this much after the second before. */
const pace = 25 / 60;
/** Longer without an answer is none. */
export const LOST_MS = 2000;

/** One utterance and what became of it. Times are of the clock. */
export interface Turn extends Said {
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
  readonly timeline: Timeline;
  #wire: Wire | undefined;
  #answer: { id: string; turn: Turn; anchorMs: number; soundMs: number } | undefined;

  /** The script is played so many `rounds`. */
  constructor(material: Material, number: number, rounds: number) {
    this.timeline = new Timeline(material, number, rounds, (said) =>
      this.turns.push({ ...said, firstAudioMs: undefined, lastAudioMs: undefined, status: undefined, gaps: [], starved: 0 }),
    );
  }

  async connect(port: number, key: string): Promise<void> {
    this.#wire = await Wire.open(port, key, (payload) => this.#hear(payload));
    this.#wire.send(setup);
  }

  sendFrame(nowMs: number): void {
    this.#wire?.send(this.timeline.next(nowMs));
    if (this.#wire?.ended) this.faults.push('connection lost');
  }

  close(): void {
    this.#wire?.close();
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
