// What lies in the folder of the model, beside the compiled word lists.

/** Ids of phonemes in, frames out. */
export const NET_FILE = 'hibari.onnx';
/** Letters of an unknown word in, sounds out. */
export const LETTERS_FILE = 'oov.onnx';
/** An inner tensor of the first that its conversion makes an output: how long each phoneme is. */
export const DURATIONS = '/Cast_32_output_0';
