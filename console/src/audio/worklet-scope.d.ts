// The global scope of an audio worklet, which TypeScript's DOM library leaves out.
interface AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare const AudioWorkletProcessor: { prototype: AudioWorkletProcessor; new (): AudioWorkletProcessor };
declare function registerProcessor(
  name: string,
  processor: new (options: {
    processorOptions?: unknown;
  }) => AudioWorkletProcessor & { process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean },
): void;
/** Hz of the context the worklet runs in. */
declare const sampleRate: number;
