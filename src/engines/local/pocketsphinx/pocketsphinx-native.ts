// The C library behind a small class: one decoder, one utterance at a time, everything synchronous.
// Loaded in a child process only, because sphinxbase ends the process on what it calls fatal.
import koffi from 'koffi';
import { concat } from '../../../media/pcm.ts';
import { pronounce } from './pocketsphinx-pronounce.ts';

/** A word as the decoder names it (`read(2)`, `<sil>`), timed from the first sample of the utterance. */
export interface Segment {
  readonly word: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Natural logarithm of the word's posterior probability; known of a whole utterance only. */
  readonly logprob?: number;
}

export interface DecoderFiles {
  /** Absolute path of libsphinxbase.so.3. */
  readonly sphinxbase: string;
  /** Absolute path of libpocketsphinx.so.3. */
  readonly pocketsphinx: string;
  /** The folder that holds `en-us/`, `en-us.lm.bin` and `cmudict-en-us.dict`. */
  readonly modelDir: string;
}

const FRAME_MS = 10;
const CEPSTRA = 13;
const FRAME_SAMPLES = 160;
/** Audio is worked off 20 ms at a time, so that it is known where silence was left out. */
const STEP_SAMPLES = 320;
/** Frames that wait inside the library for the ones after them, which its features look at. */
const LOOKAHEAD_FRAMES = 5;
/** Audio held back before decoding begins, to learn how loud and through what microphone this speaker is: 600 ms at 16 kHz. */
const HEAD_SAMPLES = 9600;
/** Less than one analysis window of 25.6 ms gives no frame at all. */
const WINDOW_SAMPLES = 410;
/** Frames this far below the loudest count as pauses, not as speech (c0, a logarithm of energy). */
const SPEECH_RANGE = 25;
/** How many frames of speech the model's own mean is worth against what was just heard. */
const PRIOR_FRAMES = 20;

/** The start of feat_t as sphinxbase/feat.h publishes it, down to the one field needed: the running cepstral mean. */
const featStart = koffi.struct({
  refcount: 'int',
  name: 'void *',
  cepsize: 'int32',
  n_stream: 'int32',
  stream_len: 'void *',
  window_size: 'int32',
  n_sv: 'int32',
  sv_len: 'void *',
  subvecs: 'void *',
  sv_buf: 'void *',
  sv_dim: 'int32',
  cmn: 'int',
  varnorm: 'int32',
  agc: 'int',
  compute_feat: 'void *',
  cmn_struct: 'void *',
});

function bind(files: DecoderFiles) {
  const base = koffi.load(files.sphinxbase);
  const sphinx = koffi.load(files.pocketsphinx);
  return {
    parseArguments: base.func('void *cmd_ln_parse_r(void *old, void *definitions, int argc, void *argv, int strict)'),
    cmnGet: base.func('void cmn_live_get(void *cmn, _Out_ float *mean)'),
    cmnSet: base.func('void cmn_live_set(void *cmn, float *mean)'),
    startFrontEnd: base.func('int fe_start_utt(void *fe)'),
    resetFrontEnd: base.func('void fe_start_stream(void *fe)'),
    cepstra: base.func('int fe_process_utt(void *fe, int16 *samples, size_t count, _Out_ void **rows, _Out_ int *rowCount)'),
    freeCepstra: base.func('void fe_free_2d(void *rows)'),
    definitions: sphinx.func('void *ps_args()'),
    init: sphinx.func('void *ps_init(void *config)'),
    feat: sphinx.func('void *ps_get_feat(void *ps)'),
    frontEnd: sphinx.func('void *ps_get_fe(void *ps)'),
    loadDictionary: sphinx.func('int ps_load_dict(void *ps, str dictionary, str fillers, str format)'),
    addWord: sphinx.func('int ps_add_word(void *ps, str word, str phones, int update)'),
    lookUp: sphinx.func('ps_lookup_word', koffi.disposable('str'), ['void *', 'str']),
    startStream: sphinx.func('int ps_start_stream(void *ps)'),
    startUtterance: sphinx.func('int ps_start_utt(void *ps)'),
    process: sphinx.func('int ps_process_raw(void *ps, int16 *samples, size_t count, int noSearch, int whole)'),
    endUtterance: sphinx.func('int ps_end_utt(void *ps)'),
    hypothesis: sphinx.func('str ps_get_hyp(void *ps, void *score)'),
    firstSegment: sphinx.func('void *ps_seg_iter(void *ps)'),
    nextSegment: sphinx.func('void *ps_seg_next(void *segment)'),
    segmentWord: sphinx.func('str ps_seg_word(void *segment)'),
    frameCount: sphinx.func('int ps_get_n_frames(void *ps)'),
    segmentPosterior: sphinx.func('int ps_seg_prob(void *segment, void *acoustic, void *language, void *backoff)'),
    logTable: sphinx.func('void *ps_get_logmath(void *ps)'),
    naturalLog: base.func('double logmath_log_to_ln(void *table, int logarithm)'),
    segmentFrames: sphinx.func('void ps_seg_frames(void *segment, _Out_ int *start, _Out_ int *end)'),
  };
}

