// The servers Parley knows by name: where they are, which settings open them, what each refuses. Data only.
import { anthropicForm, deepseekForm, freeForm, geminiForm, mistralForm } from './message-form.ts';
import type { Dialect } from './openai-request.ts';

export interface ProviderRow extends Dialect {
  /** What stands before the first slash of a model's name. */
  readonly prefix: string;
  readonly alsoKnownAs?: readonly string[];
  readonly name: string;
  readonly baseUrl: string;
  /** `OPENAI` → OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL. */
  readonly settings: string;
  /** Further names of the key's setting. */
  readonly keySettings?: readonly string[];
  /** Runs on the operator's own machine: needs no key, can be found by itself. */
  readonly local?: boolean;
  /** Used when a session names no model; a local server's default is the first model it lists. */
  readonly defaultModel?: string;
  readonly modelAliases?: Readonly<Record<string, string>>;
  /** Headers for the list of models where a bearer token does not open it. */
  readonly listHeaders?: (apiKey: string) => Record<string, string>;
  /** Names that belong to this provider even without a prefix. */
  readonly bareModels?: RegExp;
}

/** Gateways and clients name the open models without their maker. */
const groqAliases = {
  'gpt-oss-120b': 'openai/gpt-oss-120b',
  'gpt-oss-20b': 'openai/gpt-oss-20b',
  'kimi-k2-instruct': 'moonshotai/kimi-k2-instruct',
  'llama-4-scout': 'meta-llama/llama-4-scout-17b-16e-instruct',
  'qwen3-32b': 'qwen/qwen3-32b',
};

export const providerTable: readonly ProviderRow[] = [
  {
    prefix: 'openai',
    name: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    settings: 'OPENAI',
    form: freeForm,
    defaultModel: 'gpt-4.1-mini',
    bareModels: /^(?:gpt-(?!oss)|o\d|chatgpt-)/,
  },
  {
    prefix: 'groq',
    name: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    settings: 'GROQ',
    defaultModel: 'openai/gpt-oss-120b',
    modelAliases: groqAliases,
    omit: ['logit_bias'],
    bareModels: /^(?:llama-3\.3-70b-versatile|llama-3\.1-8b-instant|gpt-oss-\d+b)$/,
  },
  {
    prefix: 'google-ai-studio',
    alsoKnownAs: ['google'],
    name: 'Google AI Studio',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    settings: 'GEMINI',
    form: geminiForm,
    keySettings: ['GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    defaultModel: 'gemini-2.5-flash',
    omit: ['parallel_tool_calls', 'frequency_penalty', 'presence_penalty', 'seed', 'logit_bias', 'user'],
    bareModels: /^gem(?:ini|ma)-/,
  },
  {
    prefix: 'anthropic',
    name: 'Anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    settings: 'ANTHROPIC',
    form: anthropicForm,
    defaultModel: 'claude-haiku-4-5',
    omit: ['reasoning_effort'],
    listHeaders: (apiKey) => ({ 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' }),
    bareModels: /^claude-/,
  },
  {
    prefix: 'mistral',
    name: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    settings: 'MISTRAL',
    form: mistralForm,
    defaultModel: 'mistral-small-latest',
    // Refuses what it does not know; it counts tokens without being asked.
    omit: ['stream_options', 'reasoning_effort', 'seed', 'logit_bias', 'user'],
    bareModels: /^(?:mistral|ministral|magistral|codestral|open-mistral|pixtral)-/,
  },
  {
    prefix: 'deepseek',
    name: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/v1',
    settings: 'DEEPSEEK',
    form: deepseekForm,
    defaultModel: 'deepseek-chat',
    bareModels: /^deepseek-/,
  },
  {
    prefix: 'xai',
    name: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    settings: 'XAI',
    form: freeForm,
    defaultModel: 'grok-4-fast-non-reasoning',
    bareModels: /^grok-/,
  },
  {
    prefix: 'openrouter',
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    settings: 'OPENROUTER',
    alsoTakes: ['repetition_penalty'],
    defaultModel: 'openai/gpt-4.1-mini',
  },
  {
    prefix: 'together',
    name: 'Together',
    baseUrl: 'https://api.together.xyz/v1',
    settings: 'TOGETHER',
    alsoTakes: ['repetition_penalty'],
    defaultModel: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
  },
  {
    prefix: 'fireworks',
    name: 'Fireworks',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    settings: 'FIREWORKS',
    alsoTakes: ['repetition_penalty'],
    defaultModel: 'accounts/fireworks/models/gpt-oss-120b',
  },
  {
    prefix: 'deepinfra',
    name: 'DeepInfra',
    baseUrl: 'https://api.deepinfra.com/v1/openai',
    settings: 'DEEPINFRA',
    alsoTakes: ['repetition_penalty'],
    keySettings: ['DEEPINFRA_TOKEN'],
    defaultModel: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
  },
  {
    prefix: 'cerebras',
    name: 'Cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    settings: 'CEREBRAS',
    defaultModel: 'gpt-oss-120b',
    omit: ['frequency_penalty', 'presence_penalty', 'logit_bias'],
  },
  { prefix: 'ollama', name: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1', settings: 'OLLAMA', local: true },
  { prefix: 'lmstudio', name: 'LM Studio', baseUrl: 'http://127.0.0.1:1234/v1', settings: 'LMSTUDIO', local: true },
  // Its own default, 8080, is Parley's.
  { prefix: 'llamacpp', name: 'llama.cpp', baseUrl: 'http://127.0.0.1:8081/v1', settings: 'LLAMACPP', local: true },
  { prefix: 'vllm', name: 'vLLM', baseUrl: 'http://127.0.0.1:8000/v1', settings: 'VLLM', local: true, alsoTakes: ['repetition_penalty'] },
];

/** Any other server: the operator gives its address. */
export const customRow: ProviderRow = {
  prefix: 'custom',
  name: 'Custom server',
  baseUrl: '',
  settings: 'PARLEY_LLM',
  // It may be a gateway of the operator's own, which chooses among models by it.
  alsoTakes: ['metadata', 'repetition_penalty'],
};

/** The provider that a model's name without a prefix belongs to: `claude-haiku-4-5` → `anthropic`. */
export function ownerOfBareModel(model: string): string | undefined {
  return providerTable.find((row) => row.bareModels?.test(model))?.prefix;
}
