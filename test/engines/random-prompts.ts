// Conversations as they may come, and as they should never come: random items through the session's own buildPrompt, and random prompts that owe it
// nothing. Whatever somebody said has a word of its own in it, so that a test can look for it.
import type { Item, UserPart } from '../../src/protocol/items.ts';
import type { Prompt, PromptPart, PromptTurn } from '../../src/protocol/prompt.ts';
import type { Chance } from '../session/chance.ts';
import { type Entry, newEntry } from '../../src/session/conversation/history.ts';
import { buildPrompt } from '../../src/session/conversation/prompt.ts';

const image = 'data:image/png;base64,AA';
const json = ['', '{}', '{"location":"Paris"}', '  {"a": [1, 2]}\n', '[]', '"text"', 'null', '{"cut":', 'not JSON'];
const names = ['get_weather', 'now', 'a.b/c', '3d', '', 'ä', 'x'.repeat(100), 'weather__now'];
const ids = ['call_1', 'call_2', 'functions.now:0', 'A1b2C3d4E', 'mcp_1', 'x'.repeat(120), 'toolu_01'];

export const schemas: readonly unknown[] = [
  {},
  { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false },
  {
    anyOf: [
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
      { type: 'object', properties: { b: {} } },
    ],
  },
  { oneOf: [{ properties: { a: { const: 1 } } }, 'no schema', null], required: true, type: 'objekt' },
  { type: ['object', 'null'], properties: { at: { type: ['string', 'null'], format: 'email', default: null } } },
  { $ref: '#/definitions/Top', definitions: { Top: { type: 'object', properties: { self: { $ref: '#/definitions/Top' } } } } },
  { type: 'object', properties: { list: { type: 'array' }, tuple: { type: 'array', items: [{ type: 'string' }, { enum: [1, 2] }] } } },
  { type: 'object', properties: { x: { type: 'string', required: true, enum: [] }, y: true, z: 'string' }, required: ['x', 'gone'] },
  { type: 'string' },
  { $schema: 'http://json-schema.org/draft-07/schema#', allOf: [{ properties: { n: { type: 'integer', exclusiveMinimum: true } } }] },
  { properties: { kind: { anyOf: [{ const: 'a' }, { const: 'b' }, { type: 'null' }] }, of: { type: 'object', propertyNames: {} } } },
];

export class RandomPrompts {
  readonly #chance: Chance;
  #words = 0;
  /** The words of the conversation that was made last, by who said them. */
  said: { user: string[]; others: string[] } = { user: [], others: [] };

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  next(): Prompt {
    this.said = { user: [], others: [] };
    return this.#chance.often(0.5) ? this.#built() : this.#raw();
  }

  /** Often empty, or nothing but white space; sometimes of several lines. */
  #text(by: 'user' | 'others'): string {
    if (this.#chance.often(0.15)) return this.#chance.pick(['', ' ', '\n\n']);
    const word = `word${++this.#words}.`;
    this.said[by].push(word);
    return this.#chance.pick([word, `${word} `, `So\n${word}`, `[System message: ${word}]`]);
  }

  #settings(): Pick<Prompt, 'tools' | 'toolChoice'> {
    const count = this.#chance.pick([0, 0, 1, 3]);
    const tools = Array.from({ length: count }, (_, index) => ({
      name: `${this.#chance.pick(['get_weather', '3d', 'now', '-'])}_${index}`,
      description: this.#chance.pick(['', 'Does it.']),
      parameters: this.#chance.pick(schemas) as Record<string, unknown>,
    }));
    const named = tools.map(({ name }) => ({ name }));
    return { tools, toolChoice: this.#chance.pick(['auto', 'none', 'required', ...named] as const) };
  }

  #parts(by: 'user' | 'others'): PromptPart[] {
    return Array.from({ length: this.#chance.int(0, 3) }, () =>
      this.#chance.often(0.15) ? { type: 'image', url: image, detail: 'auto' } : { type: 'text', text: this.#text(by) },
    );
  }