type State = 'idle' | 'head' | 'decoding';

export class Decoder {
  readonly #lib: ReturnType<typeof bind>;
  readonly #ps: bigint;
  readonly #cmn: bigint;
  readonly #modelMean = new Float32Array(CEPSTRA);
  readonly #dictionary: string;
  #state: State = 'idle';
  #head: Int16Array[] = [];
  #headSamples = 0;
  #added = new Set<string>();
  #decodedSamples = 0;
  /** The front end leaves silence out and counts on without it: from which frame on how many frames are missing. */
  #gaps: { fromFrame: number; missing: number }[] = [];

  /** Takes some hundreds of milliseconds and about 100 MB. Throws when the library or the model cannot be loaded. */
  constructor(files: DecoderFiles) {
    this.#lib = bind(files);
    this.#dictionary = `${files.modelDir}/cmudict-en-us.dict`;
    const options = {
      '-logfn': '/dev/null',
      '-hmm': `${files.modelDir}/en-us`,
      '-lm': `${files.modelDir}/en-us.lm.bin`,
      '-dict': this.#dictionary,
      // The second pass gains one or two percent of words and costs a tenth of the utterance's length at its end.
      '-fwdflat': 'no',
    };
    const list = ['parley', ...Object.entries(options).flat()];
    const argv = koffi.alloc('char *', list.length);
    koffi.encode(argv, koffi.array('char *', list.length), list);
    const config = this.#lib.parseArguments(null, this.#lib.definitions(), list.length, argv, 1);
    const ps: bigint | null = config && this.#lib.init(config);
    if (!ps) throw new Error(`PocketSphinx does not accept the model in ${files.modelDir}`);
    this.#ps = ps;
    this.#cmn = koffi.decode(this.#lib.feat(ps), featStart).cmn_struct;
    this.#lib.cmnGet(this.#cmn, this.#modelMean);
  }

