// What the rooms ask the guests, and what holds where none of them has a word to say.
import type { ClientItem, Item } from '../protocol/items.ts';
import type { SessionConfig } from '../protocol/session-config.ts';
import type { Entry } from './conversation/history.ts';
import type { Core, OfferedTool, Timing } from './core.ts';
import type { SpokenWord } from './facts.ts';
import type { McpToolName, Response, ResponseSettings } from './state.ts';

/** The settings as they are kept and shown: as the client has given them. */
export function keptSettings(core: Core, config: SessionConfig): SessionConfig {
  return core.features.reduce((next, guest) => guest.kept?.(core, next) ?? next, config);
}

/**
 * Every item of a client's may come.
 * @throws RealtimeError of a guest that does not take it.
 */
export function admitItem(core: Core, item: ClientItem): void {
  for (const guest of core.features) guest.admit?.(core, item);
}

/** Nothing delays a response. */
export function isDelayed(core: Core, settings: ResponseSettings): boolean {
  return core.features.some((guest) => guest.delays?.(core, settings) === true);
}

/** Prompts tell the whole conversation. */
export function toldEntries(core: Core): readonly Entry[] {
  return core.features.reduce<readonly Entry[]>((told, guest) => guest.contextOf?.(core, told) ?? told, core.conversation.entries);
}

/** Prompts have no memory. */
export function memoryOf(core: Core, settings: ResponseSettings): { memory?: string } {
  for (const guest of core.features) {
    const memory = guest.memoryOf?.(core, settings);
    if (memory !== undefined) return { memory };
  }
  return {};
}

/** There are no tools but the client's functions. */
export function offeredTools(core: Core, settings: ResponseSettings): OfferedTool[] {
  return core.features.flatMap((guest) => guest.toolsOf?.(core, settings) ?? []);
}

/** A call of a tool of which nobody knows anything needs the user's leave. */
export function needsApproval(core: Core, tool: McpToolName): boolean {
  for (const guest of core.features) {
    const needed = guest.needsApproval?.(core, tool);
    if (needed !== undefined) return needed;
  }
  return true;
}

/** Nobody is told when words are said. */
export function timingOf(
  core: Core,
  response: Response,
  words: readonly SpokenWord[] | undefined,
  before: SpokenWord | undefined,
): Timing | undefined {
  for (const guest of core.features) {
    const timing = guest.timingOf?.(core, response, words, before);
    if (timing) return timing;
  }
  return undefined;
}

/** No item is needed by anybody. */
export function isHeld(core: Core, item: Item): boolean {
  return core.features.some((guest) => guest.holds?.(core, item) === true);
}
