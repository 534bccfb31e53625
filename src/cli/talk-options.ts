// The command line of `npm run talk`: what may be typed, what it means, and the files it names, read before anyone is called.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeOptions, parseArguments, UsageError, type OptionTable } from './arguments.ts';
import { isFields, textOf, type Fields } from './talk-events.ts';
import type { ScreenMode } from './talk-screen.ts';
import { fileToWrite, readSpeech, reasonOf } from './wav-file.ts';
import type { Pcm } from '../media/pcm.ts';

const table = {
  text: { kind: 'list', value: 'WORDS', help: 'say this in writing; may be given often and mixed with files' },
  mic: { kind: 'flag', help: 'talk through the microphone until Ctrl-C (arecord or SoX; wear headphones)' },
  out: { kind: 'text', value: 'FILE.wav', help: "save the agent's answers (24 kHz)" },
  url: { kind: 'text', value: 'URL', help: 'any Realtime endpoint (default ws://127.0.0.1:8080/v1/realtime)' },
  key: { kind: 'text', value: 'KEY', help: "API key (default PARLEY_API_KEY, else this machine's server's own)" },
  model: { kind: 'text', value: 'NAME', help: 'language model' },
  voice: { kind: 'text', value: 'NAME', help: 'voice of the agent' },
  instructions: { kind: 'text', value: 'TEXT', help: 'who the agent is to be' },
  'turn-detection': {
    kind: 'choice',
    choices: ['server_vad', 'semantic_vad', 'none'],
    help: "who ends a turn; none: the end of each file does (default: the server's)",
  },
  speed: { kind: 'number', value: 'X', min: 0.25, max: 1.5, help: 'pace of the voice, 0.25 to 1.5' },
  rate: { kind: 'number', value: 'HZ', min: 8000, max: 48_000, help: 'sample rate of the audio sent (default 24000)' },
  tools: { kind: 'text', value: 'FILE.json', help: 'array of function tools the model may call' },
  'tool-result': { kind: 'text', value: 'JSON', help: 'what every call of them answers (default {"ok":true})' },
  timeout: { kind: 'number', value: 'SECONDS', min: 1, max: 3600, help: 'longest silence of the server to bear (default 60)' },
  insecure: { kind: 'flag', help: 'accept a certificate nobody vouches for' },
  json: { kind: 'flag', help: 'print every event, one JSON object a line' },
  quiet: { kind: 'flag', help: "print the agent's words only" },
  help: { kind: 'flag', help: 'show this' },
} as const satisfies OptionTable;

export const helpText = `Talk to a realtime voice server.

  npm run talk -- question.wav --out answer.wav
  npm run talk -- --text "What can you do?" followup.wav
  npm run talk -- --mic

Each WAV file and each --text is one turn, in the order given.

${describeOptions(table)}

Exit codes: 0 answered, 1 no connection or wrong key, 2 wrong usage, 3 the server failed or took too long.
`;

type Turn = { readonly kind: 'speech'; readonly name: string; readonly speech: Pcm } | { readonly kind: 'text'; readonly text: string };

export interface TalkOptions {
  readonly turns: readonly Turn[];
  readonly microphone: boolean;
  /** Absolute path. */
  readonly out: string | undefined;
  readonly url: string;
  readonly key: string | undefined;
  readonly model: string | undefined;
  readonly voice: string | undefined;
  readonly instructions: string | undefined;
  readonly turnDetection: 'server_vad' | 'semantic_vad' | 'none' | undefined;
  readonly speed: number | undefined;
  readonly rateHz: number;
  readonly tools: readonly Fields[];
  readonly toolResult: string;
  readonly timeoutMs: number;
  readonly insecure: boolean;
  readonly mode: ScreenMode;
}

/**
 * Reads the command line and the files it names; `folder` is what relative paths start from. Undefined when help was asked for.
 * @throws {UsageError}
 */
export function readTalkOptions(argv: readonly string[], folder: string): TalkOptions | undefined {
  const { values, order } = parseArguments(argv, table);
  if (values.help) return undefined;
  if (values.json && values.quiet) throw new UsageError('--json and --quiet exclude each other.');
  if (order.length === 0 && !values.mic) throw new UsageError('Nothing to say: give a WAV file, --text or --mic. --help shows more.');
  if (values.mic && values['turn-detection'] === 'none')
    throw new UsageError('--mic needs a turn detection: nobody else would end your turns.');
  const rateHz = values.rate ?? 24_000;
  if (!Number.isInteger(rateHz)) throw new UsageError('--rate must be a whole number.');
  const out = values.out === undefined ? undefined : fileToWrite('--out', folder, values.out);
  return {
    turns: order.map(({ option, value }) => (option === 'text' ? writtenTurn(value) : spokenTurn(folder, value))),
    microphone: values.mic,
    out,
    url: values.url ?? 'ws://127.0.0.1:8080/v1/realtime',
    key: values.key,
    model: values.model,
    voice: values.voice,
    instructions: values.instructions,
    turnDetection: values['turn-detection'],
    speed: values.speed,
    rateHz,
    tools: values.tools === undefined ? [] : readTools(folder, values.tools),
    toolResult: values['tool-result'] ?? '{"ok":true}',
    timeoutMs: (values.timeout ?? 60) * 1000,
    insecure: values.insecure,
    mode: values.json ? 'json' : values.quiet ? 'quiet' : 'talk',
  };
}

function writtenTurn(text: string): Turn {
  if (text.trim() === '') throw new UsageError('--text is empty.');
  return { kind: 'text', text };
}

function spokenTurn(folder: string, name: string): Turn {
  return { kind: 'speech', name, speech: readSpeech(folder, name) };
}

function readTools(folder: string, name: string): readonly Fields[] {
  let tools: unknown;
  try {
    tools = JSON.parse(readFileSync(resolve(folder, name), 'utf8'));
  } catch (error) {
    throw new UsageError(`${name} cannot be used: ${reasonOf(error)}.`);
  }
  if (!Array.isArray(tools) || !tools.every((tool) => isFields(tool) && textOf(tool, 'type') !== undefined)) {
    throw new UsageError(`${name} must hold an array of tools, each like {"type":"function","name":"…","parameters":{…}}.`);
  }
  return tools as Fields[];
}