  /** Makes exactly these words (letters and apostrophes) known beside the dictionary's own. Costs some hundred milliseconds when new
   * ones come or old ones go. */
  setVocabulary(words: readonly string[]): void {
    if (this.#state !== 'idle') throw new Error('the vocabulary changes between utterances only');
    const unknown = words.filter((word) => this.#added.has(word) || !this.#knows(word));
    if (unknown.length === this.#added.size && unknown.every((word) => this.#added.has(word))) return;
    // The library cannot take a word back, so the dictionary is read anew: one caller's names must not reach the next one.
    if (this.#added.size > 0) this.#lib.loadDictionary(this.#ps, this.#dictionary, null, null);
    this.#added = new Set(unknown);
    // Only the last one makes the library build its search anew.
    for (const [index, word] of unknown.entries()) {
      this.#lib.addWord(this.#ps, word, pronounce(word), index === unknown.length - 1 ? 1 : 0);
    }
  }

  begin(): void {
    if (this.#state !== 'idle') this.drop();
    this.#state = 'head';
  }

  push(samples: Int16Array): void {
    if (this.#state === 'decoding') {
      for (let at = 0; at < samples.length; at += STEP_SAMPLES) this.#decode(samples.subarray(at, at + STEP_SAMPLES));
    } else if (this.#state === 'head') {
      this.#head.push(samples);
      this.#headSamples += samples.length;
      if (this.#headSamples >= HEAD_SAMPLES) this.#decodeHead();
    }
  }

  /** The best guess so far; changes of it are what makes `segments` worth asking for. */
  hypothesis(): string {
    return this.#state === 'decoding' ? ((this.#lib.hypothesis(this.#ps, null) as string | null) ?? '') : '';
  }

  /** The words of the guess so far; `whole` when the utterance has ended and all its alternatives have been weighed. */
  segments(whole = false): Segment[] {
    const table: bigint | null = whole ? this.#lib.logTable(this.#ps) : null;
    const segments: Segment[] = [];
    let segment = this.#lib.firstSegment(this.#ps);
    let origin: number | undefined;
    while (segment) {
      const start: [number] = [0];
      const end: [number] = [0];
      this.#lib.segmentFrames(segment, start, end);
      // Frames are counted from a place that means nothing outside the library; the first segment begins the utterance.
      origin ??= start[0];
      const word: string = this.#lib.segmentWord(segment);
      segments.push({
        word,
        startMs: this.#audioMs(start[0] - origin),
        endMs: this.#audioMs(end[0] - origin) + FRAME_MS,
        ...(table ? { logprob: this.#posterior(table, segment) } : {}),
      });
      segment = this.#lib.nextSegment(segment);
    }
    return segments;
  }

  /** Ends the utterance and gives its words. */
  end(): Segment[] {
    if (this.#state === 'head' && this.#headSamples >= WINDOW_SAMPLES) this.#decodeHead();
    const decoded = this.#state === 'decoding';
    this.drop();
    return decoded ? this.segments(true) : [];
  }

  /** Ends the utterance whatever it said. */
  drop(): void {
    if (this.#state === 'decoding') this.#lib.endUtterance(this.#ps);
    this.#state = 'idle';
    this.#head = [];
    this.#headSamples = 0;
  }

  #decodeHead(): void {
    const head = concat(this.#head);
    this.#head = [];
    // The mean a decoder carries over belongs to whoever spoke before.
    this.#lib.cmnSet(this.#cmn, this.#meanOf(head));
    this.#lib.startStream(this.#ps);
    this.#lib.startUtterance(this.#ps);
    this.#decodedSamples = 0;
    this.#gaps = [];
    this.#state = 'decoding';
    this.push(head);
  }

  #decode(samples: Int16Array): void {
    const before: number = this.#lib.frameCount(this.#ps);
    this.#lib.process(this.#ps, samples, samples.length, 0, 0);
    this.#decodedSamples += samples.length;
    const after: number = this.#lib.frameCount(this.#ps);
    if (after === before) return;
    const missing = Math.max(0, Math.floor(this.#decodedSamples / FRAME_SAMPLES) - after - LOOKAHEAD_FRAMES);
    const known = this.#gaps.at(-1)?.missing ?? 0;
    if (Math.abs(missing - known) > 2) this.#gaps.push({ fromFrame: before, missing });
  }

  /** Sums of rounded logarithms may come out a hair above certainty. */
  #posterior(table: bigint, segment: bigint): number {
    const logarithm: number = this.#lib.segmentPosterior(segment, null, null, null);
    return Math.min(0, this.#lib.naturalLog(table, logarithm) as number);
  }

  #audioMs(frame: number): number {
    return (frame + (this.#gaps.findLast((gap) => gap.fromFrame <= frame)?.missing ?? 0)) * FRAME_MS;
  }

  /** The cepstral mean to expect for a speaker who begins like this (word errors on recordings of people: 47 % without, 30 % with). */
  #meanOf(head: Int16Array): Float32Array {
    const fe = this.#lib.frontEnd(this.#ps);
    this.#lib.resetFrontEnd(fe);
    this.#lib.startFrontEnd(fe);
    const rows: [bigint | null] = [null];
    const rowCount: [number] = [0];
    this.#lib.cepstra(fe, head, head.length, rows, rowCount);
    if (!rows[0]) return this.#modelMean;
    const frames: Float32Array[] = [];
    if (rowCount[0] > 0) {
      const flat = koffi.decode(koffi.decode(rows[0], 'void *'), koffi.array('float', rowCount[0] * CEPSTRA, 'Typed')) as Float32Array;
      for (let row = 0; row < rowCount[0]; row++) frames.push(flat.subarray(row * CEPSTRA, (row + 1) * CEPSTRA));
    }
    const mean = meanOfSpeech(frames, this.#modelMean);
    this.#lib.freeCepstra(rows[0]);
    return mean;
  }

  #knows(word: string): boolean {
    return (this.#lib.lookUp(this.#ps, word) as string | null) !== null;
  }
}

function meanOfSpeech(frames: readonly Float32Array[], prior: Float32Array): Float32Array {
  const energies = frames.map((frame) => frame[0] as number).sort((a, b) => b - a);
  // The loudest twentieth may be a click; the frame after it sets the level.
  const floor = (energies[Math.floor(energies.length / 20)] ?? 0) - SPEECH_RANGE;
  const mean = prior.map((value) => value * PRIOR_FRAMES);
  let count = PRIOR_FRAMES;
  for (const frame of frames) {
    if ((frame[0] as number) < floor) continue;
    count++;
    for (let index = 0; index < CEPSTRA; index++) mean[index] = (mean[index] as number) + (frame[index] as number);
  }
  return mean.map((value) => value / count);
}
