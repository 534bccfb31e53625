// A router's message templates and generation config, put into what a model is asked (docs.inworld.ai/router/usage/prompt-variables): the templates come
// first, and the conversation follows them. What the client asked for by itself wins over the router's settings.
import type { OnBehalf, Prompt, PromptTurn } from '../../../protocol/prompt.ts';
import type { LlmOptions } from '../../engine.ts';
import type { MessageTemplate, TextGenerationConfig } from './router-schema.ts';

type Variables = Pick<OnBehalf, 'metadata' | 'promptVariables'>;

const placeholder = /\{\{\s*([A-Za-z_][\w.-]{0,127})\s*\}\}/g;

/** The text with its `{{names}}` filled in; a name that nobody gave stays as it is. */
function filled(text: string, { metadata, promptVariables }: Variables): string {
  return text.replace(placeholder, (whole, name: string) => {
    const value = own(promptVariables, name) ?? own(metadata, name);
    return value === undefined ? whole : String(value);
  });
}

function own<V>(map: Readonly<Record<string, V>> | undefined, name: string): V | undefined {
  return map && Object.hasOwn(map, name) ? map[name] : undefined;
}

/** Names in the templates that nobody gave. */
export function unfilledNames(templates: readonly MessageTemplate[], variables: Variables): string[] {
  const names = templates.flatMap(({ text }) => [...filled(text, variables).matchAll(placeholder)].map(([, name]) => name ?? ''));
  return [...new Set(names)];
}

/** What of the templates comes before any other message than the system's is told with the instructions, before them. */
export function withTemplates(prompt: Prompt, templates: readonly MessageTemplate[], variables: Variables): Prompt {
  if (templates.length === 0) return prompt;
  const others = templates.findIndex(({ role }) => role !== 'system');
  const leading = others === -1 ? templates : templates.slice(0, others);
  const instructions = [...leading.map(({ text }) => filled(text, variables)), prompt.instructions]
    .filter((text) => text !== '')
    .join('\n\n');
  const turns = templates.slice(leading.length).flatMap((template) => turnsOf(template, variables));
  return { ...prompt, instructions, turns: [...turns, ...prompt.turns] };
}

function turnsOf({ role, text, toolCalls, toolCallId }: MessageTemplate, variables: Variables): PromptTurn[] {
  const said = filled(text, variables);
  switch (role) {
    case 'system':
    case 'user':
      return [{ role, parts: [{ type: 'text', text: said }] }];
    case 'assistant':
      return [
        ...(said === '' ? [] : [{ role, text: said, interrupted: false } as const]),
        ...toolCalls.map(({ id, name, args }) => ({ role: 'call', callId: id, name, arguments: filled(args, variables) }) as const),
      ];
    case 'tool':
      return [{ role: 'result', callId: toolCallId ?? '', output: said }];
  }
}

export function withGeneration(options: LlmOptions, config: TextGenerationConfig | undefined): LlmOptions {
  if (!config) return options;
  const { temperature = config.temperature, maxOutputTokens = config.maxTokens, reasoningEffort = config.reasoningEffort } = options;
  return {
    ...options,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(reasoningEffort === undefined ? {} : { reasoningEffort }),
    sampling: { ...given(config.sampling), ...given(options.sampling ?? {}) },
  };
}

/** Without the fields that are undefined, by which a spread would take away what it should leave. */
function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
