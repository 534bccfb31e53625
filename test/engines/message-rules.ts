// What chat completions servers refuse, by their own rules: the conditions of their APIs and of the chat templates behind them, as they are documented
// or as their error messages say. Written from those, not from the code that must satisfy them.

interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: readonly Call[];
  readonly tool_call_id?: string;
  readonly name?: string;
  readonly reasoning_content?: unknown;
}
interface Call {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: unknown };
  readonly extra_content?: { readonly google?: { readonly thought_signature?: unknown } };
}
interface Tool {
  readonly function: { readonly name: string; readonly parameters?: unknown };
}
export interface RequestBody {
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[];
  readonly tool_choice?: unknown;
}

/** The reason of a refusal; undefined when the rule holds. */
export type Rule = (body: RequestBody) => string | undefined | false;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const roles = (body: RequestBody) => body.messages.map(({ role }) => role);
const calls = (body: RequestBody) => body.messages.flatMap(({ tool_calls: list = [] }) => list);
const withoutSystem = (body: RequestBody) => body.messages.filter(({ role }) => role !== 'system');
const hasCalls = (message: Message | undefined) => (message?.tool_calls ?? []).length > 0;

function hasContent(content: unknown): boolean {
  if (typeof content === 'string') return content.trim() !== '';
  if (!Array.isArray(content) || content.length === 0) return false;
  return content.every((part: { type?: string; text?: string; image_url?: { url?: string } }) =>
    part.type === 'text' ? !!part.text?.trim() : !!part.image_url?.url,
  );
}

// --- everywhere

const messagesAtAll: Rule = (body) => body.messages.length === 0 && 'messages must not be empty';
const knownRoles: Rule = (body) => roles(body).some((role) => !['system', 'user', 'assistant', 'tool'].includes(role)) && 'unknown role';
const contentNotEmpty: Rule = (body) =>
  body.messages.some((message) => !hasContent(message.content) && !(message.content === null && hasCalls(message))) &&
  'all messages must have non-empty content';
const contentIsText: Rule = (body) =>
  body.messages.some(({ role, content }) => role !== 'user' && content !== null && typeof content !== 'string') &&
  'content of this role must be a string';
const callsNotEmpty: Rule = (body) => body.messages.some(({ tool_calls: list }) => list?.length === 0) && 'tool_calls must not be empty';
const idsOnce: Rule = (body) => new Set(calls(body).map(({ id }) => id)).size < calls(body).length && 'tool_use ids must be unique';
const idsOfGoodLength: Rule = (body) => calls(body).some(({ id }) => id.length === 0 || id.length > 64) && 'tool call id too long';
const functionNames: Rule = (body) =>
  [...calls(body), ...(body.tools ?? [])].some(({ function: { name } }) => !/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/.test(name)) &&
  'Invalid function name';
const namesOnce: Rule = (body) => {
  const names = (body.tools ?? []).map((tool) => tool.function.name);
  return new Set(names).size < names.length && 'duplicate function names';
};
const choiceIsAmongTools: Rule = ({ tool_choice: choice, tools = [] }) => {
  if (choice === undefined) return undefined;
  if (tools.length === 0) return 'tool_choice is only allowed when tools are specified';
  const named = isObject(choice) ? (choice as { function?: { name?: string } }).function?.name : undefined;
  return isObject(choice) && !tools.some(({ function: { name } }) => name === named) && 'Tool choice not found in tools';
};
const argumentsAreObjects: Rule = (body) =>
  calls(body).some(({ function: { arguments: given } }) => {
    try {
      return typeof given !== 'string' || !isObject(JSON.parse(given));
    } catch {
      return true;
    }
  }) && 'tool call arguments must be a JSON object';
