// The part of the package's module that the house uses: emscripten's heap and RNNoise's own functions.
declare module '@jitsi/rnnoise-wasm/dist/rnnoise-sync.js' {
  export interface RnnoiseModule {
    /** Another one whenever the memory grows. */
    readonly HEAPF32: Float32Array;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _rnnoise_create(model: 0): number;
    _rnnoise_destroy(state: number): void;
    /** Filters 480 samples at 48 kHz, in the range of 16 bits; gives the probability that there is a voice in them. */
    _rnnoise_process_frame(state: number, output: number, input: number): number;
  }
  export default function createRNNWasmModuleSync(): RnnoiseModule;
}
