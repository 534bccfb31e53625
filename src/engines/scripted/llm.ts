// The scripted language model: the same words at the same pace whatever it is asked, or a call of the first tool when told "tool".
import type { Clock } from '../../lib/clock.ts';
import { countingIds, type Ids } from '../../lib/ids.ts';
import type { Prompt, PromptTool, PromptTurn } from '../../protocol/prompt.ts';
import type { EngineFactory, EngineInfo, Llm, LlmOptions, LlmPart } from '../engine.ts';
import { due, parseScript, refuseWhenClosed, type Script } from './script.ts';

const info: EngineInfo = { id: 'scripted', kind: 'llm', name: 'Scripted reply', licence: 'Apache-2.0', languages: ['*'] };

/** Ten words each, so that a sentence ends every ten tokens. */
const sentences = [
  'This is a scripted reply that says nothing of use.',
  'It only keeps an even pace so delays can show.',
  'Every word of it comes when the script has planned.',
];
const words = sentences.join(' ').split(' ');

/** `scripted` of the catalogue. */
export const scriptedLlm: EngineFactory<Llm> = {
  id: info.id,
  create({ settings, clock }) {
    const script = parseScript(settings['PARLEY_SCRIPTED']);
    const closing = new AbortController();
    const ids = countingIds();
    return {
      info,
      sees: false,
      warmUp: async () => {},
      close: async () => closing.abort(),
      respond: (prompt, options, signal) => respond({ clock, script, ids, closing: closing.signal }, prompt, options, signal),
    };
  },
};

interface Played {
  readonly clock: Clock;
  readonly script: Script;
  readonly ids: Ids;
  readonly closing: AbortSignal;
}

async function* respond(
  { clock, script, ids, closing }: Played,
  prompt: Prompt,
  options: LlmOptions,
  signal: AbortSignal,
): AsyncGenerator<LlmPart, void> {
  const ending = AbortSignal.any([signal, closing]);
  const firstMs = clock.now() + script.llmMs;
  const tool = toolToCall(prompt);
  const count = tool ? 1 : Math.min(script.tokens, options.maxOutputTokens ?? script.tokens);
  for (let i = 0; i < count; i++) {
    // Every token has its own due time, counted from the start: a late one does not delay the rest.
    await due(clock, firstMs + (i * 1000) / script.tokensPerSecond, ending);
    if (signal.aborted) return;
    refuseWhenClosed(closing);
    if (tool) {
      const callId = ids('call');
      yield { type: 'call', callId, name: tool.name };
      yield { type: 'arguments', callId, delta: '{}' };
    } else {
      yield { type: 'text', text: token(i) };
    }
    if (signal.aborted) return;
  }
  yield { type: 'usage', usage: { inputTokens: countWords(prompt), outputTokens: count, cachedTokens: 0 } };
  yield { type: 'end', reason: tool ? 'tool_calls' : count < script.tokens ? 'length' : 'stop' };
}

function token(i: number): string {
  return `${i === 0 ? '' : ' '}${words[i % words.length] as string}`;
}

/** The first tool, when the user spoke last (so a result is never answered with another call) and said "tool". */
function toolToCall({ turns, tools, toolChoice }: Prompt): PromptTool | undefined {
  const last = turns.at(-1);
  if (toolChoice === 'none' || last?.role !== 'user') return undefined;
  return last.parts.some((part) => part.type === 'text' && /\btool\b/i.test(part.text)) ? tools[0] : undefined;
}

function countWords({ instructions, memory = '', turns }: Prompt): number {
  return [instructions, memory, ...turns.flatMap(textsOf)].reduce((sum, text) => sum + (text.match(/\S+/g)?.length ?? 0), 0);
}

function textsOf(turn: PromptTurn): string[] {
  if ('parts' in turn) return turn.parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  if (turn.role === 'assistant') return [turn.text];
  return [turn.role === 'call' ? turn.arguments : turn.output];
}
