// The assistant that is there when no language model is: rules instead of a model, behind the same plug, and honest about it. It
// keeps nothing between two replies; all it knows is in the prompt.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { randomIds, randomInteger } from '../../lib/ids.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import {
  EngineError,
  type EngineEnvironment,
  type EngineFactory,
  type EngineInfo,
  type Llm,
  type LlmOptions,
  type LlmPart,
} from '../engine.ts';
import { answer, type Means } from './answer.ts';

/** What English text averages in the tokenisers of large models. */
const CHARS_PER_TOKEN = 4;

export const offline: EngineFactory<Llm> = {
  id: 'offline',
  create: (environment: EngineEnvironment) => new Offline({ clock: environment.clock, chance: randomInteger }),
};

class Offline implements Llm {
  readonly info: EngineInfo = { id: 'offline', kind: 'llm', name: "Parley's offline assistant", licence: 'Apache-2.0', languages: ['en'] };
  readonly followsInstructions = false;
  readonly sees = false;
  readonly #means: Means;
  #closed = false;

  constructor(means: Means) {
    this.#means = means;
  }

  async warmUp(): Promise<void> {
    this.#mustBeOpen();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async *respond(prompt: Prompt, options: LlmOptions, signal: AbortSignal): AsyncGenerator<LlmPart> {
    if (signal.aborted) return;
    this.#mustBeOpen();
    const result = answer(prompt, options.parallelToolCalls !== false, this.#means);
    const parts = [...('text' in result ? textParts(result.text) : []), ...('calls' in result ? callParts(result.calls) : [])];
    const mostChars = (options.maxOutputTokens ?? Infinity) * CHARS_PER_TOKEN;
    let chars = 0;
    let reason: Extract<LlmPart, { type: 'end' }>['reason'] = 'calls' in result ? 'tool_calls' : 'stop';
    for (const part of parts) {
      // Other sessions share this thread: each word waits its turn, as a model's would.
      await nextTurn();
      if (signal.aborted) return;
      this.#mustBeOpen();
      const size = sizeOf(part);
      if (chars + size > mostChars) {
        reason = 'length';
        break;
      }
      chars += size;
      yield* part;
      if (signal.aborted) return;
    }
    const usage = { inputTokens: tokens(promptChars(prompt)), outputTokens: tokens(chars), cachedTokens: 0 };
    yield { type: 'usage', usage };
    if (signal.aborted) return;
    yield { type: 'end', reason };
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new EngineError('offline', 'unavailable', 'the offline assistant is shut down');
  }
}

function textParts(text: string): LlmPart[][] {
  return (text.match(/\S+\s*/g) ?? []).map((word) => [{ type: 'text', text: word }]);
}

/** A call is one piece: half of its arguments would be no JSON. */
function callParts(calls: readonly { name: string; arguments: Record<string, unknown> }[]): LlmPart[][] {
  return calls.map((call) => {
    const callId = randomIds('call');
    return [
      { type: 'call', callId, name: call.name },
      { type: 'arguments', callId, delta: JSON.stringify(call.arguments) },
    ];
  });
}

function sizeOf(parts: readonly LlmPart[]): number {
  let size = 0;
  for (const part of parts) {
    if (part.type === 'text') size += part.text.trimEnd().length + 1;
    if (part.type === 'call') size += part.name.length;
    if (part.type === 'arguments') size += part.delta.length;
  }
  return size;
}

function promptChars(prompt: Prompt): number {
  let chars = prompt.instructions.length + (prompt.memory?.length ?? 0);
  for (const turn of prompt.turns) {
    if (turn.role === 'assistant') chars += turn.text.length;
    else if (turn.role === 'call') chars += turn.name.length + turn.arguments.length;
    else if (turn.role === 'result') chars += turn.output.length;
    // A picture is worth what the models of our time count for a small one.
    else for (const part of turn.parts) chars += part.type === 'text' ? part.text.length : 85 * CHARS_PER_TOKEN;
  }
  return chars + (prompt.tools.length > 0 ? JSON.stringify(prompt.tools).length : 0);
}

function tokens(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}
