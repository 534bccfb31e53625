// The assistant that is there when no language model is: rules instead of a model, behind the same plug, and honest about it. It
// keeps nothing between two replies; all it knows is in the prompt.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../lib/clock.ts';
import { randomIds } from '../../lib/ids.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { EngineError, type EngineFactory, type EngineInfo, type Llm, type LlmOptions, type LlmPart } from '../engine.ts';
import { type Answer, answer } from './answer.ts';

/** What English text averages in the tokenisers of large models. */
const CHARS_PER_TOKEN = 4;

export const offline: EngineFactory<Llm> = {
  id: 'offline',
  create: ({ clock }) => new Offline(clock),
};

class Offline implements Llm {
  readonly info: EngineInfo = { id: 'offline', kind: 'llm', name: "Parley's offline assistant", licence: 'Apache-2.0', languages: ['en'] };
  readonly followsInstructions = false;
  readonly sees = false;
  readonly #clock: Clock;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
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
    const result = answer(prompt, this.#clock);
    const mostChars = (options.maxOutputTokens ?? Infinity) * CHARS_PER_TOKEN;
    let chars = 0;
    let reason: Extract<LlmPart, { type: 'end' }>['reason'] = 'call' in result ? 'tool_calls' : 'stop';
    for (const { parts, size } of piecesOf(result)) {
      // Other sessions share this thread: each word waits its turn, as a model's would.
      await nextTurn();
      if (signal.aborted) return;
      this.#mustBeOpen();
      if (chars + size > mostChars) {
        reason = 'length';
        break;
      }
      chars += size;
      yield* parts;
      if (signal.aborted) return;
    }
    yield { type: 'usage', usage: { inputTokens: tokens(promptChars(prompt)), outputTokens: tokens(chars), cachedTokens: 0 } };
    if (signal.aborted) return;
    yield { type: 'end', reason };
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new EngineError('offline', 'unavailable', 'the offline assistant is shut down');
  }
}

/** Words one by one. A call is one piece: half of its arguments would be no JSON. */
function piecesOf(result: Answer): { parts: LlmPart[]; size: number }[] {
  if ('text' in result)
    return (result.text.match(/\S+\s*/g) ?? []).map((text) => ({ parts: [{ type: 'text', text }], size: text.trimEnd().length + 1 }));
  const callId = randomIds('call');
  const { name } = result.call;
  const delta = JSON.stringify(result.call.arguments);
  const parts: LlmPart[] = [
    { type: 'call', callId, name },
    { type: 'arguments', callId, delta },
  ];
  return [{ parts, size: name.length + delta.length }];
}

function promptChars({ instructions, memory, turns, tools }: Prompt): number {
  // A picture is worth what the models of our time count for a small one.
  const picture = ' '.repeat(85 * CHARS_PER_TOKEN);
  const told = (key: string, value: unknown) => (key === 'url' ? picture : value);
  return JSON.stringify([instructions, memory ?? '', ...turns, ...tools], told).length;
}

function tokens(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}
