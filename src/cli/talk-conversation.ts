// One conversation from the client's side: sends what the user says at the pace of speech, and brings each turn to its answer.
// What an event means is the tracker's to say; here it is acted on.
import { contentOf } from './talk-answer.ts';
import type { RealtimeConnection } from './talk-connection.ts';
import { textOf, type RealtimeEvent } from './talk-events.ts';
import { Interrupted, TalkFailure } from './talk-failure.ts';
import type { Playback } from './talk-playback.ts';
import type { Screen } from './talk-screen.ts';
import { frameLength, frameMs, framesOf, speechEndMs } from './talk-speech.ts';
import { TurnTracker } from './talk-tracker.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { concat, fromBytes, type Pcm, toBytes } from '../media/pcm.ts';

export interface ConversationParts {
  readonly connection: RealtimeConnection;
  readonly screen: Screen;
  readonly playback: Playback;
  readonly clock: Clock;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly rateHz: number;
  /** The server does not end turns: we do. */
  readonly manualTurns: boolean;
  readonly toolResult: string;
  readonly timeoutMs: number;
}

/** A person waits so long after the other has finished. */
const politePauseMs = 300;
/** How much of the microphone is looked back at to find where the speaking ended: a semantic turn end may take 8 s. */
const lookBackFrames = 12_000 / frameMs;
/** A model that calls tools again and again without a word is not going to answer. */
const maxToolRounds = 16;

export class Conversation {
  readonly #parts: ConversationParts;
  readonly #tracker = new TurnTracker();
  readonly #stopListening: () => void;
  #lastEventMs = 0;
  #toolRounds = 0;
  #wake: () => void = () => {};
  #recent: { readonly frame: Int16Array; readonly sentMs: number }[] = [];

