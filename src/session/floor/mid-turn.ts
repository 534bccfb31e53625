// What a session.update means for speech that is under way. Whatever changes, the utterance keeps its item, its words and its one
// speech_started; the table says what else happens. turn.ts does it; the ear is told by effects and decides none of it again.
import type { SessionConfig, TurnDetection } from '../../protocol/session-config.ts';

type Input = SessionConfig['audio']['input'];
type Output = SessionConfig['audio']['output'];

type DetectionChange = 'detection on' | 'detection off' | 'detection by the judge' | 'detection by silence' | 'detection tuned';
type FieldChange = Exclude<keyof SessionConfig, 'audio'> | `input ${Exclude<keyof Input, 'turn_detection'>}` | `output ${keyof Output}`;
type Change = DetectionChange | FieldChange;

type Meaning =
  /** Detection takes up the speech it finds: as the turn it was before it was switched off, or as a new one. */
  | 'take up'
  /** The speech is let go: nothing but the client's commit (or clear) ends it now, and that tells no `speech_stopped`. */
  | 'let go'
  /** The pause under way is judged, and lasts as long as the judge's score and the settings say. */
  | 'judge the pause'
  /** The pause under way lasts as long as the settings say now, and may be over. */
  | 'measure the pause'
  /** Sound is taken in otherwise from here on; what came before stays as it was, on the same timeline. */
  | 'sound from here on'
  /** The stretch that is being recognised goes on as it began; the next one, and what is told of the words, go by the new settings. */
  | 'words from here on'
  /** Of no concern to the speech: it counts for the answers that begin later. */
  | 'answers from here on';

const table: Readonly<Record<Change, Meaning>> = {
  'detection on': 'take up',
  'detection off': 'let go',
  'detection by the judge': 'judge the pause',
  'detection by silence': 'measure the pause',
  // A threshold counts from the next window of sound on, padding from the next turn on, the two switches at the turn's end and beginning.
  'detection tuned': 'measure the pause',
  // `stt` holds the limits of a pause; all else in it belongs to the answers.
  providerData: 'measure the pause',
  'input format': 'sound from here on',
  'input noise_reduction': 'sound from here on',
  'input transcription': 'words from here on',
  include: 'words from here on',
  // A recogniser is told the names of the tools.
  tools: 'words from here on',
  // Refused once there is sound.
  type: 'answers from here on',
  model: 'answers from here on',
  instructions: 'answers from here on',
  output_modalities: 'answers from here on',
  temperature: 'answers from here on',
  max_output_tokens: 'answers from here on',
  parallel_tool_calls: 'answers from here on',
  reasoning: 'answers from here on',
  prompt: 'answers from here on',
  tool_choice: 'answers from here on',
  tracing: 'answers from here on',
  truncation: 'answers from here on',
  'output format': 'answers from here on',
  'output voice': 'answers from here on',
  'output model': 'answers from here on',
  'output speed': 'answers from here on',
};

/** What all that differs between the two means for the speech that is under way. */
export function midTurnMeanings(before: SessionConfig, after: SessionConfig): ReadonlySet<Meaning> {
  return new Set(changes(before, after).map((change) => table[change]));
}

function changes(before: SessionConfig, after: SessionConfig): Change[] {
  const { audio: audioBefore, ...ownBefore } = before;
  const { audio, ...own } = after;
  const { turn_detection: detectionBefore, ...inputBefore } = audioBefore.input;
  const { turn_detection, ...input } = audio.input;
  const detection = detectionChange(detectionBefore, turn_detection);
  return [
    ...(detection ? [detection] : []),
    ...differing(ownBefore, own),
    ...differing(inputBefore, input).map((field) => `input ${field}` as const),
    ...differing(audioBefore.output, audio.output).map((field) => `output ${field}` as const),
  ];
}

function detectionChange(before: TurnDetection, after: TurnDetection): DetectionChange | undefined {
  if (same(before, after)) return undefined;
  if (!after) return 'detection off';
  if (!before) return 'detection on';
  if (before.type === after.type) return 'detection tuned';
  return after.type === 'semantic_vad' ? 'detection by the judge' : 'detection by silence';
}

function differing<T extends object>(before: T, after: T): (keyof T & string)[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof T & string>;
  return [...fields].filter((field) => !same(before[field], after[field]));
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  // Instructions are long: what is no object is compared as it is.
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  return JSON.stringify(a) === JSON.stringify(b);
}
