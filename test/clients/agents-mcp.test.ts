// `@openai/agents-realtime`, unmodified, with a real MCP server among its agent's tools: the server of this house lists and calls it.
import { hostedMcpTool } from '@openai/agents-core';
import { RealtimeAgent } from '@openai/agents-realtime';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { FarServer } from '../tools/mcp-rig.ts';
import { type Conversation, connectAgent, expectAllUnderstood } from '../e2e/support/agents.ts';
import { field } from '../e2e/support/events.ts';
import { type RunningServer, startServer } from '../e2e/support/server.ts';
import { testTypes } from '../e2e/support/types.ts';
import { loopbackAllowed, token, weatherServer } from '../e2e/support/weather.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
let far: FarServer;
const leave: (() => void)[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'real', settings: loopbackAllowed });
  far = await weatherServer();
});

afterEach(() => {
  for (const task of leave.splice(0)) task();
  far.calls.length = 0;
});

afterAll(async () => {
  await running.close();
  await far.die();
});

async function connect(requireApproval: 'never' | { always: { toolNames: string[] } }): Promise<Conversation> {
  // The package hands `headers` on, and leaves `authorization` out.
  const server = { serverLabel: 'weather', serverUrl: far.url, headers: { Authorization: `Bearer ${token}` } };
  const agent = new RealtimeAgent({
    name: 'Forecaster',
    instructions: 'You tell the weather.',
    tools: [requireApproval === 'never' ? hostedMcpTool({ ...server, requireApproval }) : hostedMcpTool({ ...server, requireApproval })],
  });
  const conversation = await connectAgent(running.ws, agent);
  leave.push(() => conversation.session.close());
  await conversation.log.wait('mcp_list_tools.completed');
  return conversation;
}

const question = 'What is the weather in Paris?';
const answered = (event: { type: string }) => event.type === 'response.done' && field(event, 'response.output.0.type') === 'message';

function expectNothingTold({ log }: Conversation): void {
  expect(JSON.stringify(log.all)).not.toContain(token);
  expect(log.of('error')).toEqual([]);
}

test('the tools of the server are listed, called without leave, and the result is spoken', async () => {
  const conversation = await connect('never');
  const { session, log, told } = conversation;
  await vi.waitFor(() => expect(session.availableMcpTools.map(({ name }) => name)).toEqual(['get_weather']));
  expect(told.mcpTools.at(-1)).toEqual(['get_weather']);

  session.sendMessage(question);
  const spoken = await log.wait('response.output_audio_transcript.done');
  expect(String(spoken['transcript'])).toMatch(/rainy in Paris/i);
  await log.wait(answered);
  expect(far.calls.map((call) => [call.name, call.arguments])).toEqual([['get_weather', { location: 'Paris' }]]);
  expect(far.requests.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
  expect(told.mcpResults).toContain('It is rainy in Paris.');
  expect(session.history.filter(({ type }) => type === 'mcp_call')).toMatchObject([
    { name: 'get_weather', status: 'completed', output: 'It is rainy in Paris.' },
  ]);
  expect(log.of('response.created')).toHaveLength(2);
  expect(told.errors).toEqual([]);
  expectNothingTold(conversation);
  expectAllUnderstood(conversation);
});

test('a tool that needs leave runs when the application gives it', async () => {
  const conversation = await connect({ always: { toolNames: ['get_weather'] } });
  const { session, log, told } = conversation;
  const asked: string[] = [];
  session.on('tool_approval_requested', (_context, _agent, request) => {
    if (request.type !== 'mcp_approval_request') return;
    asked.push(JSON.stringify(request.approvalItem.rawItem));
    expect(far.calls).toEqual([]);
    void session.approve(request.approvalItem);
  });
  session.sendMessage(question);
  const spoken = await log.wait('response.output_audio_transcript.done');
  expect(String(spoken['transcript'])).toMatch(/rainy in Paris/i);
  await log.wait(answered);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain('get_weather');
  expect(far.calls).toHaveLength(1);
  expect(told.errors).toEqual([]);
  expectNothingTold(conversation);
  expectAllUnderstood(conversation);
});

test('a tool that is denied does not run, and the turn still ends in words', async () => {
  const conversation = await connect({ always: { toolNames: ['get_weather'] } });
  const { session, log, told } = conversation;
  session.on('tool_approval_requested', (_context, _agent, request) => void session.reject(request.approvalItem));
  session.sendMessage(question);
  await log.wait(answered);
  expect(far.calls).toEqual([]);
  expect(log.text('response.output_audio_transcript.delta')).toMatch(/\w/);
  expect(told.errors).toEqual([]);
  expectNothingTold(conversation);
});

testTypes();
