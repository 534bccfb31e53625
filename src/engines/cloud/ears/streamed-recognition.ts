// One utterance on a streaming connection: sends the sound in frames, asks the service to finish when somebody wants the words, and answers with
// all that has come by then. A connection that turns out to have been dead when it was taken is replaced once, and hears the same sound again.
import { ZodError } from 'zod';
import { EngineError, type Recognition, type SttOptions, type Transcript } from '../../engine.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';
import { toBytes } from '../../../media/pcm.ts';
import type { Frame, StreamSocket } from '../socket.ts';
import { Asks } from './asks.ts';
import { Said } from './said.ts';
import { Timeline } from './timeline.ts';
import { bytesOf, type Dialogue, type Wire } from './wire.ts';

/** How long words may take that somebody waits for, and those that nobody waits for. */
const FINAL_MS = 3000;
const SPECULATIVE_MS = 10_000;
/** Sound that came faster than it is spoken (an utterance that is heard again) takes its time: services are this much faster than speech. */
const SPEED = 4;
/** Of so much sound a copy is kept until the connection has shown that it is alive. */
const KEPT_MS = 10_000;

export interface RecognitionPorts {
  readonly clock: Clock;
  /** Throws EngineError when there is none to be had. */
  readonly take: () => StreamSocket;
  readonly memoryOf: (socket: StreamSocket) => ConnectionMemory;
  /** Everything it was asked is answered. */
  readonly giveBack: (socket: StreamSocket) => void;
  /** It still works on what nobody wants any more. */
  readonly leave: (socket: StreamSocket) => void;
  readonly onPartial: (guess: Transcript) => void;
  readonly onFailed: (failure: EngineError) => void;
  readonly onOver: () => void;
}

/** What is known of a connection as long as it stands, whoever uses it. */
export interface ConnectionMemory {
  /** What it was last told of hints. */
  configuration: string | undefined;
  /** Sound that it was sent in other than binary messages. */
  packedBytes: number;
}

/** The connection that hears it. */
interface Link {
  readonly socket: StreamSocket;
  readonly dialogue: Dialogue;
  readonly said: Said;
  readonly timeline: Timeline;
  readonly memory: ConnectionMemory;
  /** It stood before this utterance began, and has not said a word since. */
  unproven: boolean;
}

export class StreamedRecognition implements Recognition {
  readonly #wire: Wire;
  readonly #options: SttOptions;
  readonly #ports: RecognitionPorts;
  #link: Link | undefined;
  /** The frame that is being filled. */
  readonly #frame: Uint8Array;
  #filled = 0;
  /** Frames that another connection would have to hear; undefined once there is no need. */
  #kept: Uint8Array[] | undefined = [];
  #heardBytes = 0;
  #beganMs = 0;
  #finalisedMs = Number.NEGATIVE_INFINITY;
  /** What the service has not answered yet, oldest first. */
  readonly #asks: Asks;
  /** The words of the newest, good for as long as nothing more is heard. */
  #answer: Promise<Transcript> | undefined;
  #told = '';
  /** A finalisation was never answered: what comes late would be taken for another's. */
  #doubtful = false;
  #quiet: Timer | undefined;
  #over: EngineError | undefined;

