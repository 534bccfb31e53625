// What this server serves, as far as sessions ask: an event of a client comes to its session with the answers to what it names.
import type { ClientEvent, ResponseParams } from '../protocol/client-events.ts';
import { readProviderData } from '../protocol/provider-data/provider-data.ts';
import type { SessionPatch, Tool } from '../protocol/session-config.ts';
import type { StoredPrompt } from '../protocol/stored-prompt.ts';
import type { Known, KnownPrompt } from '../session/known.ts';

/** All answers are immediate. */
export interface Catalogue {
  /** Each says whether an id is served, and by which spelling the shell knows it. */
  hasLlm(id: string): boolean;
  hasStt(id: string): boolean;
  hasTts(id: string): boolean;
  hasVoice(id: string): boolean;
  /** Whether the session has a server of tools of that name on board (`connector_id`). */
  hasConnector(id: string): boolean;
  /** Ids that are served and look like one that is not. */
  nearest(kind: 'llm' | 'stt' | 'tts' | 'voice', id: string): readonly string[];
  /** The text of a stored prompt; without a version, of its newest. */
  prompt(id: string, version: string | undefined): string | undefined;
}

/** What there is to know of the ids and prompts that an event names; undefined where it names none, or all of them are served. */
export function knownOf(catalogue: Catalogue, event: ClientEvent): Known | undefined {
  if (event.type === 'session.update') return knownOfSession(catalogue, event.session);
  return event.type === 'response.create' && event.response ? knownOfResponse(catalogue, event.response) : undefined;
}

export function knownOfSession(catalogue: Catalogue, { model, audio, providerData, prompt, tools }: SessionPatch): Known | undefined {
  const { backchannel, responsiveness, fallback } = readProviderData(providerData);
  return known(
    catalogue,
    [
      ['llm', model],
      ['llm', backchannel?.small_model],
      ['llm', responsiveness?.small_model],
      ['stt', audio?.input?.transcription?.model],
      ['tts', audio?.output?.model],
      ['voice', audio?.output?.voice],
      ...(['llm', 'stt', 'tts'] as const).flatMap((kind) => (fallback?.[kind] ?? []).map((id) => [kind, id] as const)),
      ...connectorsOf(tools),
    ],
    prompt,
  );
}

function knownOfResponse(catalogue: Catalogue, { audio, prompt, tools }: ResponseParams): Known | undefined {
  return known(catalogue, [['voice', audio?.output?.voice], ...connectorsOf(tools)], prompt);
}

function connectorsOf(tools: readonly Tool[] | null | undefined): (readonly [Kind, string | undefined])[] {
  return (tools ?? []).map((tool) => ['connector', tool.type === 'mcp' ? tool.connector_id : undefined]);
}

type Kind = Known['unserved'][number]['kind'];

function known(
  catalogue: Catalogue,
  named: readonly (readonly [Kind, string | null | undefined])[],
  prompt: StoredPrompt | null | undefined,
): Known | undefined {
  const unserved = named.flatMap(([kind, id]) => (id && !serves(catalogue, kind, id) ? unservedId(catalogue, kind, id) : []));
  if (unserved.length === 0 && !prompt) return undefined;
  return { unserved, ...(prompt && { prompt: knownPrompt(catalogue, prompt) }) };
}

function unservedId(catalogue: Catalogue, kind: Kind, id: string): Known['unserved'][number] {
  const nearest = kind === 'connector' ? [] : catalogue.nearest(kind, id);
  return nearest.length === 0 ? { kind, id } : { kind, id, nearest };
}

function serves(catalogue: Catalogue, kind: Kind, id: string): boolean {
  switch (kind) {
    case 'llm':
      return catalogue.hasLlm(id);
    case 'stt':
      return catalogue.hasStt(id);
    case 'tts':
      return catalogue.hasTts(id);
    case 'voice':
      return catalogue.hasVoice(id);
    case 'connector':
      return catalogue.hasConnector(id);
  }
}

function knownPrompt(catalogue: Catalogue, { id, version }: StoredPrompt): KnownPrompt {
  const text = catalogue.prompt(id, version ?? undefined);
  if (text !== undefined) return { state: 'found', text };
  return { state: version != null && catalogue.prompt(id, undefined) !== undefined ? 'no_version' : 'no_prompt' };
}
