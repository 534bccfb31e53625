// A telephone call as a WAV file: the caller on the left, the agent on the right, on the clock of the call. The agent's side holds what was sent, not
// what was made ahead. The file is written as the call goes on and can be read at any time; a disk that fails costs the recording and nothing else.
import { mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { SetupError } from '../lib/own-file.ts';
import { Spool, type SpoolPool } from '../lib/spool.ts';
import { toBytes } from '../media/pcm.ts';
import { wavHeader } from '../media/wav.ts';
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../protocol/audio-format.ts';
import type { CallEvents } from '../transports/calls/call.ts';
import type { PhoneCall } from '../transports/calls/phone-call.ts';
import { lineSamples } from '../transports/calls/line-samples.ts';
import { RecordedCall, recordedEvents } from './recorded-call.ts';
import { type Sent, SentSound } from '../transports/calls/sent-sound.ts';
import { recordedTolerance, StereoTimeline } from '../transports/calls/stereo-timeline.ts';

export interface CallRecorderOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What may wait for the disk, of one recording and of all of them: over twenty seconds of 24 kHz. */
const mostWaitingBytes = 2 * 1024 * 1024;
const mostWaitingOfAll = 32 * 1024 * 1024;
/** The sizes of a WAV file have 32 bits: twelve hours at 24 kHz. */
const mostFileBytes = 0xffff_ff00;
/** How often silence is written of a call in which nothing moves. */
const idleMs = 1000;
/** A line tells of what it has sent several times a second: what it has not told of at its end is no more than this. */
const mostUntoldMs = 250;

/** Makes the recordings of a server. */
export class CallRecorder {
  readonly #options: CallRecorderOptions;
  readonly #pool: SpoolPool = { waiting: 0, mostBytes: mostWaitingOfAll };

  /** @throws SetupError when the folder cannot be made. */
  constructor(options: CallRecorderOptions) {
    this.#options = options;
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new SetupError(`The folder for recordings of calls, ${options.folder}, cannot be made (${code}).`, { cause: error });
    }
  }

  /** @param callId names the file. @param format of the call's line. */
  open(callId: string, format: AudioFormat): CallRecording {
    return new CallRecording(callId, format, this.#options, this.#pool);
  }
}

/**
 * A call that is recorded from its answer on: `answer` answers or places it, and hears of it through the events that it is given. A call that is
 * not answered leaves no file.
 */
export async function recordCall(
  recording: CallRecording,
  events: CallEvents,
  answer: (events: CallEvents) => Promise<PhoneCall>,
): Promise<PhoneCall> {
  try {
    const call = await answer(recordedEvents(events, recording));
    recording.begin();
    return new RecordedCall(call, recording);
  } catch (error) {
    await recording.end();
    throw error;
  }
}

type State = 'waiting' | 'running' | 'ended' | 'lost';

/** The name of a call's file, without its folder. */
export function recordingName(callId: string): string {
  return `${callId}.wav`;
}

export class CallRecording {
  /** The name of its file, without the folder. */
  readonly name: string;
  readonly #path: string;
  readonly #format: AudioFormat;
  readonly #options: CallRecorderOptions;
  readonly #log: Log;
  readonly #pool: SpoolPool;
  readonly #sent: SentSound;
  readonly #idle = new AbortController();
  #state: State = 'waiting';
  #timeline: StereoTimeline | undefined;
  #spool: Spool | undefined;
  #fileBytes = 0;
  /** Since when the line may have sent what it has not told of. */
  #movesSinceMs = 0;
  #written: Promise<void> | undefined;

  constructor(callId: string, format: AudioFormat, options: CallRecorderOptions, pool: SpoolPool) {
    if (!/^[\w-]{1,128}$/.test(callId)) throw new Error(`no name for a file: ${callId}`);
    this.name = recordingName(callId);
    this.#path = join(options.folder, this.name);
    this.#format = format;
    this.#options = options;
    this.#log = options.log.child({ call: callId });
    this.#pool = pool;
    this.#sent = new SentSound((bytesPerSample(format) * sampleRateHz(format)) / 1000);
  }

  /** Whether there is, or will be, a file that can be listened to. */
  get kept(): boolean {
    return this.#timeline !== undefined && this.#state !== 'lost';
  }

  /** The call has been answered: time begins. Its first sound begins it, too. */
  begin(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'running';
    const { clock } = this.#options;
    const rateHz = sampleRateHz(this.#format);
    this.#timeline = new StereoTimeline(rateHz, clock.now(), recordedTolerance);
    this.#spool = new Spool(this.#path, {
      clock,
      mostBytes: mostWaitingBytes,
      pool: this.#pool,
      onFailure: (error) => this.#lose((error as NodeJS.ErrnoException).code ?? error.message),
    });
    this.#spool.write(wavHeader({ rateHz, channels: 2 }));
    void this.#keepTime();
  }

  heard(sound: Uint8Array): void {
    this.begin();
    if (this.#state !== 'running') return;
    this.#timeline?.heard(this.#samples(sound), this.#options.clock.now());
    this.#write();
  }

  /** Sound was given to the line. */
  given(sound: Uint8Array): void {
    this.begin();
    if (this.#state !== 'running') return;
    // A line with nothing to send has nothing to tell of.
    if (this.#sent.empty) this.#movesSinceMs = this.#options.clock.now();
    // Whoever gave it may use it again.
    this.#sent.given(sound.slice());
  }

  /** The line has said how much of that was sent. */
  played(sentMs: number, clears: number): void {
    if (this.#state !== 'running') return;
    this.#put(this.#sent.told(sentMs, clears));
    this.#movesSinceMs = this.#options.clock.now();
  }

  /** The call is over. Resolves when the file is whole, or lost; never rejects. */
  end(): Promise<void> {
    this.#written ??= this.#finish();
    return this.#written;
  }

  #put({ sound, follows }: Sent): void {
    if (sound.length > 0) this.#timeline?.sent(this.#samples(sound), this.#options.clock.now(), follows);
    this.#write();
  }

  async #finish(): Promise<void> {
    this.#idle.abort();
    if (this.#state === 'running') {
      const now = this.#options.clock.now();
      this.#put(this.#sent.rest(Math.min(mostUntoldMs, now - this.#movesSinceMs)));
      this.#push(this.#timeline?.finish(now));
    }
    if (this.#state === 'waiting') this.#state = 'ended';
    await this.#closeFile();
  }

  /** The header says how long it is at last. A file that never came to this is read to its end. */
  async #closeFile(): Promise<void> {
    const spool = this.#spool;
    if (!spool) return;
    await spool.end();
    if (this.#state === 'lost') return;
    this.#state = 'ended';
    try {
      const file = await open(this.#path, 'r+');
      try {
        await file.write(wavHeader({ rateHz: sampleRateHz(this.#format), channels: 2, dataBytes: this.#fileBytes }), 0, undefined, 0);
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#lose((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }

  #write(): void {
    this.#push(this.#timeline?.take(this.#options.clock.now()));
  }

  #push(pairs: Int16Array | undefined): void {
    const spool = this.#spool;
    if (!pairs || pairs.length === 0 || !spool || this.#state !== 'running') return;
    if (spool.full) {
      this.#lose('the disk is too slow');
      return;
    }
    if (this.#fileBytes + pairs.length * 2 > mostFileBytes) {
      this.#log.warn({ file: this.name }, 'the recording of a call ends: its file is as long as one can be');
      this.#state = 'ended';
      void this.end();
      return;
    }
    this.#fileBytes += pairs.length * 2;
    spool.write(toBytes(pairs));
  }

  /** Silence is sound, too: it is written although nothing comes. */
  async #keepTime(): Promise<void> {
    const { signal } = this.#idle;
    for (;;) {
      await sleep(this.#options.clock, idleMs, signal);
      if (signal.aborted) return;
      this.#write();
    }
  }

  #lose(reason: string): void {
    if (this.#state === 'lost') return;
    this.#state = 'lost';
    this.#idle.abort();
    this.#log.warn({ file: this.name, reason }, 'the recording of a call is lost; the call goes on');
    void this.#spool?.end();
  }

  #samples(bytes: Uint8Array): Int16Array {
    // What comes may be used again by who brought it.
    return lineSamples(this.#format, bytes).slice();
  }
}
