// Context truncation (protocol 4.9): which of the conversation a model is still told when all of it would be more than it takes.
// Nothing is deleted: items that are left out of prompts can still be retrieved.
import type { Prompt, PromptTool, PromptTurn } from '../../protocol/prompt.ts';
import type { Core, OfferedTool } from '../core.ts';
import { memoryOf } from '../questions.ts';
import type { ResponseSettings } from '../state.ts';
import type { Entry } from './history.ts';
import { buildPrompt, imageLeftOut, turnsOf } from './prompt.ts';

/** Every turn has a frame around it: its role, and where it begins and ends. */
const turnTokens = 4;
/** What an image costs differs from model to model, from some 100 to some 1,500. */
const imageTokens = 1000;

type Fitted =
  /**
   * `tokens`: of all that the model is told. `leftOut`: how many items of the context it is not told; `newlyLeftOut`: those of the conversation
   * among them that prompts do without from here on, once this one is told.
   */
  { state: 'fits'; prompt: Prompt; tokens: number; leftOut: number; newlyLeftOut: readonly string[] } | TooLong;

export interface TooLong {
  state: 'too_long';
  tokens: number;
  most: number;
}

/** The prompt for a context, without its oldest items if need be; a prompt that cannot be made to fit is not written. */
export function fittedPrompt(core: Core, entries: readonly Entry[], settings: ResponseSettings, offered: readonly OfferedTool[]): Fitted {
  const { truncation } = core.config;
  // Items that a client lists itself, it wants told.
  const remembers = truncation !== 'disabled' && settings.input === undefined;
  const kept = remembers ? entries.filter((entry) => !entry.leftOut) : entries;
  const write = (told: readonly Entry[]): Prompt => ({ ...buildPrompt(told, settings, offered), ...memoryOf(core, settings) });
  const prompt = write(kept);
  const always = tokensBesides(prompt);
  const room = roomFor(core, always);
  const units = unitsOf(kept);
  const tokens = units.reduce((sum, unit) => sum + unit.tokens, 0);
  const fits = (fitted: Prompt, turnTokens: number, told: readonly Entry[], newlyLeftOut: readonly string[]): Fitted => ({
    state: 'fits',
    prompt: fitted,
    tokens: always + turnTokens - tokensOfLeftOutImages(told, fitted),
    leftOut: entries.length - told.length,
    newlyLeftOut,
  });
  if (tokens <= room) return fits(prompt, tokens, kept, []);
  const tooLong: Fitted = { state: 'too_long', tokens, most: Math.max(0, room) };
  if (truncation === 'disabled') return tooLong;
  const target = typeof truncation === 'object' ? Math.floor(room * truncation.retention_ratio) : room;
  const { dropped, left } = drop(units, tokens, target);
  if (left > room) return tooLong;
  // The next prompts begin where this one does, until they are too long again: so a provider's cache of the beginning holds.
  const newlyLeftOut = remembers && !settings.outOfBand ? [...dropped].map(({ item }) => item.id) : [];
  const rest = kept.filter((entry) => !dropped.has(entry));
  return fits(write(rest), left, rest, newlyLeftOut);
}

/** Tokens of instructions, memory and tools. */
function tokensBesides({ instructions, memory = '', tools }: Prompt): number {
  return tools.reduce((sum, tool) => sum + toolTokens(tool), textTokens(instructions) + textTokens(memory));
}

/** Tokens there are for the conversation itself, after those. */
function roomFor({ birth, config }: Core, always: number): number {
  const { truncation } = config;
  const window = birth.contextTokens - always;
  const limit = typeof truncation === 'object' ? truncation.token_limits?.post_instructions : undefined;
  return Math.min(window, limit ?? Number.POSITIVE_INFINITY);
}

/** Items that are told together or not at all. */
interface Unit {
  entries: Entry[];
  tokens: number;
}

/** A call and its result are one, and so are an approval request, the answer to it and the call it led to. */
function unitsOf(entries: readonly Entry[]): Unit[] {
  const turns = turnsOf(entries);
  const units = new Map<string, Unit>();
  entries.forEach((entry, index) => {
    const tokens = (turns[index] ?? []).reduce((sum, turn) => sum + tokensOf(turn), 0);
    const key = unitKey(entry);
    const unit = units.get(key);
    if (unit) {
      unit.entries.push(entry);
      unit.tokens += tokens;
    } else units.set(key, { entries: [entry], tokens });
  });
  return [...units.values()];
}

/** The same for items that are told together or not at all. */
export function unitKey({ item }: Entry): string {
  if (item.type === 'function_call' || item.type === 'function_call_output') return `call ${item.call_id}`;
  if (item.type === 'mcp_call' || item.type === 'mcp_approval_response') return `item ${item.approval_request_id ?? item.id}`;
  return `item ${item.id}`;
}

/** Takes units away, the oldest first, until no more than `target` is left; what the answer is to is never among them. */
function drop(units: readonly Unit[], tokens: number, target: number): { dropped: Set<Entry>; left: number } {
  const question = units.findLast(({ entries }) => entries.some(({ item }) => item.type === 'message' && item.role === 'user'));
  const dropped = new Set<Entry>();
  let left = tokens;
  for (const unit of units) {
    if (left <= target) break;
    if (unit === question || unit === units.at(-1) || isOpen(unit)) continue;
    left -= unit.tokens;
    for (const entry of unit.entries) dropped.add(entry);
  }
  return { dropped, left };
}

/** A call whose result, or a request whose answer, is still to come: that would mean nothing without it. */
function isOpen({ entries }: Unit): boolean {
  const has = (type: string) => entries.some(({ item }) => item.type === type);
  return (
    (has('function_call') && !has('function_call_output')) ||
    (has('mcp_approval_request') && !has('mcp_approval_response') && !has('mcp_call'))
  );
}

/** What the images would have taken that the prompt tells as left out: whether it fits is decided as if they were told. */
function tokensOfLeftOutImages(told: readonly Entry[], { turns }: Prompt): number {
  const given = told.reduce((sum, { item }) => sum + (item.type === 'message' ? imagesAmong(item.content) : 0), 0);
  const shown = turns.reduce((sum, turn) => sum + ('parts' in turn ? imagesAmong(turn.parts) : 0), 0);
  return (given - shown) * (imageTokens - textTokens(imageLeftOut));
}

function imagesAmong(parts: readonly { type: string }[]): number {
  return parts.filter(({ type }) => type === 'image' || type === 'input_image').length;
}

function tokensOf(turn: PromptTurn): number {
  switch (turn.role) {
    case 'system':
    case 'user':
      return turn.parts.reduce((sum, part) => sum + (part.type === 'text' ? textTokens(part.text) : imageTokens), turnTokens);
    case 'assistant':
      return turnTokens + textTokens(turn.text);
    case 'call':
      return turnTokens + textTokens(turn.name) + textTokens(turn.arguments);
    case 'result':
      return turnTokens + textTokens(turn.output);
  }
}

function toolTokens(tool: PromptTool): number {
  return turnTokens + textTokens(JSON.stringify(tool));
}

/**
 * An estimate, since every model has tokens of its own: a quarter of the UTF-8 bytes. That is four characters of English, two of Russian,
 * one and a third of Chinese.
 */
export function textTokens(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // A character outside the basic plane is two units here and four bytes there.
    if (code >= 0x80) bytes += code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return Math.ceil(bytes / 4);
}
