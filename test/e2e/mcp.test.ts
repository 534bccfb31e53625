// Tools of a real MCP server in a conversation with real speech: leave over the wire, barge-in while a tool runs, and a server that dies.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { FarServer } from '../tools/mcp-rig.ts';
import { Client } from './support/client.ts';
import { field, type WireEvent } from './support/events.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { say } from './support/speech.ts';
import { testTypes } from './support/types.ts';
import { loopbackAllowed, token, weatherServer, weatherTool } from './support/weather.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
let far: FarServer;
const leave: (() => void)[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'real', settings: loopbackAllowed });
});

beforeEach(async () => {
  far = await weatherServer();
});

afterEach(async () => {
  for (const task of leave.splice(0)) task();
  await far.die();
});

afterAll(async () => {
  await running.close();
});

async function connect(approval: 'always' | 'never'): Promise<Client> {
  const client = await Client.open(running.ws);
  leave.push(() => client.close());
  client.send({ type: 'session.update', session: { type: 'realtime', tools: [weatherTool(far, approval)] } });
  await client.log.wait('mcp_list_tools.completed');
  return client;
}

function ask(client: Client): void {
  client.say('What is the weather in Paris?');
  client.send({ type: 'response.create' });
}

const answered = (event: WireEvent) => event.type === 'response.done' && field(event, 'response.output.0.type') === 'message';

/** The next call does not end by itself: the promise tells when it has come, and what it holds, when that call is aborted. */
function hang(): Promise<{ aborted: Promise<void> }> {
  const { handle } = far;
  return new Promise((called) => {
    far.handle = ({ signal }) =>
      new Promise((_resolve, reject) => {
        far.handle = handle;
        const aborted = new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            resolve();
            reject(new Error('aborted'));
          });
        });
        called({ aborted });
      });
  });
}

test('lists, calls and speaks, with every event in its order', async () => {
  const client = await connect('never');
  const { log } = client;
  const list = await log.wait((event) => event.type === 'conversation.item.done' && field(event, 'item.type') === 'mcp_list_tools');
  expect(field(list, 'item')).toMatchObject({ server_label: 'weather', tools: [{ name: 'get_weather' }] });
  const mark = log.mark;
  ask(client);
  await log.wait(answered);
  expect(log.story(mark)).toContain(
    'response.mcp_call_arguments.delta, response.mcp_call_arguments.done, response.mcp_call.in_progress, ' +
      'response.mcp_call.completed, conversation.item.done, response.output_item.done',
  );
  const call = log.of('response.output_item.done').find((event) => field(event, 'item.type') === 'mcp_call');
  expect(field(call ?? { type: '' }, 'item')).toMatchObject({
    name: 'get_weather',
    arguments: '{"location":"Paris"}',
    output: 'It is rainy in Paris.',
    error: null,
  });
  expect(log.text('response.output_audio_transcript.delta')).toMatch(/rainy in Paris/i);
  expect(far.requests.every(({ headers }) => headers.authorization === `Bearer ${token}`)).toBe(true);
  expect(JSON.stringify(log.all)).not.toContain(token);
});

test('asks leave, runs nothing before it has it, and goes on when it does', async () => {
  const client = await connect('always');
  const { log } = client;
  ask(client);
  const request = await log.wait(
    (event) => event.type === 'conversation.item.done' && field(event, 'item.type') === 'mcp_approval_request',
  );
  expect(field(request, 'item')).toMatchObject({ server_label: 'weather', name: 'get_weather', arguments: '{"location":"Paris"}' });
  await log.wait('response.done');
  expect(far.calls).toEqual([]);
  const mark = log.mark;
  client.send({
    type: 'conversation.item.create',
    item: { type: 'mcp_approval_response', approval_request_id: field(request, 'item.id'), approve: true },
  });
  await log.wait(answered, mark);
  expect(far.calls).toHaveLength(1);
  expect(log.text('response.output_audio_transcript.delta')).toMatch(/rainy in Paris/i);
  expect(log.of('error')).toEqual([]);
});

test('speech while a tool runs is heard, ends the call, and is answered', async () => {
  const client = await connect('never');
  const { log, microphone } = client;
  const objection = await say(running.server, 'Can you hear me?');
  const called = hang();
  ask(client);
  const { aborted } = await called;
  await microphone.speak(objection);
  const cut = await log.wait('response.done');
  expect(field(cut, 'response')).toMatchObject({ status: 'cancelled', status_details: { reason: 'turn_detected' } });
  await aborted;
  const types = log.all.map(({ type }) => type);
  expect(types.indexOf('input_audio_buffer.speech_started')).toBeLessThan(types.indexOf('response.done'));
  expect(types.indexOf('response.mcp_call.failed')).toBeLessThan(types.indexOf('response.done'));
  expect(log.of('response.mcp_call.failed')).toHaveLength(1);
  // The offline model takes words that come before any answer as more of the same wish, so it may call again: what counts is that it speaks.
  const done = await log.wait((event) => answered(event) && event !== cut);
  expect(field(done, 'response.status')).toBe('completed');
  expect(log.text('response.output_audio_transcript.delta')).toMatch(/\w/);
  expect(log.of('error')).toEqual([]);
});

test('a server that dies in the middle of a call is a failed call, of which the user is told, and the session lives', async () => {
  const client = await connect('never');
  const { log } = client;
  const called = hang();
  ask(client);
  await called;
  await far.die();
  const failed = await log.wait('response.mcp_call.failed');
  const item = log.of('response.output_item.done').find((event) => field(event, 'item.id') === failed['item_id']);
  expect(field(item ?? { type: '' }, 'item')).toMatchObject({ output: null, error: { type: expect.any(String) as string } });
  await log.wait(answered);
  expect(log.text('response.output_audio_transcript.delta')).toMatch(/\w/);

  const mark = log.mark;
  client.say('What is two plus two?');
  client.send({ type: 'response.create' });
  await log.wait(answered, mark);
  expect(log.text('response.output_audio_transcript.delta', field(log.all.at(-1) as WireEvent, 'response.output.0.id'))).toMatch(/four|4/i);
});

test('a server that cannot be reached is a failed list, and the session does without', async () => {
  await far.die();
  const client = await Client.open(running.ws);
  leave.push(() => client.close());
  client.send({ type: 'session.update', session: { type: 'realtime', tools: [weatherTool(far, 'never')] } });
  await client.log.wait('mcp_list_tools.failed');
  client.say('What is two plus two?');
  client.send({ type: 'response.create' });
  expect(field(await client.log.wait(answered), 'response.status')).toBe('completed');
});

testTypes();
