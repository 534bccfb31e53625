// A language model that does as it is told: it calls the tool of the telephone that it was asked for, and answers everything else with the same words.
import { FakeChatServer, finishChunk, stream, textChunk } from '../../contract/fake-chat-server.ts';

/** What it says to everything that is no order. */
export const obedientAnswer = 'All right, I have heard you and will see to it.';

/** An order to it, to be given as what the user says. */
export function order(tool: string, args: object): string {
  return `do ${tool} ${JSON.stringify(args)}`;
}

export async function startObedientModel(): Promise<FakeChatServer> {
  const server = new FakeChatServer();
  server.script = (body, response, request) => {
    const last = body.messages.at(-1);
    const [, tool, args] = /^do (\w+) (\{.*\})$/.exec(last?.role === 'user' ? textOf(last.content) : '') ?? [];
    const offered = body.tools?.find(({ function: { name } }) => name.endsWith(`__${tool}`))?.function.name;
    const call = { index: 0, id: `call_${server.requests.length}`, function: { name: offered, arguments: args } };
    const chunks = offered
      ? [{ choices: [{ delta: { tool_calls: [call] } }] }, finishChunk('tool_calls')]
      : [textChunk(obedientAnswer), finishChunk('stop')];
    return stream(...chunks, 'data: [DONE]\n\n')(body, response, request);
  };
  await server.listen();
  return server;
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part: { text?: string }) => part.text ?? '').join('') : '';
}
