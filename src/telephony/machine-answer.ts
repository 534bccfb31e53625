// What becomes of a placed call that a machine answers: it is told, and the call ends, goes on, or leaves a message after the beep.
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../protocol/audio-format.ts';
import { MachineDetector, type MachineEvent } from './answering-machine.ts';
import type { AnsweredBy } from '../transports/calls/phone-call.ts';
import { exactWords, listenToNobody } from './exact-words.ts';
import { lineSamples } from '../transports/calls/line-samples.ts';
import type { MachineWatch } from './machine-watch.ts';

export type MachinePolicy =
  | { readonly policy: 'hang-up' }
  | { readonly policy: 'continue' }
  /** Said word by word once the machine is ready to record; then the call ends. */
  | { readonly policy: 'leave-message'; readonly message: string };

export interface MachineAnswerParts {
  /** Of the line's sound. */
  readonly format: AudioFormat;
  readonly policy: MachinePolicy;
  /** Has a client's event said in the session. */
  readonly say: (event: object) => void;
  /** Ends the call once what has been said was heard. */
  readonly hangUpAfterWords: () => void;
  readonly hangUp: () => void;
  readonly watch: MachineWatch;
}

type Phase = 'listening' | 'machine' | 'done';

export class MachineAnswer {
  readonly #parts: MachineAnswerParts;
  readonly #detector: MachineDetector;
  readonly #bytesPerMs: number;
  #phase: Phase = 'listening';
  #heardBytes = 0;

  constructor(parts: MachineAnswerParts) {
    const { format, watch } = parts;
    this.#parts = parts;
    this.#detector = new MachineDetector({ rateHz: sampleRateHz(format) });
    this.#bytesPerMs = (bytesPerSample(format) * sampleRateHz(format)) / 1000;
    watch.listen((who) => this.#told(who));
  }

  /** The next sound of whoever has answered, in the line's format. */
  hear(sound: Uint8Array): void {
    this.#heardBytes += sound.length;
    if (this.#phase === 'done' || this.#detector.done) return;
    for (const event of this.#detector.feed(lineSamples(this.#parts.format, sound))) this.#on(event);
  }

  /** The carrier has listened, too. Whoever knows it first is believed. */
  #told(who: AnsweredBy): void {
    if (this.#phase !== 'listening') return;
    if (who === 'human') {
      this.#phase = 'done';
      return;
    }
    const next = this.#found(who, Math.round(this.#heardBytes / this.#bytesPerMs), 'the carrier of the call says so');
    if (next !== 'machine') return;
    // The message waits for the end of its greeting, unless that is over.
    if (this.#detector.done) this.#leaveMessage();
    else this.#detector.knowMachine();
  }

  #on(event: MachineEvent): void {
    if (this.#phase === 'listening' && (event.kind === 'machine' || event.kind === 'fax'))
      this.#found(event.kind, event.atMs, event.reason);
    else if (this.#phase === 'machine' && (event.kind === 'beep' || event.kind === 'greeting_ended')) this.#leaveMessage();
  }

  #found(answeredBy: 'machine' | 'fax', atMs: number, reason: string): Phase {
    const { policy, say, hangUp, watch } = this.#parts;
    watch.tell({ answeredBy, atMs, reason });
    this.#phase = policy.policy === 'leave-message' && answeredBy === 'machine' ? 'machine' : 'done';
    if (answeredBy === 'fax' || policy.policy === 'hang-up') hangUp();
    // A machine's greeting is nobody's turn: nobody listens to an answer to it.
    else if (policy.policy === 'leave-message') for (const event of listenToNobody) say(event);
    return this.#phase;
  }

  #leaveMessage(): void {
    const { policy, say, hangUpAfterWords } = this.#parts;
    this.#phase = 'done';
    if (policy.policy !== 'leave-message') return;
    say(exactWords(policy.message));
    hangUpAfterWords();
  }
}
