// Mutated answers of real MCP servers, over all three ways: every list and call has its outcome, no good tool is lost to a bad neighbour, whatever
// is left can be told to a model, and errors are sentences. A failure names its seed: MCP_SEED=<seed> repeats it; MCP_ANSWERS says how many.
import { expect, it } from 'vitest';
import { chatRequest } from '../../src/engines/cloud/openai-request.ts';
import { ToolNames } from '../../src/engines/cloud/call-fields.ts';
import { parametersOf } from '../../src/engines/offline/tool-arguments.ts';
import { freeForm, geminiForm } from '../../src/engines/cloud/message-form.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import type { McpServers } from '../../src/tools/mcp-servers.ts';
import type { McpListing, McpOutcome } from '../../src/tools/mcp-types.ts';
import * as rules from '../engines/message-rules.ts';
import { Chance } from '../session/chance.ts';
import { McpRig } from './mcp-rig.ts';
import { type Mutation, mutate } from './mutations.ts';
import { initialized, RawServer, type Way } from './raw-server.ts';

const seed = Number(process.env['MCP_SEED'] ?? Math.floor(Math.random() * 1e9));
const answers = Number(process.env['MCP_ANSWERS'] ?? 900);
const ways: readonly Way[] = ['json', 'events', 'sse'];

const page = () => ({
  jsonrpc: '2.0',
  id: SOME_ID,
  result: {
    tools: [
      {
        name: 'search',
        title: 'Search',
        description: 'Searches',
        inputSchema: {
          $schema: 'http://json-schema.org/draft-07/schema#',
          type: 'object',
          properties: {
            query: { type: 'string', description: 'What for', minLength: 1 },
            limit: { type: ['integer', 'null'], minimum: 1, default: 10 },
            sort: { anyOf: [{ enum: ['new', 'old'] }, { $ref: '#/$defs/Order' }] },
          },
          required: ['query'],
          additionalProperties: false,
          $defs: { Order: { type: 'object', properties: { by: { type: 'array', items: { type: 'string' } } } } },
        },
        annotations: { readOnlyHint: true, title: 'Search' },
        _meta: { version: 1 },
      },
      {
        name: 'read',
        description: 'Reads',
        inputSchema: { type: 'object', properties: { id: { type: 'string' } } },
        outputSchema: { type: 'object' },
      },
      { name: 'now', inputSchema: { type: 'object' } },
      { name: 'delete', description: 'Deletes', inputSchema: { type: 'object', properties: {} }, annotations: { destructiveHint: true } },
    ],
    nextCursor: '',
    _meta: { total: 4 },
  },
});

const result = () => ({
  jsonrpc: '2.0',
  id: SOME_ID,
  result: {
    content: [
      { type: 'text', text: 'four', annotations: { audience: ['user'], priority: 1 }, _meta: {} },
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      { type: 'resource_link', uri: 'file:///a', name: 'a', description: 'A' },
      { type: 'resource', resource: { uri: 'file:///b', mimeType: 'text/plain', text: 'b' } },
    ],
    structuredContent: { sum: 4, parts: [{ of: [2, 2] }] },
    isError: false,
    _meta: { took: 3 },
  },
});

const refusal = () => ({
  jsonrpc: '2.0',
  id: SOME_ID,
  error: {
    code: -32_602,
    message: `Invalid arguments: ${JSON.stringify([{ code: 'invalid_type', path: ['a'], message: 'Required' }], null, 2)}`,
    data: { issues: [{ path: ['a'] }] },
  },
});

/** Over the older transport the id is all that an answer is known by: without it there is none. */
const spared =
  (way: Way) =>
  ([first]: readonly (string | number)[]) =>
    way === 'sse' && first === 'id';

/** Takes the place of the id that is only known when somebody asks. */
const SOME_ID = 0;

/** One session with one server, which is asked again and again: what a list said is forgotten after a minute. */
class Asker {
  readonly #clock = new ManualClock();
  readonly #rig = new McpRig({ clock: this.#clock });
  readonly #server: RawServer;
  readonly #session: McpServers;
  script: object = page();

  constructor(server: RawServer) {
    this.#server = server;
    server.answer = ({ id, method }) => [
      method === 'initialize' ? { jsonrpc: '2.0', id, result: initialized } : addressed(this.script, id),
    ];
    this.#session = this.#rig.session({ server_label: 'far', server_url: server.url });
  }

