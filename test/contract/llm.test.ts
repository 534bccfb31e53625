// Every language model engine against the one contract.
import { createAnthropicMessages } from '../../src/engines/cloud/anthropic-messages.ts';
import { noModels } from '../../src/engines/engine.ts';
import { createOpenAiChat } from '../../src/engines/cloud/openai-chat.ts';
import { offline } from '../../src/engines/offline/offline.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { claudeServer } from './fake-claude.ts';
import { FakeChatServer } from './fake-chat-server.ts';
import { describeLlm } from './llm.ts';

describeLlm('offline assistant', {
  model: 'offline',
  create: () => offline.create({ dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels }),
});

const servers: FakeChatServer[] = [];

describeLlm('OpenAI-compatible server', {
  model: 'small',
  async create() {
    const server = new FakeChatServer();
    servers.push(server);
    const baseUrl = await server.listen();
    return createOpenAiChat({
      id: 'fake',
      name: 'Fake',
      baseUrl,
      apiKey: 'secret',
      firstTokenMs: 5000,
      clock: systemClock,
      log: silentLog,
    });
  },
  async release() {
    await Promise.all(servers.map((server) => server.close()));
  },
});

describeLlm('Anthropic', {
  model: 'claude-haiku-4-5',
  async create() {
    const server = claudeServer();
    servers.push(server);
    const baseUrl = await server.listen();
    return createAnthropicMessages({
      id: 'fake',
      name: 'Fake',
      baseUrl,
      apiKey: 'secret',
      firstTokenMs: 5000,
      clock: systemClock,
      log: silentLog,
    });
  },
  async release() {
    await Promise.all(servers.map((server) => server.close()));
  },
});
