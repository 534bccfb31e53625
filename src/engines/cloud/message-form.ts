// Which sequences of messages, and which tools beside them, a chat completions server accepts. Facts about providers and models, with where each
// is known from; chat-messages.ts and openai-request.ts write a request accordingly.

export interface MessageForm {
  /** Where system messages are accepted: `anywhere`, one at the `front`, or `nowhere` (their text then stands in the first user message). */
  readonly system: 'anywhere' | 'front' | 'nowhere';
  /** `alternating`: a user message first, then user and assistant in turn, and no assistant message at the end. */
  readonly order: 'free' | 'alternating';
  /** Whether a user message may follow tool results, without an assistant message between them. */
  readonly userAfterResults: 'accepted' | 'refused';
  /** How many calls one assistant message may have. */
  readonly callsPerMessage: 'many' | 'one';
  /** `beside tools`: only in a request that offers tools. Calls that cannot be sent as calls are told in words. */
  readonly calls: 'always' | 'beside tools' | 'never';
  /** The ids of calls that are accepted as they are; others are replaced. */
  readonly callIds: RegExp;
  /** Further fields that every call of the history must have. */
  readonly callFields?: Readonly<Record<string, unknown>>;
  /** Further fields that every assistant message with calls must have. */
  readonly callMessageFields?: Readonly<Record<string, unknown>>;
  /** Whether a result must name its function beside its call. */
  readonly resultNames: 'left out' | 'demanded';
  /** Whether `tool_choice` may name a function; where it may not, that function is the only one offered, and a call is required. */
  readonly namedChoice: 'accepted' | 'refused';
  /** `openapi`: schemas of tools may use only the words of OpenAPI 3.0. */
  readonly toolSchemas: 'json schema' | 'openapi';
}

/** OpenAI refuses call ids of more than 40 characters ("string too long"); xAI's documentation says that roles may come in any order. */
export const freeForm: MessageForm = {
  system: 'anywhere',
  order: 'free',
  userAfterResults: 'accepted',
  callsPerMessage: 'many',
  calls: 'always',
  callIds: /^[\w.:-]{1,40}$/,
  resultNames: 'left out',
  namedChoice: 'accepted',
  toolSchemas: 'json schema',
};

/**
 * Anthropic (platform.claude.com, "Messages"; anthropic-request.ts writes the messages in its own words): what the system says stands before the
 * messages, `messages.0` must be the user's, "text content blocks must be non-empty", tool_use ids match ^[a-zA-Z0-9_-]+$, calls need the `tools`
 * parameter, and newer models refuse an assistant message at the end ("prefill").
 */
export const anthropicForm: MessageForm = {
  system: 'front',
  order: 'alternating',
  userAfterResults: 'accepted',
  callsPerMessage: 'many',
  calls: 'beside tools',
  callIds: /^[a-zA-Z0-9_-]{1,40}$/,
  resultNames: 'left out',
  namedChoice: 'accepted',
  toolSchemas: 'json schema',
};

/**
 * Gemini: "contents is not specified" for a system message alone; "function call turn comes immediately after a user turn or after a function
 * response turn" (google-gemini/gemini-cli#11814); as many responses as calls (microsoft/vscode#299295);
 * "function_response.name: Name cannot be empty" (vectorize-io/hindsight#187); "Unknown name \"additionalProperties\"" and other words of JSON
 * Schema (zed-industries/zed#44875).
 */
export const geminiForm: MessageForm = {
  system: 'front',
  order: 'alternating',
  userAfterResults: 'accepted',
  callsPerMessage: 'many',
  calls: 'always',
  callIds: /^[\w.:-]{1,40}$/,
  resultNames: 'demanded',
  namedChoice: 'accepted',
  toolSchemas: 'openapi',
};

/**
 * Mistral: "Unexpected role 'user' after role 'tool'" (avante-corp/avante.nvim#2562), the same for the system's, "Expected last role User or
 * Tool", "Tool call id … must be a-z, A-Z, 0-9, with a length of 9" (langchain-ai/langchain#24668).
 */
export const mistralForm: MessageForm = {
  system: 'front',
  order: 'alternating',
  userAfterResults: 'refused',
  callsPerMessage: 'many',
  calls: 'always',
  callIds: /^[a-zA-Z0-9]{9}$/,
  resultNames: 'left out',
  namedChoice: 'accepted',
  toolSchemas: 'json schema',
};

/**
 * DeepSeek: "The first message (except the system message) … must be a user message" (ChatGPTNextWeb/NextChat#6343), no successive messages
 * of one role (gptme/gptme#410), results directly behind their calls (gptme/gptme#3421). Its thinking models demand `reasoning_content`
 * beside calls, and take an empty one (vectorize-io/hindsight#1253).
 */
export const deepseekForm: MessageForm = {
  system: 'front',
  order: 'alternating',
  userAfterResults: 'accepted',
  callsPerMessage: 'many',
  calls: 'always',
  callIds: /^[a-zA-Z0-9_-]{1,40}$/,
  callMessageFields: { reasoning_content: '' },
  resultNames: 'left out',
  namedChoice: 'accepted',
  toolSchemas: 'json schema',
};

/**
 * What every chat template accepts, for servers that run open models of any maker, for gateways, and for servers nobody knows. Over Mistral's
 * rules (vllm-project/vllm#6862): "System message must be at the beginning" and "No user query found" (Qwen 3.5; ggml-org/llama.cpp#20733),
 * "This model only supports single tool-calls at once" (Llama 3; vllm-project/vllm#12937), no tool messages where no tools are;
 * "Invalid tool_choice type: 'object'" (LM Studio; lmstudio-ai/lmstudio-bug-tracker#670).
 *
 * A good model loses little by it: a later system message keeps its place and its words, though it is the user's message that says them, and
 * parallel calls are shown one after the other. Not here: the instructions as the user's own words, which would weigh less for all; that
 * goes by the model (below).
 */
export const strictestForm: MessageForm = { ...mistralForm, callsPerMessage: 'one', calls: 'beside tools', namedChoice: 'refused' };

/** What a model's template demands wherever it is served, by its name. */
const families: readonly { readonly models: RegExp; readonly form: Partial<MessageForm> }[] = [
  // "System role not supported"; "Developer instruction is not enabled" at Google's. Gemma 3's own template writes the system text into the
  // first user message, too. None of these has a role for tools. Gemma 4 has both.
  { models: /gemma(?!-?[4-9](?![\d.]*b))/i, form: { system: 'nowhere', calls: 'never' } },
  { models: /(?:mixtral-8x\d+b|mistral-7b)-instruct-v0\.[12]/i, form: { system: 'nowhere', calls: 'never' } },
  // Its template writes the ids of calls into the text that the model reads, and the model knows `functions.name:0` only.
  { models: /kimi/i, form: { callIds: /^[\w.:-]{1,64}$/ } },
  // "Function call is missing a thought_signature"; ai.google.dev, "Thought signatures", names this value for calls that have none.
  {
    models: /gemini-(?:[3-9]|\d\d)/i,
    form: { callFields: { extra_content: { google: { thought_signature: 'skip_thought_signature_validator' } } } },
  },
];

/** The form for one model of a provider. */
export function formFor(model: string, form: MessageForm): MessageForm {
  return Object.assign({}, form, ...families.filter(({ models }) => models.test(model)).map(({ form: own }) => own));
}