  #raw(): Prompt {
    const turns = Array.from({ length: this.#chance.pick([0, 1, 2, 4, 8, 16]) }, (): PromptTurn => {
      const role = this.#chance.pick(['system', 'user', 'user', 'assistant', 'assistant', 'call', 'call', 'result', 'result'] as const);
      const callId = this.#chance.pick(ids);
      if (role === 'call') return { role, callId, name: this.#chance.pick(names), arguments: this.#chance.pick(json) };
      if (role === 'result') return { role, callId, output: this.#text('others') };
      if (role === 'assistant') return { role, text: this.#text('others'), interrupted: this.#chance.often(0.3) };
      return { role, parts: role === 'user' ? this.#parts('user') : [{ type: 'text', text: this.#text('others') }] };
    });
    const memory = this.#chance.often(0.2) ? { memory: this.#text('others') } : {};
    return { instructions: this.#text('others'), ...memory, turns, ...this.#settings() };
  }

  #built(): Prompt {
    const entries: Entry[] = [];
    const count = this.#chance.pick([0, 1, 2, 4, 8, 16]);
    for (let index = 0; index < count; index++) entries.push(this.#entry(`item_${index}`, entries));
    const { tools } = this.#settings();
    const toolChoice = this.#chance.pick(['auto', { type: 'mcp' as const, server_label: 'weather' }] as const);
    const mcp = tools.map((tool) => ({ tool, name: tool.name, of: { label: 'weather', name: tool.name } }));
    return buildPrompt(entries, { instructions: this.#text('others'), tools: [], toolChoice }, mcp);
  }

  #entry(id: string, before: readonly Entry[]): Entry {
    const item = this.#item(id, before);
    const entry = newEntry(item);
    entry.transcript = this.#chance.pick([{ state: 'none' }, { state: 'known' }, { state: 'failed', message: 'no', told: false }] as const);
    if (item.type === 'message' && item.role === 'assistant' && this.#chance.often(0.3)) {
      const [part] = item.content;
      const text = part?.type === 'output_text' ? part.text : '';
      entry.speech = { text, words: [], filler: '', leadMs: 0, madeMs: 1000, heardMs: undefined, clientCutMs: undefined };
      // Nothing of it was heard: then it was not said.
      if (this.#chance.often(0.5)) {
        entry.speech.heardMs = 0;
        this.said.others = this.said.others.filter((word) => !text.includes(word));
      }
    }
    return entry;
  }

  #item(id: string, before: readonly Entry[]): Item {
    const common = { id, object: 'realtime.item', status: this.#chance.pick(['completed', 'completed', 'incomplete'] as const) } as const;
    const requests = before.flatMap(({ item }) => (item.type === 'mcp_approval_request' ? [item.id] : []));
    const about = { server_label: 'weather', name: this.#chance.pick(names), arguments: this.#chance.pick(json) };
    const callId = this.#chance.pick(ids);
    switch (this.#chance.int(0, 8)) {
      case 0:
        return { ...common, type: 'message', role: 'system', content: [{ type: 'input_text', text: this.#text('others') }] };
      case 1:
      case 2:
        return {
          ...common,
          type: 'message',
          role: 'user',
          content: Array.from({ length: this.#chance.int(1, 3) }, () => this.#userPart()),
        };
      case 3:
      case 4:
        return { ...common, type: 'message', role: 'assistant', content: [{ type: 'output_text', text: this.#text('others') }] };
      case 5:
        return { ...common, type: 'function_call', call_id: callId, name: about.name, arguments: about.arguments };
      case 6:
        return { ...common, type: 'function_call_output', call_id: callId, output: this.#text('others') };
      case 7:
        return { id, type: 'mcp_call', ...about, approval_request_id: null, output: this.#text('others'), error: null };
      default:
        return requests.length > 0 && this.#chance.often(0.5)
          ? { id, type: 'mcp_approval_response', approval_request_id: this.#chance.pick(requests), approve: false, reason: null }
          : { id, type: 'mcp_approval_request', ...about };
    }
  }

  #userPart(): UserPart {
    if (this.#chance.often(0.15)) return { type: 'input_image', image_url: image, detail: 'auto' };
    return this.#chance.often(0.5)
      ? { type: 'input_text', text: this.#text('user') }
      : { type: 'input_audio', transcript: this.#text('user') };
  }
}
