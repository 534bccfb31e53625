// The page's one audio context, the microphone and the loudspeaker on it. Whatever is opened here is closed here.
import captureUrl from './capture-worklet.ts?worker&url';
import listenUrl from './listen-worklet.ts?worker&url';
import { type CapturedFrame, type ListenOrder, type ListenReport, type PlayerOrder, type PlayerReport } from './messages.ts';
import playerUrl from './player-worklet.ts?worker&url';

/** Opens the context; browsers let it sound only after the user has pressed something. */
export async function openSound(): Promise<AudioContext> {
  const context = new AudioContext({ latencyHint: 'interactive' });
  await Promise.all([captureUrl, playerUrl, listenUrl].map((url) => context.audioWorklet.addModule(url)));
  return context;
}

export interface Microphone {
  readonly stream: MediaStream;
  setMuted(muted: boolean): void;
  close(): void;
}

/**
 * Opens the microphone (the browser asks the user) and hands over its frames.
 * @param pcm Whether the sound itself is wanted, beside its loudness.
 * @throws DOMException whose name says why there is none.
 */
export async function openMicrophone(
  context: AudioContext,
  wish: { deviceId: string | undefined; pcm: boolean },
  onFrame: (frame: CapturedFrame) => void,
): Promise<Microphone> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: {
      ...(wish.deviceId === undefined ? {} : { deviceId: { exact: wish.deviceId } }),
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      channelCount: 1,
    },
  });
  const stop = listenTo(context, stream, wish.pcm, onFrame);
  return {
    stream,
    setMuted(muted) {
      for (const track of stream.getAudioTracks()) track.enabled = !muted;
    },
    close() {
      stop();
      for (const track of stream.getTracks()) track.stop();
    },
  };
}

/** The frames of any stream: the microphone's, or a call's far end for its loudness. */
export function listenTo(context: AudioContext, stream: MediaStream, pcm: boolean, onFrame: (frame: CapturedFrame) => void): () => void {
  const source = context.createMediaStreamSource(stream);
  const capture = new AudioWorkletNode(context, 'parley-capture', { outputChannelCount: [1], processorOptions: { pcm } });
  capture.port.addEventListener('message', ({ data }: MessageEvent<CapturedFrame>) => onFrame(data));
  capture.port.start();
  // It puts out nothing, but what leads nowhere is not run.
  source.connect(capture).connect(context.destination);
  return () => {
    capture.port.close();
    source.disconnect();
    capture.disconnect();
  };
}

export interface Speaker {
  order(order: PlayerOrder): void;
  /** How much later than the worklet's count sound leaves the loudspeaker. */
  readonly latencyMs: number;
  close(): void;
}

export function openSpeaker(context: AudioContext, onReport: (report: PlayerReport) => void): Speaker {
  const player = new AudioWorkletNode(context, 'parley-player', { numberOfInputs: 0, outputChannelCount: [1] });
  player.port.addEventListener('message', ({ data }: MessageEvent<PlayerReport>) => onReport(data));
  player.port.start();
  player.connect(context.destination);
  return {
    order(order) {
      player.port.postMessage(order, order.kind === 'play' ? [order.pcm.buffer] : []);
    },
    get latencyMs() {
      return (context.outputLatency || context.baseLatency) * 1000;
    },
    close() {
      player.port.close();
      player.disconnect();
    },
  };
}

export interface Listening {
  play(pairs: Int16Array<ArrayBuffer>): void;
  /** Nothing is heard meanwhile; time goes on. */
  setQuiet(quiet: boolean): void;
  close(): void;
}

/** A loudspeaker for the two sides of a call, at their rate. */
export function openListening(context: AudioContext, rateHz: number, onReport: (report: ListenReport) => void): Listening {
  const options = { numberOfInputs: 0, outputChannelCount: [2], processorOptions: { rateHz } };
  const player = new AudioWorkletNode(context, 'parley-listen', options);
  const order = (message: ListenOrder, handOver: ArrayBuffer[] = []) => player.port.postMessage(message, handOver);
  player.port.addEventListener('message', ({ data }: MessageEvent<ListenReport>) => onReport(data));
  player.port.start();
  player.connect(context.destination);
  return {
    play: (pairs) => order({ kind: 'play', pairs }, [pairs.buffer]),
    setQuiet: (quiet) => order({ kind: 'quiet', quiet }),
    close() {
      player.port.close();
      player.disconnect();
    },
  };
}