  /** Until it is connected: the clock may not run away from that. */
  async ready(): Promise<this> {
    expect(await this.#session.list('far')).toHaveProperty('tools.length', 4);
    return this;
  }

  list(): Promise<McpListing> {
    this.#clock.advance(60_000);
    return this.#session.list('far');
  }

  call(): Promise<McpOutcome> {
    return this.#session.call('far', 'search', '{}');
  }

  async close(): Promise<void> {
    await this.#server.close();
    await this.#rig.close();
  }
}

/** With the id that was asked, unless a mutation is in its place. */
function addressed(script: object, id: number | undefined): object {
  return 'id' in script && script.id === SOME_ID ? { ...script, id } : script;
}

function isSentence(outcome: McpOutcome | McpListing): boolean {
  if (!('error' in outcome)) return true;
  const { type, message } = outcome.error;
  return type === 'tool_execution_error' || (/^\S[^\n]*$/.test(message) && !/[[{]\s*["{[\]}]/.test(message));
}

/** Names of the tools that no mutation touched; none where it is the list itself that is broken. */
function untouched(mutations: readonly Mutation[]): string[] {
  if (mutations.some(({ path }) => path[0] === 'error' || path[0] === 'method' || (path[0] === 'result' && path.length < 2))) return [];
  if (mutations.some(({ path }) => path[1] === 'tools' && path.length < 3)) return [];
  // An answer without an id is as good as one with it; one with another's is none.
  if (mutations.some(({ path, what }) => path[0] === 'id' && what !== 'drop' && what !== 'null')) return [];
  const indices = mutations.map(({ path, what }) => ({ index: path[1] === 'tools' ? path[2] : undefined, what }));
  // What was added beside the list's fields may have made an error or a request of it.
  if (mutations.some(({ path, what }) => what === 'add' && path.length < 2)) return [];
  if (indices.some(({ what, index }) => what === 'drop' && index !== undefined) && mutations.length > 1) return [];
  const touched = new Set(indices.map(({ index }) => index));
  return page().result.tools.flatMap(({ name }, index) => (touched.has(index) ? [] : [name]));
}

async function listOnce(asker: Asker, way: Way, chance: Chance): Promise<object | undefined> {
  const script = page();
  const mutations = mutate(chance, script, spared(way));
  asker.script = script;
  const listing = await asker.list();
  const tools = 'tools' in listing ? listing.tools : [];
  const lost = untouched(mutations).filter((name) => !tools.some((tool) => tool.name === name));
  const told = tools.map(({ name, description = '', input_schema: parameters }) => ({ name, description, parameters: { ...parameters } }));
  for (const tool of told) parametersOf(tool);
  const prompt = { instructions: 'Be brief.', turns: [], tools: told, toolChoice: 'auto' as const };
  const refused = [freeForm, geminiForm].flatMap((form) => {
    const body = chatRequest(prompt, { model: 'some' }, new ToolNames(told), { form });
    const rule = form === geminiForm ? [rules.openApiSchemas] : [];
    return rules.refusals(JSON.parse(JSON.stringify(body)) as rules.RequestBody, rule);
  });
  return lost.length + refused.length === 0 && isSentence(listing) ? undefined : { mutations, lost, refused, listing };
}

async function callOnce(asker: Asker, way: Way, chance: Chance): Promise<object | undefined> {
  const script = chance.often(0.8) ? result() : refusal();
  const mutations = mutate(chance, script, spared(way));
  asker.script = script;
  const outcome = await asker.call();
  const whole = 'error' in outcome ? isSentence(outcome) : typeof outcome.output === 'string';
  return whole ? undefined : { mutations, outcome };
}

it(
  `${answers} mutated answers (seed ${seed}) lose no session and no good tool, and fail in sentences`,
  async () => {
    const askers = await Promise.all(ways.map(async (way) => new Asker(await new RawServer(way).start()).ready()));
    const problems: object[] = [];
    for (let number = 0; number < answers && problems.length === 0; number++) {
      const chance = new Chance(seed + number * 7919);
      const asker = askers[number % askers.length] as Asker;
      const way = ways[number % ways.length] as Way;
      const once = number % 2 === 0 ? listOnce : callOnce;
      const problem = await once(asker, way, chance).catch((error: unknown) => ({ error }));
      if (problem) problems.push({ number, way, ...problem });
    }
    await Promise.all(askers.map((asker) => asker.close()));
    expect(problems).toEqual([]);
  },
  60_000 + answers * 60,
);
