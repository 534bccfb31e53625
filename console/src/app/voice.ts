// The page's ear and mouth for one visit: opened when the user first presses a button, shared by all connections after one another.
import { type CapturedFrame, type PlayerReport } from '../audio/messages.ts';
import { listenTo, type Microphone, openMicrophone, openSound, openSpeaker, type Speaker } from '../audio/sound.ts';
import { Trace } from '../audio/trace.ts';

const traceSeconds = 12;

export interface VoiceHandlers {
  onFrame(frame: CapturedFrame): void;
  onReport(report: PlayerReport): void;
  /** The microphone was unplugged or taken away. */
  onMicrophoneEnd(): void;
}

export class Voice {
  /** What is drawn as a waveform. */
  readonly mine = new Trace(traceSeconds);
  readonly theirs = new Trace(traceSeconds);
  readonly #handlers: VoiceHandlers;
  #context: Promise<AudioContext> | undefined;
  /** Others who use the context, and whether the page's own conversation needs it. */
  #lent = 0;
  #isResting = true;
  #microphone: Microphone | undefined;
  #speaker: Speaker | undefined;
  #far: { stop(): void } | undefined;

  constructor(handlers: VoiceHandlers) {
    this.#handlers = handlers;
  }

  get microphone(): MediaStream | undefined {
    return this.#microphone?.stream;
  }

  /** Makes the context sound; to be called from a click or a key. */
  wake(): Promise<AudioContext> {
    this.#isResting = false;
    return this.#awake();
  }

  /** The same for somebody else, until it is given back. */
  lend(): Promise<AudioContext> {
    this.#lent += 1;
    return this.#awake();
  }

  giveBack(): void {
    this.#lent -= 1;
    this.#sleepIfUnused();
  }

  async #awake(): Promise<AudioContext> {
    this.#context ??= openSound();
    const context = await this.#context;
    if (context.state === 'suspended') await context.resume();
    return context;
  }

  #sleepIfUnused(): void {
    if (this.#isResting && this.#lent === 0) void this.#context?.then((context) => context.suspend());
  }

  /** @throws DOMException whose name says why there is no microphone. */
  async open(deviceId: string | undefined): Promise<MediaStream> {
    const context = await this.wake();
    const microphone = await openMicrophone(context, { deviceId, pcm: true }, (frame) => {
      this.mine.push(frame.peak, performance.now());
      this.#handlers.onFrame(frame);
    });
    this.#microphone?.close();
    this.#microphone = microphone;
    microphone.stream.getAudioTracks()[0]?.addEventListener('ended', () => {
      if (this.#microphone === microphone) this.#handlers.onMicrophoneEnd();
    });
    return microphone.stream;
  }

  closeMicrophone(): void {
    this.#microphone?.close();
    this.#microphone = undefined;
  }

  /** Nothing is heard nor played until the next visit; the audio thread sleeps. */
  rest(): void {
    this.closeMicrophone();
    this.silenceStream();
    this.#speaker?.close();
    this.#speaker = undefined;
    this.#isResting = true;
    this.#sleepIfUnused();
  }

  setMuted(muted: boolean): void {
    this.#microphone?.setMuted(muted);
  }

  /** Sound that came as events. */
  play(item: string, pcm: Int16Array<ArrayBuffer>): void {
    this.#speaker?.order({ kind: 'play', item, pcm });
  }

  endOf(item: string): void {
    this.#speaker?.order({ kind: 'end', item });
  }

  /** Silence at once; what was heard until now is reported. */
  flush(): void {
    this.#speaker?.order({ kind: 'flush' });
  }

  /** How much of an item the user has heard, when so much of it has been played. */
  heardMs(playedMs: number): number {
    return Math.max(0, Math.floor(playedMs - (this.#speaker?.latencyMs ?? 0)));
  }

  /** A loudspeaker for sound in events. */
  async openSpeaker(): Promise<void> {
    const context = await this.wake();
    this.#speaker ??= openSpeaker(context, (report) => {
      if (report.kind === 'level') this.theirs.push(report.peak, performance.now());
      else this.#handlers.onReport(report);
    });
  }

  /** A call's far end: played by an audio element, which the browser's echo canceller knows, and measured beside it. */
  async playStream(stream: MediaStream): Promise<void> {
    const context = await this.wake();
    this.silenceStream();
    const element = new Audio();
    element.srcObject = stream;
    const stop = listenTo(context, stream, false, ({ peak }) => this.theirs.push(peak, performance.now()));
    this.#far = {
      stop() {
        stop();
        element.srcObject = null;
      },
    };
    await element.play().catch(() => {});
  }

  silenceStream(): void {
    this.#far?.stop();
    this.#far = undefined;
  }
}
