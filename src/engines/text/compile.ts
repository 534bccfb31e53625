// Turns the word lists of the voice's package into tables that load at once: run when the model is converted.

/**
 * `source` has the package's lists under their plain names: normalize.json, tokenizer_exceptions.json, lexicon_us_gold.json.gz,
 * lexicon_us_silver.json.gz, tagger.json.gz, oov.json, vocab.json. Writes `words.bin` into `target`.
 */
export type CompileWordLists = (source: string, target: string) => Promise<void>;
