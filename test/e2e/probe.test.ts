import { test } from 'vitest';
import { startServer } from './support/server.ts';
import { say, understand, overlap } from './support/speech.ts';
test('probe', async () => {
  const running = await startServer({ engines: 'real' });
  const { server } = running;
  const pad = (s: Int16Array) => { const o = new Int16Array(s.length + 24000); o.set(s, 12000); return o; };
  for (const q of ['What is two plus three?', 'What is your name?', 'Can you hear me?', 'What can you do?', 'Tell me a joke.', 'Who are you?', 'Hello, how are you?', 'What is ten plus ten?', 'Count from one to five.', 'Count from one to fifty.']) {
    const heardQ = await understand(server, pad(await say(server, q)));
    let answer = '';
    const { engine, model } = server.router.llm('gpt-realtime');
    for await (const part of engine.respond({ instructions: 'You are brief.', turns: [{ role: 'user', parts: [{ type: 'text', text: q }] }], tools: [], toolChoice: 'auto' }, { model }, new AbortController().signal)) if (part.type === 'text') answer += part.text;
    const sound = await say(server, answer, 'Dennis');
    const heard = await understand(server, pad(sound));
    console.log(`${q} > ${heardQ}\n ${answer} > ${heard} ${overlap(answer, heard)}`);
  }
  await running.close();
}, 300000);
