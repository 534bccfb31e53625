// providerData.memory: when the conversation is condensed, what the result replaces, and how a client's own state is taken up. Never on the
// way of an answer: an order is given when one has ended, and an answer that begins meanwhile is written from what there was.
import type { Item } from '../../../protocol/items.ts';
import type { Entry } from '../../conversation/history.ts';
import { buildPrompt } from '../../conversation/prompt.ts';
import { type Core, type Guest, send } from '../../core.ts';
import type { FactOf } from '../../facts.ts';
import { isAnswerWanted } from '../../response/wants.ts';
import { sessionObject } from '../../settings/settings.ts';
import { keepMemory, name, newMemory, own, shown, stopCondensing } from './memory-settings.ts';
import { bounded, condensePrompt, contextText, saidIn } from './memory-text.ts';

export const memory: Guest = {
  name,
  begin: () => newMemory(),
  on: {
    'memory.condensed': onCondensed,
    'memory.failed': onNotCondensed,
    'item.given': (core, { entry: { item } }) => {
      if (item.type === 'message' && item.role === 'user') countTurn(core);
    },
    'item.removed': (core, { item }) => leaveOutRemoved(core, item),
    'session.expired': (core) => stopCondensing(core, 'unwanted'),
  },
  afterStep: (core) => {
    const { condensing } = own(core);
    if (condensing && core.now >= condensing.sinceMs + condensingMs) stopCondensing(core, 'timeout');
    condenseWhenDue(core);
  },
  wakeAt: (core) => {
    const { condensing } = own(core);
    return condensing && condensing.sinceMs + condensingMs;
  },
  kept: keepMemory,
  contextOf: untrimmed,
  memoryOf: remembered,
};

/** A model that takes longer is given up; the next interval tries again. */
const condensingMs = 30_000;
/** The user's last turns, with what answered them, stay in prompts word for word: "that one" needs something to point at. */
const keptTurns = 2;

/** The user has said something. */
function countTurn(core: Core): void {
  const { settings, state } = own(core);
  if (!settings) return;
  state.turns_since_gen += 1;
  state.total_turns += 1;
}

/** Gives the order as soon as it is due and what was given to the conversation has had its answer, whatever became of it. */
function condenseWhenDue(core: Core): void {
  const { conversation, lastEnded } = core;
  const slice = own(core);
  const { settings, state } = slice;
  if (!settings || slice.condensing || core.active || isAnswerWanted(core)) return;
  if (!slice.more && state.total_turns - slice.triedAtTurn < settings.turn_interval) return;
  if (lastEnded?.itemsGiven !== conversation.itemsGiven) return;
  slice.triedAtTurn = state.total_turns;
  slice.more = false;
  const ready = readyEntries(core);
  const entries = ready.slice(0, settings.max_transcript_items);
  const { turns } = buildPrompt(entries, { instructions: '', tools: [], toolChoice: 'none' }, []);
  if (turns.length === 0) {
    slice.condensed.push(...entries.map(idOf));
    return;
  }
  slice.orders += 1;
  const order = slice.orders;
  slice.condensing = { order, items: entries.map(idOf), more: ready.length > entries.length, sinceMs: core.now };
  const known = { summary: state.summary, facts: state.facts };
  const prompt = condensePrompt(known, turns, settings);
  const { model } = core.config;
  core.effects.push({ kind: 'memory.condense', order, model, prompt, known, said: saidIn(turns), mostFacts: settings.max_facts });
}

function idOf({ item }: Entry): string {
  return item.id;
}

/** What has not been condensed yet, the oldest first, up to words that are still being recognised. */
function readyEntries(core: Core): Entry[] {
  const condensed = new Set(own(core).condensed);
  const fresh = core.conversation.entries.filter((entry) => !condensed.has(idOf(entry)));
  const end = fresh.findIndex(({ transcript }) => transcript.state === 'pending');
  return end < 0 ? fresh : fresh.slice(0, end);
}

