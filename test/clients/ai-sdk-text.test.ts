// Vercel's AI SDK and its OpenAI provider, unmodified, without a session: it asks by the Responses API, which it does unless told otherwise.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';

let running: RunningServer;
beforeAll(async () => {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_LLM: 'offline' } });
});
afterAll(() => running.close());

const model = () => createOpenAI({ apiKey, baseURL: `${running.http}/v1` })('parley/offline');

test('E32: a function of the application is called, and the answer tells its result', async () => {
  const weather = tool({
    description: 'Get the weather in a city',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => Promise.resolve(`It is rainy in ${city}.`),
  });
  const { text, steps, usage } = await generateText({
    model: model(),
    prompt: 'What is the weather in Paris?',
    tools: { get_weather: weather },
    stopWhen: stepCountIs(3),
  });
  expect(text).toBe('It is rainy in Paris.');
  expect(steps).toHaveLength(2);
  expect(usage.inputTokens).toBeGreaterThan(0);
});

test('E32: an answer is streamed, with what it used', async () => {
  const faults: unknown[] = [];
  const stream = streamText({ model: model(), prompt: 'What is 3 plus 4?', onError: ({ error }) => void faults.push(error) });
  const pieces: string[] = [];
  for await (const piece of stream.textStream) pieces.push(piece);
  expect([pieces.join(''), await stream.finishReason, faults]).toEqual(['3 plus 4 is 7.', 'stop', []]);
  expect(pieces.length).toBeGreaterThan(1);
});
