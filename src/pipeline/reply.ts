// One run of a model: prompt → model → clauses → voice → facts. It knows nothing of turns, nor of the response that it may belong to; whoever started it may
// abort it at any moment.
import { type Attempt, EngineError, type Engines, type Llm, type LlmUsage, type Origin, type Speech, type Tts } from '../engines/engine.ts';
import { Channel } from '../lib/channel.ts';
import type { Clock } from '../lib/clock.ts';
import { Resampler } from '../media/resample.ts';
import { errors } from '../protocol/errors.ts';
import type { Prompt, PromptPart } from '../protocol/prompt.ts';
import { sampleRateHz } from '../protocol/audio-format.ts';
import type { Allowance } from './allowance.ts';
import { failureOf, isDeclared } from './failure.ts';
import type { Images, Lent } from './images.ts';
import { speakApart } from './speak-apart.ts';
import { speechOptions } from './speech-options.ts';
import { SpeechText } from './speech-text.ts';
import { encodeWire, wireMs } from './wire-audio.ts';
import type { RunOrder } from '../session/effects.ts';
import type { RunEnd, RunFact } from '../session/facts.ts';

/** How often it is told that a model thinks. */
const aliveMs = 1000;

/** Pieces of text that may wait for a voice: far more than the longest answer has. */
const mostWaiting = 20_000;

export interface ReplyPorts {
  engines: Engines;
  clock: Pick<Clock, 'now'>;
  /** Whose replies they are. */
  origin: Origin;
  allowance: Pick<Allowance, 'speech' | 'spoken'>;
  feed: (fact: RunFact) => void;
  /** Resolves when the listener's side can take more sound. */
  room: () => Promise<void>;
  /** The session's images by their addresses. */
  images: Images;
  /** Something failed, to be logged: an engine says so, a limit is reached, or it is a fault of ours. */
  onFailure: (error: unknown) => void;
}

/** Carries a run to its end. Every way out but an abort feeds exactly one `run.ended`. */
export async function reply(order: RunOrder, prompt: Prompt, ports: ReplyPorts, signal: AbortSignal): Promise<void> {
  const { run } = order;
  const usage: { value: LlmUsage } = { value: { inputTokens: 0, outputTokens: 0, cachedTokens: 0 } };
  let end: RunEnd;
  const mouth = new Mouth(order, ports, signal);
  let lent: Lent | undefined;
  try {
    const { engine, model } = ports.engines.llm(order.model, order.fallback);
    const lending = engine.sees === false ? undefined : lentTo(prompt, ports, signal);
    if (lending) lent = await lending;
    if (signal.aborted) return;
    const seen = lent ? withImages(prompt, lent.found) : prompt;
    end = await speakAnswer(engine, model, order, seen, mouth, ports, usage, signal);
  } catch (error) {
    if (!isDeclared(error) || (!signal.aborted && !mouth.faulted)) ports.onFailure(error);
    const failed = error === mouth.failure ? 'The voice' : 'The language model';
    end = { reason: 'failed', usage: usage.value, failure: failureOf(error, failed) };
  } finally {
    mouth.drop();
    lent?.giveBack();
  }
  if (!signal.aborted) ports.feed({ kind: 'run.ended', run, ...end });
}

/** The address of an image that is named by one. */
function addressOf(part: PromptPart): string | undefined {
  return part.type === 'image' && !part.url.startsWith('data:') ? part.url : undefined;
}

/** Models are given what is at an address, not the address: who may be asked for it is decided here, on the way out. Undefined: none is named. */
function lentTo({ turns }: Prompt, { images }: ReplyPorts, signal: AbortSignal): Promise<Lent> | undefined {
  const parts = turns.flatMap((turn) => ('parts' in turn ? turn.parts : []));
  const named = parts.flatMap((part) => addressOf(part) ?? []);
  if (named.length === 0) return undefined;
  const ownBytes = parts.reduce((sum, part) => sum + (part.type === 'image' ? part.url.length : 0), 0);
  // What was shown last is what is talked about.
  return images.lend(named.toReversed(), signal, ownBytes);
}

function withImages(prompt: Prompt, found: Lent['found']): Prompt {
  const seen = (part: PromptPart): PromptPart => {
    const image = found.get(addressOf(part) ?? '');
    if (!image || part.type !== 'image') return part;
    return 'url' in image ? { ...part, url: image.url } : { type: 'text', text: `(an image that could not be loaded: ${image.reason})` };
  };
  return { ...prompt, turns: prompt.turns.map((turn) => ('parts' in turn ? { ...turn, parts: turn.parts.map(seen) } : turn)) };
}