  constructor(wire: Wire, options: SttOptions, ports: RecognitionPorts) {
    this.#wire = wire;
    this.#options = options;
    this.#ports = ports;
    this.#frame = new Uint8Array(bytesOf(wire.frameMs));
    this.#asks = new Asks(ports.clock, (limitMs) => {
      const { id, name } = wire.info;
      this.#fail(new EngineError(id, 'timeout', `${name} did not tell the words within ${limitMs} ms`));
    });
  }

  begin(): void {
    this.#beganMs = this.#ports.clock.now();
    this.#connect();
  }

  hear(samples: Int16Array): void {
    if (this.#over || samples.length === 0) return;
    this.#answer = undefined;
    const bytes = toBytes(samples);
    this.#heardBytes += bytes.byteLength;
    for (let at = 0; at < bytes.byteLength && !this.#over; ) {
      const count = Math.min(this.#frame.byteLength - this.#filled, bytes.byteLength - at);
      this.#frame.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === this.#frame.byteLength) this.#sendFrame(this.#filled);
    }
  }

  words(urgency: 'speculative' | 'final'): Promise<Transcript> {
    if (this.#over) return refused(this.#over);
    if (this.#answer) {
      if (urgency === 'final' && this.#asks.size > 0) this.#asks.limit(this.#limit(FINAL_MS));
      return this.#answer;
    }
    if (this.#heardBytes === 0) return Promise.resolve({ text: '', words: [] });
    const { clock } = this.#ports;
    if (urgency === 'speculative' && clock.now() - this.#finalisedMs < (this.#wire.speculateEveryMs ?? 0)) {
      const { id, name } = this.#wire.info;
      return refused(new EngineError(id, 'rate_limited', `${name} was asked for words a moment ago`));
    }
    this.#answer = this.#asks.add(this.#limit(urgency === 'final' ? FINAL_MS : SPECULATIVE_MS));
    this.#finalisedMs = clock.now();
    if (this.#filled > 0) this.#sendFrame(Math.max(this.#filled, bytesOf(this.#wire.leastFrameMs ?? 0)));
    this.#finalise();
    return this.#answer;
  }

  close(): void {
    this.end(new EngineError(this.#wire.info.id, 'unavailable', 'the recognition was closed'));
  }

  /** There will be no more words, for this reason. */
  end(reason: EngineError): void {
    if (this.#over) return;
    const link = this.#link;
    const isClean = !this.#doubtful && this.#asks.size === 0 && (this.#answer !== undefined || this.#heardBytes === 0);
    this.#finish(reason);
    if (!link?.socket.usable) return;
    link.socket.listen(undefined);
    if (isClean) this.#ports.giveBack(link.socket);
    else this.#ports.leave(link.socket);
  }

  #connect(): void {
    let socket: StreamSocket;
    try {
      socket = this.#ports.take();
    } catch (error) {
      this.#fail(error as EngineError);
      return;
    }
    const memory = this.#ports.memoryOf(socket);
    const said = new Said(this.#wire.info.id);
    const timeline = new Timeline(() => socket.binaryBytes + memory.packedBytes);
    const dialogue = this.#wire.converse(this.#options, said, timeline);
    const link: Link = { socket, dialogue, said, timeline, memory, unproven: socket.ageMs !== undefined };
    this.#link = link;
    socket.listen({
      message: (data) => this.#take(link, data),
      failed: (failure) => this.#lost(link, failure),
    });
    const configuration = this.#wire.configuration?.(this.#options);
    if (configuration === undefined) return;
    const before = memory.configuration ?? this.#wire.configuration?.({ model: this.#options.model, vocabulary: [] });
    memory.configuration = configuration;
    if (before !== configuration) socket.send(configuration);
  }

  #sendFrame(bytes: number): void {
    this.#frame.fill(0, this.#filled);
    const frame = this.#frame.slice(0, bytes);
    const ownBytes = this.#filled;
    this.#filled = 0;
    const kept = this.#link?.unproven && this.#heardBytes <= bytesOf(KEPT_MS) ? this.#kept : undefined;
    this.#kept = kept;
    kept?.push(frame);
    this.#send(frame, ownBytes);
  }

  #send(frame: Uint8Array, ownBytes = frame.byteLength): void {
    const link = this.#link;
    if (!link) return;
    link.timeline.heard(ownBytes);
    if (this.#wire.packed) link.memory.packedBytes += frame.byteLength;
    link.socket.send(this.#wire.packed ? this.#wire.packed(frame) : frame);
  }

  #finalise(): void {
    const link = this.#link;
    if (!link) return;
    for (const frame of link.dialogue.finalise()) link.socket.send(frame);
    if (this.#wire.quietMs === undefined) return;
    link.socket.ready.then(
      () => this.#link === link && this.#awaitQuiet(),
      () => {},
    );
  }

  /** Some services say nothing where they have heard nothing. */
  #awaitQuiet(): void {
    this.#quiet?.cancel();
    const { quietMs } = this.#wire;
    if (quietMs === undefined || this.#asks.size === 0) return;
    this.#quiet = this.#ports.clock.after(quietMs, () => {
      if (this.#link?.said.guesses) return;
      this.#doubtful = true;
      while (this.#asks.size > 0) this.#settle();
    });
  }

  #take(link: Link, data: Frame): void {
    if (this.#link !== link) return;
    link.unproven = false;
    this.#kept = undefined;
    try {
      const heard = link.dialogue.take(JSON.parse(typeof data === 'string' ? data : Buffer.from(data).toString()));
      for (const frame of heard?.reply ?? []) link.socket.send(frame);
      for (let count = 0; count < (heard?.finalised ?? 0); count++) this.#settle();
      this.#awaitQuiet();
      this.#tell(link.said);
    } catch (error) {
      this.#fail(this.#meant(error));
    }
  }

  #settle(): void {
    const said = this.#link?.said;
    if (!said) return;
    said.endStretch();
    if (this.#wire.overtaken && (this.#asks.size > 1 || this.#answer === undefined)) this.#asks.refuse(this.#overtaken(), 1);
    else this.#asks.answer(said.transcript);
  }

  #tell(said: Said): void {
    const guess = said.partial;
    if (guess.text === '' || guess.text === this.#told) return;
    this.#told = guess.text;
    this.#ports.onPartial(guess);
  }

  /** So long, and as long as it takes a service to hear what came faster than it was spoken. */
  #limit(ms: number): number {
    const aheadMs = this.#heardBytes / bytesOf(1) - (this.#ports.clock.now() - this.#beganMs);
    return Math.round(ms + Math.max(0, aheadMs) / SPEED);
  }

  /** The connection is gone: when it was of no use from the start, another one hears the same. */
  #lost(link: Link, failure: EngineError): void {
    if (this.#link !== link) return;
    const kept = this.#kept;
    if (!link.unproven || !kept || !failure.retryable) {
      this.#fail(failure);
      return;
    }
    this.#connect();
    if (this.#over) return;
    for (const frame of kept) this.#send(frame);
    // Of several who wait, the newest is told everything.
    this.#asks.refuse(this.#overtaken(), Math.max(0, this.#asks.size - 1));
    if (this.#asks.size > 0) this.#finalise();
  }

  #fail(failure: EngineError): void {
    if (this.#over) return;
    const socket = this.#link?.socket;
    this.#finish(failure);
    this.#ports.onFailed(failure);
    socket?.listen(undefined);
    socket?.abandon(failure);
  }

  #finish(reason: EngineError): void {
    this.#over = reason;
    this.#link = undefined;
    this.#kept = undefined;
    this.#quiet?.cancel();
    this.#asks.refuse(reason, this.#asks.size);
    this.#ports.onOver();
  }

  #overtaken(): EngineError {
    return new EngineError(this.#wire.info.id, 'rate_limited', 'speech went on before these words were there');
  }

  #meant(error: unknown): EngineError {
    if (error instanceof EngineError) return error;
    const { id, name } = this.#wire.info;
    const what =
      error instanceof SyntaxError || error instanceof ZodError ? 'sent something that is not its protocol' : 'could not be understood';
    return new EngineError(id, 'broken', `${name} ${what}`, { retryable: true, cause: error });
  }
}

function refused(reason: EngineError): Promise<never> {
  const refusal = Promise.reject(reason);
  refusal.catch(() => {});
  return refusal;
}
