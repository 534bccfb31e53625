// What becomes of a placed call that a machine answers: it is told, and the call ends, goes on, or leaves a message after the beep.
import { type AudioFormat, sampleRateHz } from '../protocol/audio-format.ts';
import { MachineDetector, type MachineEvent } from './answering-machine.ts';
import { exactWords } from './exact-words.ts';
import { lineSamples } from '../transports/calls/line-samples.ts';

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
  readonly tell: (found: { readonly answeredBy: 'machine' | 'fax'; readonly atMs: number; readonly reason: string }) => void;
}

/** A machine's greeting is nobody's turn: nobody listens to an answer to it. */
const listenToNobody: readonly object[] = [
  { type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: null } } } },
  { type: 'output_audio_buffer.clear' },
];

type Phase = 'listening' | 'machine' | 'done';

export class MachineAnswer {
  readonly #parts: MachineAnswerParts;
  readonly #detector: MachineDetector;
  #phase: Phase = 'listening';

  constructor(parts: MachineAnswerParts) {
    this.#parts = parts;
    this.#detector = new MachineDetector({ rateHz: sampleRateHz(parts.format) });
  }

  /** The next sound of whoever has answered, in the line's format. */
  hear(sound: Uint8Array): void {
    if (this.#phase === 'done' || this.#detector.done) return;
    for (const event of this.#detector.feed(lineSamples(this.#parts.format, sound))) this.#on(event);
  }

  #on(event: MachineEvent): void {
    const { policy, say, hangUp, hangUpAfterWords, tell } = this.#parts;
    if (this.#phase === 'listening' && (event.kind === 'machine' || event.kind === 'fax')) {
      tell({ answeredBy: event.kind, atMs: event.atMs, reason: event.reason });
      this.#phase = policy.policy === 'leave-message' && event.kind === 'machine' ? 'machine' : 'done';
      if (event.kind === 'fax' || policy.policy === 'hang-up') return hangUp();
      if (policy.policy === 'leave-message') for (const each of listenToNobody) say(each);
    } else if (
      this.#phase === 'machine' &&
      policy.policy === 'leave-message' &&
      (event.kind === 'beep' || event.kind === 'greeting_ended')
    ) {
      this.#phase = 'done';
      say(exactWords(policy.message));
      hangUpAfterWords();
    }
  }
}
