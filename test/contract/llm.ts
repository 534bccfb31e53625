// What every language model engine must do, whatever is behind it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError, type Llm, type LlmOptions, type LlmPart } from '../../src/engines/engine.ts';
import type { Prompt, PromptTool } from '../../src/protocol/prompt.ts';

export interface LlmUnderTest {
  readonly model: string;
  create(): Promise<Llm> | Llm;
  release?(): Promise<void>;
}

const weather: PromptTool = {
  name: 'get_weather',
  description: 'Get the current weather for a location',
  parameters: { type: 'object', properties: { location: { type: 'string', description: 'The city' } }, required: ['location'] },
};

export function prompt(text: string, more: Partial<Prompt> = {}): Prompt {
  return {
    instructions: 'You are Ada.',
    turns: [{ role: 'user', parts: [{ type: 'text', text }] }],
    tools: [],
    toolChoice: 'auto',
    ...more,
  };
}

export async function collect(parts: AsyncIterable<LlmPart>): Promise<LlmPart[]> {
  const all: LlmPart[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

export function textOf(parts: readonly LlmPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

export function callsOf(parts: readonly LlmPart[]): { callId: string; name: string; arguments: unknown }[] {
  return parts.flatMap((part) => {
    if (part.type !== 'call') return [];
    const json = parts.map((other) => (other.type === 'arguments' && other.callId === part.callId ? other.delta : '')).join('');
    return [{ callId: part.callId, name: part.name, arguments: JSON.parse(json) as unknown }];
  });
}

/** `create` must give engines that answer English; the model behind them should count when asked to and use tools. */
export function describeLlm(name: string, under: LlmUnderTest): void {
  describe(`language model contract: ${name}`, () => {
    let llm: Llm;
    const respond = (prompt: Prompt, options: Partial<LlmOptions> = {}, signal = new AbortController().signal) =>
      llm.respond(prompt, { model: under.model, ...options }, signal);

    beforeAll(async () => {
      llm = await under.create();
      await llm.warmUp(new AbortController().signal);
    });
    afterAll(async () => {
      await llm.close();
      await under.release?.();
    });

    it('says what it is', () => {
      expect(llm.info.kind).toBe('llm');
      expect(llm.info.id).toMatch(/^[a-z0-9-]+$/);
      expect(llm.info.name).not.toBe('');
      expect(llm.info.licence).not.toBe('');
    });

    it('answers with text in several parts, then its usage, then one end', async () => {
      const parts = await collect(respond(prompt('hello how are you today')));
      expect(textOf(parts)).toMatch(/\w/);
      const kinds = parts.map((part) => part.type).filter((type) => type !== 'reasoning');
      expect(kinds.lastIndexOf('text')).toBeLessThan(kinds.indexOf('usage'));
      expect(kinds.filter((kind) => kind === 'usage')).toHaveLength(1);
      expect(kinds.indexOf('end')).toBe(kinds.length - 1);
      expect(parts.at(-1)).toEqual({ type: 'end', reason: 'stop' });
      const usage = parts.find((part) => part.type === 'usage')?.usage;
      expect(usage?.inputTokens).toBeGreaterThan(0);
      expect(usage?.outputTokens).toBeGreaterThan(0);
    });

    it('does not change the prompt', async () => {
      const given = prompt('what is the weather in Paris', { tools: [weather] });
      const before = structuredClone(given);
      await collect(respond(given));
      expect(given).toEqual(before);
    });

    it('calls a function with arguments that form a JSON object, and ends with tool_calls', async () => {
      const parts = await collect(respond(prompt('what is the weather in Paris', { tools: [weather] })));
      const calls = callsOf(parts);
      expect(calls).toMatchObject([{ name: 'get_weather', arguments: { location: 'Paris' } }]);
      expect(calls[0]?.callId).toMatch(/\w/);
      expect(parts.at(-1)).toEqual({ type: 'end', reason: 'tool_calls' });
    });

    it('calls nothing when it may not', async () => {
      const parts = await collect(respond(prompt('what is the weather in Paris', { tools: [weather], toolChoice: 'none' })));
      expect(callsOf(parts)).toEqual([]);
      expect(textOf(parts)).not.toBe('');
      expect(parts.at(-1)).toEqual({ type: 'end', reason: 'stop' });
    });

    it('speaks when the result of its call is there', async () => {
      const parts = await collect(
        respond(
          prompt('', {
            tools: [weather],
            turns: [
              { role: 'user', parts: [{ type: 'text', text: 'what is the weather in Paris' }] },
              { role: 'call', callId: 'call_1', name: 'get_weather', arguments: '{"location":"Paris"}' },
              { role: 'result', callId: 'call_1', output: '{"condition":"sunny"}' },
            ],
          }),
        ),
      );
      expect(callsOf(parts)).toEqual([]);
      expect(textOf(parts)).toContain('sunny');
    });

    it('stops at the limit of its output and says so', async () => {
      const parts = await collect(respond(prompt('count to one hundred'), { maxOutputTokens: 5 }));
      expect(parts.at(-1)).toEqual({ type: 'end', reason: 'length' });
      expect(textOf(parts).length).toBeLessThan(60);
    });

    it('gives nothing when the signal has fired before', async () => {
      expect(await collect(respond(prompt('hello'), {}, AbortSignal.abort()))).toEqual([]);
    });

    it('ends without an error and without another part when the signal fires', async () => {
      const stop = new AbortController();
      let parts = 0;
      for await (const _ of respond(prompt('count from one to two hundred'), {}, stop.signal)) {
        parts += 1;
        stop.abort();
      }
      expect(parts).toBe(1);
    });

    it('can be left in the middle', async () => {
      for await (const part of respond(prompt('count from one to two hundred'))) if (part.type === 'text') break;
      expect(textOf(await collect(respond(prompt('hello'))))).not.toBe('');
    });

    it('keeps replies that run at the same time apart', async () => {
      const [one, other] = await Promise.all([collect(respond(prompt('hello'))), collect(respond(prompt('count to ten')))]);
      expect(textOf(one)).toBe(textOf(await collect(respond(prompt('hello')))));
      expect(textOf(other)).toBe(textOf(await collect(respond(prompt('count to ten')))));
    });

    it('ends what is under way with unavailable when it is closed, and refuses what comes later', async () => {
      const closing = await under.create();
      const running = (async () => {
        for await (const part of closing.respond(
          prompt('count from one to two hundred'),
          { model: under.model },
          new AbortController().signal,
        )) {
          if (part.type === 'text') await closing.close();
        }
      })();
      await expect(running).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
      const later = collect(closing.respond(prompt('hello'), { model: under.model }, new AbortController().signal));
      await expect(later).rejects.toBeInstanceOf(EngineError);
    });
  });
}