const resultsBehindCalls: Rule = (body) => {
  let open: string[] = [];
  for (const message of body.messages) {
    if (message.role === 'tool') {
      if (open.shift() !== message.tool_call_id) return 'a tool message must answer the next of the calls before it';
      continue;
    }
    if (open.length > 0) return 'tool_calls must be followed by tool messages responding to each tool_call_id';
    open = (message.tool_calls ?? []).map(({ id }) => id);
  }
  return open.length > 0 && 'insufficient tool messages following tool_calls message';
};

/** JSON Schema's own rules, at any depth, and no alternatives at the top. */
const soundSchemas: Rule = (body) => {
  for (const { function: about } of body.tools ?? []) {
    const { parameters } = about;
    if (parameters === undefined) continue;
    if (!isObject(parameters) || parameters['type'] !== 'object') return 'schema must be of type object';
    if (['anyOf', 'oneOf', 'allOf', 'enum', 'not'].some((word) => word in parameters))
      return 'schema must not have alternatives at the top';
    const fault = faultOf(parameters);
    if (fault) return `Invalid schema for function: ${fault}`;
  }
  return undefined;
};
const typeNames = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];
function faultOf(schema: unknown): string | undefined {
  if (typeof schema === 'boolean') return undefined;
  if (!isObject(schema)) return 'a schema must be an object';
  const { type, required, properties, items, enum: choices, anyOf, description } = schema;
  if (type !== undefined && ![type].flat().every((name) => typeNames.includes(name as string))) return 'no such type';
  if (required !== undefined && !(Array.isArray(required) && required.every((name) => typeof name === 'string'))) return 'required';
  if (choices !== undefined && !(Array.isArray(choices) && choices.length > 0)) return 'enum';
  if (description !== undefined && typeof description !== 'string') return 'description';
  if (properties !== undefined && !isObject(properties)) return 'properties';
  if (anyOf !== undefined && !(Array.isArray(anyOf) && anyOf.length > 0)) return 'anyOf';
  const below = [...Object.values(properties ?? {}), ...((anyOf as unknown[] | undefined) ?? []), ...(items === undefined ? [] : [items])];
  return below.map(faultOf).find((fault) => fault !== undefined);
}

export const everywhere: readonly Rule[] = [
  messagesAtAll,
  knownRoles,
  contentNotEmpty,
  contentIsText,
  callsNotEmpty,
  idsOnce,
  idsOfGoodLength,
  functionNames,
  namesOnce,
  choiceIsAmongTools,
  argumentsAreObjects,
  resultsBehindCalls,
  soundSchemas,
];

// --- here and there

export const shortIds: Rule = (body) => calls(body).some(({ id }) => id.length > 40) && "'id' string too long, maximum length 40";
export const wordIds: Rule = (body) =>
  calls(body).some(({ id }) => !/^[a-zA-Z0-9_-]+$/.test(id)) && 'tool_use.id: String should match pattern';
export const nineIds: Rule = (body) =>
  calls(body).some(({ id }) => !/^[a-zA-Z0-9]{9}$/.test(id)) && 'Tool call id must be a-z, A-Z, 0-9, with a length of 9';
export const systemAtFront: Rule = (body) => roles(body).lastIndexOf('system') > 0 && 'System message must be at the beginning';
export const noSystem: Rule = (body) => roles(body).includes('system') && 'System role not supported';
export const userFirst: Rule = (body) =>
  withoutSystem(body)[0]?.role !== 'user' && 'the first message (except the system message) must be a user message';
export const userAtAll: Rule = (body) => !roles(body).includes('user') && 'No user query found in messages';
export const noPrefill: Rule = (body) => body.messages.at(-1)?.role === 'assistant' && 'Expected last role User or Tool';
export const noTwoOfARole: Rule = (body) =>
  body.messages.some(({ role }, at) => role !== 'tool' && body.messages[at - 1]?.role === role) && 'successive messages of one role';
export const noUserAfterResults: Rule = (body) =>
  body.messages.some(({ role }, at) => role === 'user' && body.messages[at - 1]?.role === 'tool') &&
  "Unexpected role 'user' after role 'tool'";