  constructor(parts: ConversationParts) {
    this.#parts = parts;
    this.#stopListening = parts.connection.listen((event, atMs) => this.#receive(event, atMs));
    parts.connection.onEnd(() => this.#wake());
    parts.signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Says `speech` and waits for the answer. @throws {TalkFailure} @throws {Interrupted} */
  async say(name: string, speech: Pcm): Promise<void> {
    const { clock, playback, signal, connection, manualTurns } = this.#parts;
    // Speaking into the answer would be an interruption, also where nobody hears it.
    if (playback.remainingMs > 0) await sleep(clock, playback.remainingMs + politePauseMs, signal);
    this.#begin('speech');
    const endFrame = Math.max(0, Math.ceil((speechEndMs(speech) ?? Infinity) / frameMs) - 1);
    const frames = [...framesOf(speech)];
    await this.#pace(frames, (index) => {
      if (index === Math.min(endFrame, frames.length - 1)) this.#tracker.inputEnded(clock.now());
      return true;
    });
    const silence = new Int16Array(frameLength(this.#parts.rateHz));
    if (manualTurns) {
      connection.send({ type: 'input_audio_buffer.commit' });
      connection.send({ type: 'response.create' });
    }
    const endedMs = clock.now();
    const goesOn = () => {
      if (this.#settled(endedMs)) return false;
      if (!this.#tracker.heardSpeech) this.#limit(endedMs, `The server took nothing in ${name} for speech`);
      this.#limit(Math.max(endedMs, this.#lastEventMs), 'The server did not end the turn');
      return true;
    };
    const listening = () => !manualTurns && this.#tracker.listening(clock.now());
    while (goesOn()) {
      if (listening()) await this.#pace(endless(silence), () => goesOn() && listening());
      else await this.#event();
    }
    this.#parts.screen.show(this.#tracker.conclude());
  }

  /** Sends `text` and waits for the answer. @throws {TalkFailure} @throws {Interrupted} */
  async write(text: string): Promise<void> {
    const { connection, clock, screen } = this.#parts;
    this.#begin('text');
    screen.show([{ kind: 'user', text, final: true }]);
    connection.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
    });
    connection.send({ type: 'response.create' });
    const endedMs = clock.now();
    this.#tracker.inputEnded(endedMs);
    while (!this.#settled(endedMs)) await this.#event();
    screen.show(this.#tracker.conclude());
  }

  /** Sends what the microphone hears until it ends; turns follow one another as the server finds them. A turn that fails is shown. */
  async listen(microphone: AsyncIterable<Int16Array>): Promise<void> {
    const { clock, screen } = this.#parts;
    this.#begin('speech');
    for await (const frame of microphone) {
      this.#append(frame);
      this.#recent.push({ frame, sentMs: clock.now() });
      if (this.#recent.length > lookBackFrames) this.#recent.shift();
      try {
        if (!this.#settled(clock.now() - frameMs)) continue;
        screen.show(this.#tracker.conclude());
      } catch (failure) {
        if (!(failure instanceof TalkFailure) || this.#parts.connection.ended) throw failure;
        screen.show([{ kind: 'error', text: failure.message }]);
      }
      this.#begin('speech');
    }
  }

  close(): void {
    this.#stopListening();
  }

  #begin(kind: 'speech' | 'text'): void {
    this.#toolRounds = 0;
    this.#lastEventMs = this.#parts.clock.now();
    this.#tracker.begin(kind);
  }

  /** Is the turn over? Throws when it cannot end well any more; the wait for the server counts from its last event or `sinceMs`. */
  #settled(sinceMs: number): boolean {
    const { clock, connection, signal } = this.#parts;
    if (signal.aborted) throw new Interrupted();
    if (this.#tracker.failure !== undefined) throw new TalkFailure(3, this.#tracker.failure);
    const settled = this.#tracker.settled(clock.now());
    if (!settled && connection.ended) throw connection.ended;
    if (!settled && this.#tracker.awaitingServer) this.#limit(Math.max(sinceMs, this.#lastEventMs), 'The server sent no answer');
    return settled;
  }

  #limit(sinceMs: number, complaint: string): void {
    const { clock, timeoutMs } = this.#parts;
    if (clock.now() - sinceMs > timeoutMs) throw new TalkFailure(3, `${complaint} within ${Math.round(timeoutMs / 1000)} seconds.`);
  }

  /** The next event, or a moment: limits and graces run out without one. */
  async #event(): Promise<void> {
    const moment = new AbortController();
    this.#wake = () => moment.abort();
    await sleep(this.#parts.clock, 50, moment.signal);
    this.#wake = () => {};
  }

  /** Sends frames each when a microphone would have it full, against absolute times so that no delay adds up. */
  async #pace(frames: Iterable<Int16Array>, sent: (index: number) => boolean): Promise<void> {
    const { clock, signal, connection } = this.#parts;
    const startMs = clock.now();
    let index = 0;
    for (const frame of frames) {
      const waitMs = startMs + (index + 1) * frameMs - clock.now();
      if (waitMs > 0) await sleep(clock, waitMs, signal);
      if (signal.aborted) throw new Interrupted();
      if (connection.ended) throw connection.ended;
      this.#append(frame);
      if (!sent(index)) return;
      index++;
    }
  }

  #append(frame: Int16Array): void {
    this.#parts.connection.send({ type: 'input_audio_buffer.append', audio: Buffer.from(toBytes(frame)).toString('base64') });
  }

  #receive(event: RealtimeEvent, atMs: number): void {
    const { playback, screen, connection } = this.#parts;
    if (event.type !== 'ping') this.#lastEventMs = atMs;
    if (event.type === 'input_audio_buffer.committed' && this.#recent.length > 0) this.#tracker.inputEnded(this.#recentSpeechEnd());
    if (event.type === 'input_audio_buffer.speech_started') this.#cutAnswer();
    if (event.type === 'response.output_audio.delta') {
      const { itemId, contentIndex } = contentOf(event);
      playback.write(itemId, contentIndex, fromBytes(Buffer.from(textOf(event, 'delta') ?? '', 'base64')));
    }
    screen.show(this.#tracker.event(event, atMs));
    if (event.type === 'response.done' && !connection.ended) this.#answerCalls();
    this.#wake();
  }

  /** The user talks over the answer: stop it and tell the server how much of it was heard. */
  #cutAnswer(): void {
    const cut = this.#parts.playback.cut();
    if (!cut) return;
    this.#parts.connection.send({
      type: 'conversation.item.truncate',
      item_id: cut.itemId,
      content_index: cut.contentIndex,
      audio_end_ms: cut.heardMs,
    });
    this.#parts.screen.show([{ kind: 'note', text: `interrupted after ${(cut.heardMs / 1000).toFixed(1)} s` }]);
  }

  #answerCalls(): void {
    const { connection, screen, toolResult } = this.#parts;
    const calls = this.#tracker.takeCalls();
    if (calls.length === 0) return;
    if (++this.#toolRounds > maxToolRounds) {
      this.#tracker.fail(`The model called tools ${maxToolRounds} times in a row without an answer.`);
      return;
    }
    for (const { callId } of calls) {
      connection.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output: toolResult } });
    }
    screen.show([{ kind: 'tool', text: `→ ${toolResult}` }]);
    connection.send({ type: 'response.create' });
  }

  /** When the frame went out that held the last of the speech before now. */
  #recentSpeechEnd(): number {
    const recent = this.#recent;
    const heard: Pcm = { samples: concat(recent.map(({ frame }) => frame)), rateHz: this.#parts.rateHz };
    const index = Math.ceil((speechEndMs(heard) ?? Infinity) / frameMs) - 1;
    return recent[Math.max(0, Math.min(index, recent.length - 1))]?.sentMs ?? this.#parts.clock.now();
  }
}

function* endless(frame: Int16Array): Generator<Int16Array> {
  for (;;) yield frame;
}
