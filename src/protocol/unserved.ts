// What is known, accepted and shown, and changes nothing here: the log names it, once in the life of a session.
import { readProviderData } from './provider-data/provider-data.ts';
import type { SessionConfig, Tool } from './session-config.ts';

/** Whether a session asks for the field. */
const withoutEffect: Readonly<Record<string, (config: SessionConfig) => boolean>> = {
  'session.tracing': ({ tracing }) => tracing !== null,
  'session.audio.input.transcription.delay': ({ audio }) => audio.input.transcription?.delay !== undefined,
  'session.providerData.caching': ({ providerData }) => providerData?.caching != null,
  'session.providerData.tts.conversational': (config) => readProviderData(config.providerData).tts?.conversational !== undefined,
  'session.providerData.tts.user_turn_mode': (config) => readProviderData(config.providerData).tts?.user_turn_mode !== undefined,
  'session.providerData.responsiveness.max_buffer_deltas': (config) =>
    readProviderData(config.providerData).responsiveness?.max_buffer_deltas !== undefined,
};

/** What a session asks for in vain: fields by their paths, and kinds of tools. */
export function unservedOf(config: SessionConfig): string[] {
  return [...Object.keys(withoutEffect).filter((field) => withoutEffect[field]?.(config)), ...unservedTools(config.tools)];
}

export function unservedTools(tools: readonly Tool[]): string[] {
  const searches = tools.some(({ type }) => type === 'web_search');
  const defers = tools.some((tool) => tool.type === 'mcp' && tool.defer_loading === true);
  return [...(searches ? ["tools of type 'web_search'"] : []), ...(defers ? ['tools[].defer_loading'] : [])];
}
