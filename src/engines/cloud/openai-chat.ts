// Any server that speaks OpenAI's chat completions. Written from platform.openai.com/docs/api-reference/chat; what others do otherwise is in
// provider-table.ts and message-form.ts. Not tried against a real service.
import { type Ids, randomIds } from '../../lib/ids.ts';
import type { Llm } from '../engine.ts';
import { type ChatChunk, ChatParts } from './openai-parts.ts';
import { chatRequestJson, type Dialect } from './openai-request.ts';
import { StreamedChat, type StreamedChatOptions } from './streamed-chat.ts';

export interface OpenAiChatOptions extends StreamedChatOptions {
  /** Fields of the request that this server refuses, takes beyond OpenAI's, or calls otherwise. */
  readonly dialect?: Dialect;
  /** Makes ids for calls that the server sent without one. */
  readonly ids?: Ids;
}

/** The key is sent as a bearer token. */
export function createOpenAiChat(options: OpenAiChatOptions): Llm {
  const { apiKey, dialect = {}, ids = randomIds } = options;
  const { conversation: named } = dialect;
  return new StreamedChat(options, {
    path: '/chat/completions',
    headers: ({ conversation }) => ({
      ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
      ...(named && 'header' in named && conversation !== undefined ? { [named.header]: conversation } : {}),
    }),
    body: (prompt, told, names) => chatRequestJson(prompt, told, names, dialect),
    isLast: ({ data }) => data.trim() === '[DONE]',
    read(names) {
      const parts = new ChatParts(ids, names);
      return { push: (chunk) => parts.push(chunk as ChatChunk), end: () => parts.end() };
    },
  });
}