function onCondensed(core: Core, fact: FactOf<'memory.condensed'>): void {
  const slice = own(core);
  const { condensing, settings, state } = slice;
  if (!settings || condensing?.order !== fact.order) return;
  slice.condensing = undefined;
  slice.more = condensing.more;
  slice.own = true;
  slice.condensed.push(...condensing.items);
  const next = { ...state, ...bounded({ summary: fact.summary ?? state.summary, facts: fact.facts ?? state.facts }, settings) };
  next.version += 1;
  next.turns_since_gen = next.total_turns - slice.triedAtTurn;
  if (settings.trim_after_summarize) next.items_trimmed += trim(core);
  next.context_text = contextText({ ...next, context_text: '' }, settings.max_memory_length);
  slice.state = next;
  core.config = shown(slice, core.config);
  send(core, { type: 'session.updated', session: sessionObject(core) });
}

function onNotCondensed(core: Core, { order }: FactOf<'memory.failed'>): void {
  const slice = own(core);
  if (slice.condensing?.order === order) slice.condensing = undefined;
}

/** What the client deletes is not to be remembered: an order with it in it is given anew, without it. */
function leaveOutRemoved(core: Core, item: string): void {
  const slice = own(core);
  slice.condensed = slice.condensed.filter((id) => id !== item);
  slice.trimmed = slice.trimmed.filter((id) => id !== item);
  if (!slice.condensing?.items.includes(item)) return;
  stopCondensing(core, 'unwanted');
  slice.more = true;
}

/** Takes what the summary stands for out of future prompts, and says how many items that were. */
function trim(core: Core): number {
  const slice = own(core);
  const { entries } = core.conversation;
  const turns = entries.filter(({ item }) => item.type === 'message' && item.role === 'user');
  const kept = turns.at(-keptTurns);
  const cut = kept && turns.length > keptTurns ? entries.indexOf(kept) : 0;
  const condensed = new Set(slice.condensed);
  const trimmed = new Set(slice.trimmed);
  const isOld = (entry: Entry) => condensed.has(idOf(entry)) && !trimmed.has(idOf(entry)) && mayGo(entry);
  const old = new Set(entries.slice(0, cut).filter(isOld));
  // Calls and their results, requests and their answers go together, or stay together; one that still waits for its other half stays.
  const together = new Map<string, Entry[]>();
  for (const entry of entries) {
    const link = linkOf(entry.item);
    if (link !== undefined) together.set(link, [...(together.get(link) ?? []), entry]);
  }
  for (const group of together.values()) {
    if (group.length > 1 && group.every((entry) => old.has(entry) || trimmed.has(idOf(entry)))) continue;
    for (const entry of group) old.delete(entry);
  }
  slice.trimmed.push(...[...old].map(idOf));
  return old.size;
}

/** What the application has told the model is no talk to be summed up; lists of tools are in no prompt anyway. */
function mayGo({ item }: Entry): boolean {
  return item.type !== 'mcp_list_tools' && !(item.type === 'message' && item.role === 'system');
}

function linkOf(item: Item): string | undefined {
  switch (item.type) {
    case 'function_call':
    case 'function_call_output':
      return item.call_id;
    case 'mcp_approval_request':
      return item.id;
    case 'mcp_approval_response':
      return item.approval_request_id;
    case 'mcp_call':
      return item.approval_request_id ?? undefined;
    case 'message':
    case 'mcp_list_tools':
      return undefined;
  }
}

/** The conversation as prompts hold it: without what memory stands for. */
function untrimmed(core: Core, entries: readonly Entry[]): readonly Entry[] {
  const { settings, trimmed: all } = own(core);
  if (!settings || all.length === 0) return entries;
  const trimmed = new Set(all);
  return entries.filter((entry) => !trimmed.has(idOf(entry)));
}

/** What a prompt tells of the memory; nothing to a response that brings a context of its own. */
function remembered(core: Core, { input }: { input: unknown }): string | undefined {
  const { settings, state } = own(core);
  return settings && input === undefined && state.context_text !== '' ? state.context_text : undefined;
}