async function speakAnswer(
  engine: Llm,
  model: string,
  order: RunOrder,
  prompt: Prompt,
  mouth: Mouth,
  { feed, clock, origin }: ReplyPorts,
  usage: { value: LlmUsage },
  signal: AbortSignal,
): Promise<RunEnd> {
  const { run } = order;
  let reason: 'stop' | 'length' | 'content_filter' = 'stop';
  let aliveAtMs = Number.NEGATIVE_INFINITY;
  const options = {
    model,
    parallelToolCalls: order.parallelToolCalls,
    sampling: order.sampling,
    behalf: order.behalf,
    origin,
    conversation: origin.session,
    onAttempt: (attempt: Attempt) => feed({ kind: 'run.attempt', run, ...attempt, ms: Math.round(attempt.ms) }),
    ...(order.temperature === undefined ? {} : { temperature: order.temperature }),
    ...(order.maxOutputTokens === undefined ? {} : { maxOutputTokens: order.maxOutputTokens }),
    ...(order.reasoningEffort === undefined ? {} : { reasoningEffort: order.reasoningEffort }),
    ...(order.hedgeMs === undefined ? {} : { hedgeMs: order.hedgeMs }),
  };
  for await (const part of engine.respond(prompt, options, signal)) {
    switch (part.type) {
      case 'text':
        if (part.text === '') break;
        feed({ kind: 'run.text', run, delta: part.text });
        mouth.say(part.text);
        break;
      case 'call':
        // The items of a response close one after the other: what was said before the call is finished first.
        await mouth.finish();
        feed({ kind: 'run.call', run, callId: part.callId, name: part.name });
        break;
      case 'arguments':
        feed({ kind: 'run.arguments', run, callId: part.callId, delta: part.delta });
        break;
      case 'usage':
        usage.value = part.usage;
        // The voice may go on for long, and be cut.
        feed({ kind: 'run.usage', run, usage: part.usage });
        break;
      case 'end':
        reason = part.reason === 'tool_calls' ? 'stop' : part.reason;
        break;
      case 'reasoning':
        // What it thinks is nobody's business, but it must not be taken for one that has stopped.
        if (clock.now() < aliveAtMs + aliveMs) break;
        aliveAtMs = clock.now();
        feed({ kind: 'run.alive', run });
        break;
    }
    // A voice that failed must not go unnoticed until the model has finished.
    if (mouth.failure) throw mouth.failure;
  }
  await mouth.finish();
  return { reason, usage: usage.value };
}

/** Speaks text as it comes, in one speech for each message; a text response has nothing to speak with. */
class Mouth {
  readonly #order: RunOrder;
  readonly #ports: ReplyPorts;
  readonly #signal: AbortSignal;
  #speech: { text: Channel<string>; script: SpeechText; done: Promise<void> } | undefined;
  failure: EngineError | undefined;
  /** It failed by a fault of ours, which was logged. */
  faulted = false;

  constructor(order: RunOrder, ports: ReplyPorts, signal: AbortSignal) {
    this.#order = order;
    this.#ports = ports;
    this.#signal = signal;
  }

  say(text: string): void {
    if (this.#order.modality === 'text') return;
    try {
      this.#speech ??= this.#begin();
    } catch (error) {
      if (error instanceof EngineError) this.failure = error;
      throw error;
    }
    const { script } = this.#speech;
    for (const piece of script.push(text)) this.#speech.text.push(piece);
  }

  /** Resolves when all that was said has been spoken. */
  async finish(): Promise<void> {
    const speech = this.#speech;
    if (!speech) return;
    this.#speech = undefined;
    for (const rest of speech.script.flush()) speech.text.push(rest);
    speech.text.close();
    await speech.done;
    if (this.failure) throw this.failure;
  }

  drop(): void {
    this.#speech?.text.close();
    this.#speech = undefined;
  }

  #begin() {
    const { ttsModel, voice, manner } = this.#order;
    const excess = this.#ports.allowance.speech();
    if (excess) throw errors.limited(excess);
    const { engine, ...choice } = this.#ports.engines.tts(ttsModel, voice, manner.fallback);
    const text = new Channel<string>(mostWaiting);
    const done = this.#speak(engine, choice, text).catch((error: unknown) => {
      this.faulted = !(error instanceof EngineError);
      if (this.faulted) this.#ports.onFailure(error);
      this.failure =
        error instanceof EngineError ? error : new EngineError(engine.info.id, 'broken', 'The voice failed.', { cause: error });
    });
    return { text, script: new SpeechText(engine, manner.segmenter), done };
  }

  async #speak(engine: Tts, choice: { model: string; voice: string }, text: Channel<string>): Promise<void> {
    const { format, manner, run } = this.#order;
    const rateHz = sampleRateHz(format);
    let resampler: { fromHz: number; stream: Resampler } | undefined;
    const send = (samples: Int16Array, words: Speech['words']) => {
      if (samples.length === 0 && !words?.length) return;
      const bytes = encodeWire(format, samples);
      this.#ports.feed({ kind: 'run.audio', run, bytes, ms: wireMs(format, bytes.length), words });
    };
    const onAttempt = (attempt: Attempt) => this.#ports.feed({ kind: 'run.attempt', run, ...attempt, ms: Math.round(attempt.ms) });
    const options = { ...speechOptions(engine, choice, this.#order, this.#ports.origin), onAttempt };
    const spoken =
      manner.segmenter === 'per_segment_context'
        ? speakApart(engine, text, options, this.#signal)
        : engine.speak(text, options, this.#signal);
    for await (const { pcm, words } of spoken) {
      this.#ports.allowance.spoken(pcm.samples.length / pcm.rateHz);
      if (resampler?.fromHz !== pcm.rateHz) {
        if (resampler) send(resampler.stream.flush(), undefined);
        resampler = { fromHz: pcm.rateHz, stream: new Resampler(pcm.rateHz, rateHz) };
      }
      send(resampler.stream.process(pcm.samples), words);
      await this.#ports.room();
      if (this.#signal.aborted) return;
    }
    if (resampler && !this.#signal.aborted) send(resampler.stream.flush(), undefined);
  }
}
