// What lies in the folder of the model, beside the compiled word lists.

/** Ids of phonemes in, frames out. */
export const NET_FILE = 'hibari.onnx';
/** Letters of an unknown word in, sounds out. */
export const LETTERS_FILE = 'oov.onnx';
// Inner tensors of the first that its conversion makes outputs.
/** How long each phoneme is, in whole steps (int64). */
export const DURATIONS = '/Cast_32_output_0';
/** The same before it was rounded, by which a step is the least (float32). */
export const EXACT_DURATIONS = '/Div_40_output_0';
