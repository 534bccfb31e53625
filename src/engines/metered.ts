// Engines that tell what is used of them, and on whose account: each recogniser, model and voice that does work is wrapped once, below whoever chooses among
// several, so that what is told names the one that served.
import type { Llm, LlmOptions, LlmPart, LlmUsage, Origin, Recognition, Speech, Stt, SttOptions, Tts, TtsOptions } from './engine.ts';
import type { Prompt } from '../protocol/prompt.ts';

/** What was used of one model since it told last. */
export interface Used {
  readonly stage: 'llm' | 'stt' | 'tts';
  /** `provider/model` */
  readonly model: string;
  readonly origin: Origin;
  /** 1 when this is the first that is told of a request. */
  readonly requests: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cachedTokens?: number;
  /** Of sound that was heard or made. */
  readonly seconds?: number;
  readonly characters?: number;
}

export type OnUsed = (used: Used) => void;

/** Of a speech that is being made it is told so often how much of it there is. */
const tellSeconds = 2;
const heardHz = 16_000;
/** What a text is reckoned by: a token is four bytes of it. */
const tokenBytes = 4;

/** Work that is on nobody's account (a sample of a voice) is not told of. */
export function meteredLlm(llm: Llm, idOf: (model: string) => string, onUsed: OnUsed): Llm {
  return {
    get info() {
      return llm.info;
    },
    ...(llm.followsInstructions === undefined ? {} : { followsInstructions: llm.followsInstructions }),
    ...(llm.sees === undefined ? {} : { sees: llm.sees }),
    ...(llm.health ? { health: () => llm.health?.() ?? { state: 'ready' } } : {}),
    warmUp: (signal) => llm.warmUp(signal),
    close: () => llm.close(),
    respond(prompt, options, signal) {
      const answer = llm.respond(prompt, options, signal);
      return options.origin ? counted(answer, prompt, options, options.origin, signal, { idOf, onUsed }) : answer;
    },
  };
}

async function* counted(
  answer: AsyncIterable<LlmPart>,
  prompt: Prompt,
  options: LlmOptions,
  origin: Origin,
  signal: AbortSignal,
  { idOf, onUsed }: { readonly idOf: (model: string) => string; readonly onUsed: OnUsed },
): AsyncGenerator<LlmPart> {
  let told: LlmUsage | undefined;
  let saidBytes = 0;
  const tell = (usage: LlmUsage) => {
    const before = told ?? { inputTokens: 0, outputTokens: 0, cachedTokens: 0 };
    onUsed({
      stage: 'llm',
      model: idOf(options.model),
      origin,
      requests: told ? 0 : 1,
      inputTokens: usage.inputTokens - before.inputTokens,
      outputTokens: usage.outputTokens - before.outputTokens,
      cachedTokens: usage.cachedTokens - before.cachedTokens,
    });
    told = usage;
  };
  let hasEnded = false;
  let hasFailed = false;
  try {
    for await (const part of answer) {
      if (part.type === 'usage') tell(part.usage);
      else if (part.type === 'text' || part.type === 'reasoning') saidBytes += Buffer.byteLength(part.text);
      else if (part.type === 'arguments') saidBytes += Buffer.byteLength(part.delta);
      else if (part.type === 'end') hasEnded = true;
      yield part;
    }
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    // A model that is cut off before it has told has worked all the same; one that has ended, or that refused, and told nothing has used nothing.
    const isCut = !hasEnded && (!hasFailed || saidBytes > 0) && (signal.aborted || saidBytes > 0);
    if (!told && isCut) {
      const tokens = (bytes: number) => Math.ceil(bytes / tokenBytes);
      tell({ inputTokens: tokens(bytesOf(prompt)), outputTokens: tokens(saidBytes), cachedTokens: 0 });
    }
  }
}

/** Of its texts: what an image comes to, only its model knows. */
function bytesOf({ instructions, memory = '', turns, tools }: Prompt): number {
  const texts = turns.flatMap((turn) => {
    if ('parts' in turn) return turn.parts.map((part) => (part.type === 'text' ? part.text : ''));
    if (turn.role === 'assistant') return turn.text;
    return turn.role === 'call' ? `${turn.name}${turn.arguments}` : turn.output;
  });
  const all = [instructions, memory, ...texts, ...tools.map((tool) => JSON.stringify(tool))];
  return all.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

export function meteredStt(stt: Stt, idOf: (model: string) => string, onUsed: OnUsed): Stt {
  return {
    get info() {
      return stt.info;
    },
    get can() {
      return stt.can;
    },
    ...(stt.health ? { health: () => stt.health?.() ?? { state: 'ready' } } : {}),
    warmUp: (signal) => stt.warmUp(signal),
    close: () => stt.close(),
    open(options, onPartial) {
      const recognition = stt.open(options, onPartial);
      return options.origin ? heard(recognition, options, options.origin, idOf, onUsed) : recognition;
    },
  };
}

/** Told with each answer, and at the end of an utterance that nobody wanted to its end; sound that a recogniser failed at is not told of. */
function heard(
  recognition: Recognition,
  { model }: SttOptions,
  origin: Origin,
  idOf: (model: string) => string,
  onUsed: OnUsed,
): Recognition {
  let samples = 0;
  let requests = 1;
  let hasFailed = false;
  const tell = () => {
    if (samples === 0) return;
    onUsed({ stage: 'stt', model: idOf(model), origin, requests, seconds: samples / heardHz });
    requests = 0;
    samples = 0;
  };
  return {
    hear(sound) {
      samples += sound.length;
      recognition.hear(sound);
    },
    async words(urgency) {
      try {
        const words = await recognition.words(urgency);
        hasFailed = false;
        tell();
        return words;
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    },
    close() {
      recognition.close();
      if (!hasFailed) tell();
      samples = 0;
    },
  };
}

export function meteredTts(tts: Tts, idOf: (model: string) => string, onUsed: OnUsed): Tts {
  return {
    get info() {
      return tts.info;
    },
    get takes() {
      return tts.takes;
    },
    ...(tts.steers ? { steers: tts.steers } : {}),
    ...(tts.health ? { health: () => tts.health?.() ?? { state: 'ready' } } : {}),
    voices: () => tts.voices(),
    warmUp: (signal) => tts.warmUp(signal),
    close: () => tts.close(),
    speak(text, options, signal) {
      return options.origin ? spoken(tts, text, options, options.origin, signal, idOf, onUsed) : tts.speak(text, options, signal);
    },
  };
}

async function* spoken(
  tts: Tts,
  text: AsyncIterable<string>,
  options: TtsOptions,
  origin: Origin,
  signal: AbortSignal,
  idOf: (model: string) => string,
  onUsed: OnUsed,
): AsyncGenerator<Speech> {
  let characters = 0;
  let seconds = 0;
  let requests = 1;
  const tell = () => {
    if (characters === 0 && seconds === 0) return;
    onUsed({ stage: 'tts', model: idOf(options.model), origin, requests, seconds, characters });
    requests = 0;
    characters = 0;
    seconds = 0;
  };
  async function* read() {
    for await (const piece of text) {
      characters += piece.length;
      yield piece;
    }
  }
  let hasSound = false;
  let hasFailed = false;
  try {
    for await (const speech of tts.speak(read(), options, signal)) {
      hasSound = true;
      seconds += speech.pcm.samples.length / speech.pcm.rateHz;
      if (seconds >= tellSeconds) tell();
      yield speech;
    }
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    // One that failed before it made a sound has served nobody.
    if (hasSound || !hasFailed) tell();
  }
}
