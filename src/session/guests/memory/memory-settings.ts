// providerData.memory as it is kept: a client's own state is taken up, and the state that is shown is the one there is.
import { isRecord } from '../../../protocol/json.ts';
import { memoryDefaults, type MemorySettings, type MemoryState, type MemoryStatePatch } from '../../../protocol/provider-data/memory.ts';
import { readProviderData } from '../../../protocol/provider-data/provider-data.ts';
import type { SessionConfig } from '../../../protocol/session-config.ts';
import type { Core } from '../../core.ts';
import { bounded, contextText } from './memory-text.ts';

/** What it keeps: what is remembered beyond the prompts' items, while `providerData.memory` is enabled. */
interface Memory {
  /** Undefined: memory is off. */
  settings: MemorySettings | undefined;
  state: MemoryState;
  /** Whether any of the state was made in this session. */
  own: boolean;
  /** Items that the state stands for, and those of them that prompts do without. */
  condensed: string[];
  trimmed: string[];
  /** The order under way, with its items and whether more are waiting. */
  condensing: { order: number; items: readonly string[]; more: boolean; sinceMs: number } | undefined;
  orders: number;
  /** `state.total_turns` as it was when the last order was given. */
  triedAtTurn: number;
  /** The last order left something for another, at once. */
  more: boolean;
}

/** The guest's name, under which its slice is kept. */
export const name = 'memory';

export const own = (core: Core) => core.guests[name] as Memory;

const nothing: MemoryState = {
  version: 0,
  facts: [],
  summary: '',
  context_text: '',
  turns_since_gen: 0,
  total_turns: 0,
  items_trimmed: 0,
};

export function newMemory(state: MemoryState = nothing): Memory {
  return {
    settings: undefined,
    state: { ...state },
    own: false,
    condensed: [],
    trimmed: [],
    condensing: undefined,
    orders: 0,
    triedAtTurn: state.total_turns - state.turns_since_gen,
    more: false,
  };
}

/** The configuration as it is kept: a state the client has brought is taken up, and the state that is shown is the one there is. */
export function keepMemory(core: Core, next: SessionConfig): SessionConfig {
  const section = readProviderData(next.providerData).memory;
  if (next.type !== 'realtime' || section?.enabled !== true) {
    stopCondensing(core, 'unwanted');
    own(core).settings = undefined;
    return next;
  }
  const settings = settingsOf(section);
  const given = section.state;
  // A state once known is always shown: where there is none, the client has taken it away.
  const loaded = given ? whole(given, settings) : nothing;
  const slice = own(core);
  if (given ? isNews(slice, loaded) : isKnown(slice.state)) {
    stopCondensing(core, 'unwanted');
    Object.assign(slice, { ...newMemory(loaded), orders: slice.orders });
  }
  slice.settings = settings;
  slice.state.context_text = contextText(slice.state, settings.max_memory_length);
  return shown(slice, next);
}

function settingsOf(section: { [K in keyof MemorySettings]?: MemorySettings[K] | undefined }): MemorySettings {
  return {
    turn_interval: section.turn_interval ?? memoryDefaults.turn_interval,
    max_memory_length: section.max_memory_length ?? memoryDefaults.max_memory_length,
    max_transcript_items: section.max_transcript_items ?? memoryDefaults.max_transcript_items,
    max_facts: section.max_facts ?? memoryDefaults.max_facts,
    trim_after_summarize: section.trim_after_summarize ?? memoryDefaults.trim_after_summarize,
  };
}

function isKnown({ version, facts, summary, context_text }: MemoryState): boolean {
  return version > 0 || facts.length > 0 || summary !== '' || context_text !== '';
}

/**
 * Whether a state is not the one there is. A client that sends its whole configuration again, with the state it began with, does not undo
 * what was remembered since: an older version is passed over.
 */
function isNews({ state, own }: Memory, given: MemoryState): boolean {
  if (own && given.version < state.version) return false;
  const words = ({ version, summary, facts, context_text }: MemoryState) =>
    JSON.stringify([version, summary, facts, summary === '' && facts.length === 0 ? context_text : '']);
  return words(given) !== words(state);
}

function whole(given: MemoryStatePatch, settings: MemorySettings): MemoryState {
  const state = {
    version: given.version ?? 0,
    ...bounded({ summary: given.summary ?? '', facts: given.facts ?? [] }, settings),
    context_text: given.context_text ?? '',
    turns_since_gen: given.turns_since_gen ?? 0,
    total_turns: Math.max(given.total_turns ?? 0, given.turns_since_gen ?? 0),
    items_trimmed: given.items_trimmed ?? 0,
  };
  return { ...state, context_text: contextText(state, settings.max_memory_length) };
}

export function shown({ state }: Memory, config: SessionConfig): SessionConfig {
  const section = config.providerData?.memory;
  if (!isKnown(state) || !isRecord(section)) return config;
  return { ...config, providerData: { ...config.providerData, memory: { ...section, state: { ...state, facts: [...state.facts] } } } };
}

/** Nobody waits for the order under way any more. */
export function stopCondensing(core: Core, why: 'timeout' | 'unwanted'): void {
  const slice = own(core);
  if (!slice.condensing) return;
  slice.condensing = undefined;
  core.effects.push({ kind: 'memory.abort', why });
}