export const callsNeedTools: Rule = (body) =>
  !body.tools?.length && (calls(body).length > 0 || roles(body).includes('tool')) && 'tools must be given where messages have calls';
export const noTools: Rule = (body) =>
  (calls(body).length > 0 || roles(body).includes('tool')) && 'Only user and assistant roles are supported!';
/** Mistral's template: users and assistants in turn, those with calls not counted. */
export const mistralTemplate: Rule = (body) =>
  withoutSystem(body)
    .filter((message) => message.role === 'user' || (message.role === 'assistant' && !hasCalls(message)))
    .some(({ role }, index) => (role === 'user') !== (index % 2 === 0)) &&
  'After the optional system message, conversation roles must alternate user/assistant/user/assistant/...';
/** Gemma's and the first Mistrals' template: strictly in turn, whatever they are. */
export const gemmaTemplate: Rule = (body) =>
  body.messages.some(({ role }, index) => (role === 'user') !== (index % 2 === 0)) &&
  'Conversation roles must alternate user/assistant/user/assistant/...';
export const llamaTemplate: Rule = (body) =>
  body.messages.some(({ tool_calls: list = [] }) => list.length > 1) && 'This model only supports single tool-calls at once!';
export const callAfterUserOrResult: Rule = (body) =>
  body.messages.some((message, at) => hasCalls(message) && !['user', 'tool'].includes(body.messages[at - 1]?.role ?? '')) &&
  'function call turn comes immediately after a user turn or after a function response turn';
export const namedResults: Rule = (body) =>
  body.messages.some(({ role, name }) => role === 'tool' && !name) && 'function_response.name: Name cannot be empty';
export const choiceIsAWord: Rule = (body) =>
  body.tool_choice !== undefined && typeof body.tool_choice !== 'string' && "Invalid tool_choice type: 'object'";
export const thoughtSignatures: Rule = (body) =>
  calls(body).some((call) => !call.extra_content?.google?.thought_signature) && 'Function call is missing a thought_signature';
export const reasoningBesideCalls: Rule = (body) =>
  body.messages.some((message) => hasCalls(message) && typeof message.reasoning_content !== 'string') && 'reasoning_content is missing';

const openApiWords = new Set(
  'type format title description nullable enum items properties required anyOf minimum maximum minItems maxItems minLength maxLength pattern'.split(
    ' ',
  ),
);
export const openApiSchemas: Rule = (body) => {
  const unknown = (schema: unknown): string | undefined => {
    if (!isObject(schema)) return 'Cannot find field';
    const word = Object.keys(schema).find((key) => !openApiWords.has(key));
    if (word !== undefined) return `Unknown name "${word}"`;
    const { type, properties, required, items, anyOf, enum: choices } = schema;
    if (type === undefined && anyOf === undefined) return 'type must be specified';
    if (type !== undefined && typeof type !== 'string') return 'Proto field is not repeating, cannot start list';
    if (type === 'array' && items === undefined) return 'items: missing field';
    if (type === 'object' && Object.keys(isObject(properties) ? properties : {}).length === 0)
      return 'properties: should be non-empty for OBJECT type';
    if (choices !== undefined && type !== 'string') return 'enum: only allowed for STRING type';
    const names = isObject(properties) ? Object.keys(properties) : [];
    if (Array.isArray(required) && required.some((name) => !names.includes(name as string))) return 'required: property is not defined';
    const below = [...(isObject(properties) ? Object.values(properties) : []), ...((anyOf as unknown[] | undefined) ?? [])];
    return [...below, ...(items === undefined ? [] : [items])].map(unknown).find((fault) => fault !== undefined);
  };
  for (const { function: about } of body.tools ?? []) {
    if (about.parameters === undefined) continue;
    const fault = unknown(about.parameters);
    if (fault) return fault;
  }
  return undefined;
};

export function refusals(body: RequestBody, rules: readonly Rule[]): string[] {
  return [...everywhere, ...rules].flatMap((rule) => rule(body) || []);
}
