// The servers Parley knows by name: where they are, which settings open them, what each takes and refuses, and where that is written. Data only.
import { deepseekForm, freeForm, geminiForm, mistralForm } from './message-form.ts';
import type { Dialect } from './openai-request.ts';
import {
  cerebrasEfforts,
  deepseekEfforts,
  fireworksEfforts,
  geminiEfforts,
  groqEfforts,
  llamaCppEfforts,
  mistralEfforts,
  ollamaEfforts,
  openAiEfforts,
  openModelEfforts,
  vllmEfforts,
  xaiEfforts,
} from './reasoning-effort.ts';

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
  /** Speaks Anthropic's API; all others speak OpenAI's. */
  readonly api?: 'anthropic';
  /** Names that belong to this provider even without a prefix. */
  readonly bareModels?: RegExp;
  /** The pages that the row was written from; docs/providers.md shows them, with what they leave open. */
  readonly source: readonly string[];
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
    // What their page of deprecations names in the place of gpt-4.1-mini, which ends in January 2027.
    defaultModel: 'gpt-6-luna',
    tokenLimit: 'max_completion_tokens',
    efforts: openAiEfforts,
    conversation: { field: 'prompt_cache_key' },
    bareModels: /^(?:gpt-(?!oss)|o\d|chatgpt-)/,
    source: [
      'https://developers.openai.com/api/docs/guides/prompt-caching',
      'https://developers.openai.com/api/docs/guides/deployment-checklist',
      'https://github.com/openai/openai-node/blob/main/src/resources/chat/completions/completions.ts',
    ],
  },
  {
    prefix: 'groq',
    name: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    settings: 'GROQ',
    defaultModel: 'openai/gpt-oss-120b',
    modelAliases: groqAliases,
    // "Not yet supported by any of our models", or an error.
    omit: ['logit_bias', 'frequency_penalty', 'presence_penalty'],
    tokenLimit: 'max_completion_tokens',
    efforts: groqEfforts,
    bareModels: /^(?:llama-3\.3-70b-versatile|llama-3\.1-8b-instant|gpt-oss-\d+b)$/,
    source: [
      'https://console.groq.com/docs/openai',
      'https://console.groq.com/docs/reasoning',
      'https://console.groq.com/docs/prompt-caching',
      'https://github.com/groq/groq-typescript/blob/main/src/resources/chat/completions.ts',
    ],
  },
  {
    prefix: 'google-ai-studio',
    alsoKnownAs: ['google'],
    name: 'Google AI Studio',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    settings: 'GEMINI',
    form: geminiForm,
    keySettings: ['GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    // Answers for gemini-2.5-flash, too, from December 2026 on.
    defaultModel: 'gemini-3.5-flash-lite',
    omit: ['parallel_tool_calls', 'frequency_penalty', 'presence_penalty', 'seed', 'logit_bias', 'user'],
    efforts: geminiEfforts,
    bareModels: /^gem(?:ini|ma)-/,
    source: ['https://ai.google.dev/gemini-api/docs/openai', 'https://ai.google.dev/gemini-api/docs/deprecations'],
  },
  {
    prefix: 'anthropic',
    name: 'Anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    settings: 'ANTHROPIC',
    api: 'anthropic',
    defaultModel: 'claude-haiku-5-5',
    bareModels: /^claude-/,
    source: [
      'https://platform.claude.com/docs/en/build-with-claude/prompt-caching',
      'https://platform.claude.com/docs/en/build-with-claude/streaming',
      'https://platform.claude.com/docs/en/build-with-claude/thinking',
      'https://platform.claude.com/docs/en/models/haiku-5-5/migration-guide',
      'https://platform.claude.com/docs/en/models/sonnet-5-5/migration-guide',
      'https://github.com/anthropics/anthropic-sdk-typescript/blob/main/src/resources/messages/messages.ts',
    ],
  },
  {
    prefix: 'mistral',
    name: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    settings: 'MISTRAL',
    form: mistralForm,
    defaultModel: 'mistral-small-latest',
    // Refuses what it does not know; it counts tokens without being asked.
    omit: ['stream_options', 'logit_bias', 'user'],
    rename: { seed: 'random_seed' },
    maxTemperature: 1.5,
    efforts: mistralEfforts,
    conversation: { field: 'prompt_cache_key' },
    bareModels: /^(?:mistral|ministral|magistral|codestral|open-mistral|pixtral)-/,
    source: [
      'https://docs.mistral.ai/studio-api/conversations/advanced/prompt-caching',
      'https://docs.mistral.ai/capabilities/reasoning/adjustable',
      'https://github.com/mistralai/client-ts/blob/main/src/models/components/chatcompletionstreamrequest.ts',
    ],
  },
  {
    prefix: 'deepseek',
    name: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/v1',
    settings: 'DEEPSEEK',
    form: deepseekForm,
    // deepseek-chat was withdrawn in July 2026; this is the one model that their pages name beside an older one.
    defaultModel: 'deepseek-flash',
    efforts: deepseekEfforts,
    bareModels: /^deepseek-/,
    source: ['https://api-docs.deepseek.com/guides/thinking_mode', 'https://api-docs.deepseek.com/api/create-chat-completion'],
  },
  {
    prefix: 'xai',
    name: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    settings: 'XAI',
    form: freeForm,
    // "`grok-4.3` with \"none\" reasoning effort" takes the place of grok-4-fast-non-reasoning.
    defaultModel: 'grok-4.3',
    // Reasoning models refuse these.
    omit: ['frequency_penalty', 'presence_penalty', 'stop'],
    efforts: xaiEfforts,
    conversation: { header: 'x-grok-conv-id' },
    bareModels: /^grok-/,
    source: [
      'https://docs.x.ai/developers/advanced-api-usage/prompt-caching/maximizing-cache-hits',
      'https://docs.x.ai/docs/migration/may-15-retirement',
      'https://docs.x.ai/developers/model-capabilities/text/reasoning',
    ],
  },
  {
    prefix: 'openrouter',
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    settings: 'OPENROUTER',
    alsoTakes: ['repetition_penalty'],
    defaultModel: 'openai/gpt-6-luna',
    tokenLimit: 'max_completion_tokens',
    // Other makers' models may refuse any word of it ("Reasoning is mandatory for this endpoint and cannot be disabled").
    efforts: [...openAiEfforts, ...openModelEfforts],
    conversation: { field: 'session_id' },
    asksForCache: /^anthropic\//,
    source: [
      'https://openrouter.ai/docs/guides/best-practices/prompt-caching',
      'https://openrouter.ai/docs/use-cases/reasoning-tokens',
      'https://github.com/OpenRouterTeam/typescript-sdk/blob/main/src/models/chatrequest.ts',
    ],
  },
  {
    prefix: 'together',
    name: 'Together',
    baseUrl: 'https://api.together.xyz/v1',
    settings: 'TOGETHER',
    alsoTakes: ['repetition_penalty'],
    maxTemperature: 1,
    efforts: openModelEfforts,
    defaultModel: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
    source: ['https://github.com/togethercomputer/together-typescript/blob/main/src/resources/chat/completions.ts'],
  },
  {
    prefix: 'fireworks',
    name: 'Fireworks',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    settings: 'FIREWORKS',
    alsoTakes: ['repetition_penalty'],
    defaultModel: 'accounts/fireworks/models/gpt-oss-120b',
    efforts: fireworksEfforts,
    conversation: { header: 'x-session-affinity' },
    source: ['https://docs.fireworks.ai/guides/prompt-caching', 'https://docs.fireworks.ai/guides/reasoning'],
  },
  {
    prefix: 'deepinfra',
    name: 'DeepInfra',
    baseUrl: 'https://api.deepinfra.com/v1/openai',
    settings: 'DEEPINFRA',
    alsoTakes: ['repetition_penalty'],
    keySettings: ['DEEPINFRA_TOKEN'],
    efforts: openModelEfforts,
    defaultModel: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
    source: ['https://deepinfra.com/docs/openai_api'],
  },
  {
    prefix: 'cerebras',
    name: 'Cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    settings: 'CEREBRAS',
    defaultModel: 'gpt-oss-120b',
    omit: ['frequency_penalty', 'presence_penalty', 'logit_bias'],
    tokenLimit: 'max_completion_tokens',
    efforts: cerebrasEfforts,
    conversation: { field: 'prompt_cache_key' },
    source: [
      'https://inference-docs.cerebras.ai/capabilities/prompt-caching',
      'https://inference-docs.cerebras.ai/capabilities/reasoning',
      'https://github.com/Cerebras/cerebras-cloud-sdk-node/blob/main/src/resources/chat/completions.ts',
    ],
  },
  {
    prefix: 'ollama',
    name: 'Ollama',
    baseUrl: 'http://127.0.0.1:11434/v1',
    settings: 'OLLAMA',
    local: true,
    efforts: ollamaEfforts,
    source: ['https://docs.ollama.com/api/openai-compatibility'],
  },
  {
    prefix: 'lmstudio',
    name: 'LM Studio',
    baseUrl: 'http://127.0.0.1:1234/v1',
    settings: 'LMSTUDIO',
    local: true,
    source: ['https://lmstudio.ai/docs/developer/openai-compat'],
  },
  {
    prefix: 'llamacpp',
    name: 'llama.cpp',
    // Its own default, 8080, is Parley's.
    baseUrl: 'http://127.0.0.1:8081/v1',
    settings: 'LLAMACPP',
    local: true,
    efforts: llamaCppEfforts,
    source: ['https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md'],
  },
  {
    prefix: 'vllm',
    name: 'vLLM',
    baseUrl: 'http://127.0.0.1:8000/v1',
    settings: 'VLLM',
    local: true,
    alsoTakes: ['repetition_penalty'],
    efforts: vllmEfforts,
    source: ['https://docs.vllm.ai/en/stable/features/reasoning_outputs/'],
  },
];

/** Any other server: the operator gives its address. */
export const customRow: ProviderRow = {
  prefix: 'custom',
  name: 'Custom server',
  baseUrl: '',
  settings: 'PARLEY_LLM',
  // It may be a gateway of the operator's own, which chooses among models by it.
  alsoTakes: ['metadata', 'repetition_penalty'],
  source: [],
};

/** The provider that a model's name without a prefix belongs to: `claude-haiku-5-5` → `anthropic`. */
export function ownerOfBareModel(model: string): string | undefined {
  return providerTable.find((row) => row.bareModels?.test(model))?.prefix;
}
