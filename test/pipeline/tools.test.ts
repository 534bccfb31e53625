// The MCP tools of a running session: lists and calls go beside the sound, come back as events, and end with whoever wanted them.
import { describe, expect, test } from 'vitest';
import { serverVadDefaults } from '../../src/protocol/session-config.ts';
import { noise, openRig, type Rig, type RigOptions, scene } from '../rig.ts';
import type { FakeTools } from './fake-tools.ts';

const docs = {
  type: 'mcp',
  server_label: 'docs',
  server_url: 'https://docs.example/mcp',
  authorization: 's3cret',
  headers: { 'x-key': 's3cret' },
  require_approval: 'never',
};
const search = { name: 'search', input_schema: { type: 'object' } };

function tools(rig: Rig): FakeTools {
  const [opened, ...more] = rig.tools;
  if (!opened || more.length > 0) throw new Error(`${rig.tools.length} were opened`);
  return opened;
}

/** A rig whose server offers one tool. */
async function served(options: RigOptions = {}): Promise<Rig> {
  const rig = openRig(options);
  rig.client({ type: 'session.update', session: { tools: [docs], output_modalities: ['text'] } });
  await rig.settle();
  tools(rig).lists[0]?.answer({ tools: [search] });
  await rig.settle();
  return rig;
}

/** The same, and the tool is running. */
async function running(options: RigOptions = {}): Promise<Rig> {
  const rig = await served(options);
  await rig.says('What is Parley?');
  rig.llm.last.give({ type: 'call', callId: 'call_1', name: 'docs__search' });
  rig.llm.last.give({ type: 'arguments', callId: 'call_1', delta: '{"q":"Parley"}' });
  rig.llm.last.end();
  await rig.settle();
  return rig;
}

describe('MCP servers', () => {
  test('are reached for only when the session names one, with all that opens them', async () => {
    const rig = openRig();
    await rig.settle();
    expect(rig.tools).toEqual([]);
    rig.client({ type: 'session.update', session: { tools: [docs] } });
    rig.client({ type: 'session.update', session: { tools: [] } });
    await rig.settle();
    expect(tools(rig).configured).toEqual([[docs], []]);
    expect(JSON.stringify(rig.transport.sent)).not.toContain('s3cret');
    expect(JSON.stringify(rig.logged)).not.toContain('s3cret');
  });

  test('tell their tools, which become the model’s', async () => {
    const rig = await served();
    expect(rig.last('conversation.item.done').item).toMatchObject({
      type: 'mcp_list_tools',
      tools: [{ name: 'search', description: null, input_schema: { type: 'object' }, annotations: null }],
    });
    await rig.says('Hello.');
    expect(rig.llm.last.prompt.tools).toEqual([{ name: 'docs__search', description: '', parameters: { type: 'object' } }]);
    rig.llm.last.end();
    await rig.settle();
  });

  test('tell which of their tools were left out', async () => {
    const rig = openRig();
    rig.client({ type: 'session.update', session: { tools: [docs] } });
    await rig.settle();
    const leftOut = [{ name: null, reason: 'it has no name' }];
    tools(rig).lists[0]?.answer({ tools: [search], leftOut });
    await rig.settle();
    expect(rig.last('conversation.item.done').item).toMatchObject({
      type: 'mcp_list_tools',
      tools: [{ name: 'search' }],
      left_out: leftOut,
    });
  });

  test('that cannot be asked are told of, and the session goes on', async () => {
    const rig = openRig();
    rig.client({ type: 'session.update', session: { tools: [docs] } });
    await rig.settle();
    tools(rig).lists[0]?.answer({ error: { type: 'http_error', code: 401, message: 'no' } });
    await rig.settle();
    expect(rig.all('mcp_list_tools.failed')).toHaveLength(1);
    await rig.says('Hello.');
    expect(rig.llm.calls).toHaveLength(1);
    rig.llm.last.end();
    await rig.settle();
  });

  test('are closed with the session, whatever still runs there, and a failure to close is only logged', async () => {
    const rig = await running();
    const opened = tools(rig);
    opened.closing = Promise.reject(new Error('no farewell'));
    rig.transport.end();
    await rig.settle();
    await rig.ended;
    expect(opened.closed).toBe(1);
    expect(opened.calls[0]?.signal.aborted).toBe(true);
    const sent = rig.transport.sent.length;
    opened.calls[0]?.end({ output: 'too late' });
    await rig.settle();
    expect(rig.transport.sent.length).toBe(sent);
    expect(rig.logged.map(({ message }) => message)).toEqual(['MCP servers were not closed']);
  });
});

describe('a call', () => {
  test('is run, and its result is used by a reply that follows by itself', async () => {
    const rig = await running();
    expect(tools(rig).calls).toMatchObject([{ label: 'docs', name: 'search', arguments: '{"q":"Parley"}' }]);
    expect(rig.endings).toEqual([]);
    tools(rig).calls[0]?.end({ output: 'A voice server.' });
    await rig.settle();
    expect(rig.endings).toEqual(['resp_1 completed']);
    expect(rig.llm.last.prompt.turns.at(-1)).toEqual({ role: 'result', callId: 'mcp_1', output: 'A voice server.' });
    rig.llm.last.text('A voice server.');
    rig.llm.last.end();
    await rig.settle();
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
  });

  test('that fails is told of as what it is', async () => {
    const rig = await running();
    tools(rig).calls[0]?.end({ error: { type: 'http_error', code: 503, message: 'Service unavailable' } });
    await rig.settle();
    expect(rig.all('response.mcp_call.failed')).toHaveLength(1);
    expect(rig.last('response.done').response.output).toMatchObject([{ error: { type: 'http_error', code: 503 } }]);
    rig.llm.last.end();
    await rig.settle();
  });

  test('is ended by response.cancel, and what it still gives is not heard', async () => {
    const rig = await running();
    rig.client({ type: 'response.cancel' });
    await rig.settle();
    expect(tools(rig).calls[0]?.signal.aborted).toBe(true);
    const sent = rig.transport.sent.length;
    tools(rig).calls[0]?.end({ output: 'too late' });
    await rig.settle();
    expect(rig.transport.sent.length).toBe(sent);
    expect(rig.endings).toEqual(['resp_1 cancelled']);
  });

  test('is ended by the user’s speech', async () => {
    const rig = await running();
    await rig.hear(scene(500, 500), 640);
    expect(tools(rig).calls[0]?.signal.aborted).toBe(true);
    expect(rig.endings).toEqual(['resp_1 cancelled']);
  });

  test('holds nothing up: the user speaks and is understood while it runs', async () => {
    const rig = await running({ turnDetection: { ...serverVadDefaults, interrupt_response: false } });
    await rig.hear(scene(500, 500, 900), 640);
    expect(rig.turns.map((turn) => turn.split(' ')[0])).toEqual(['started', 'stopped', 'committed']);
    expect(rig.transcripts).toHaveLength(1);
    expect(tools(rig).calls[0]?.signal.aborted).toBe(false);
    tools(rig).calls[0]?.end({ output: 'found' });
    await rig.settle();
    expect(rig.llm.last.prompt.turns.slice(-2)).toMatchObject([{ role: 'result', output: 'found' }, { role: 'user' }]);
    rig.llm.last.end();
    await rig.settle();
  });

  test('lets what was said before it be heard to its end', async () => {
    const rig = await served();
    rig.client({ type: 'session.update', session: { output_modalities: ['audio'] } });
    await rig.says('What is Parley?');
    rig.llm.last.text('Let me look. ');
    rig.llm.last.give({ type: 'call', callId: 'call_1', name: 'docs__search' });
    rig.llm.last.end();
    await rig.settle();
    expect(tools(rig).calls).toEqual([]);
    rig.tts.last.speak(noise(100, 24_000), 24_000);
    rig.tts.last.finish();
    await rig.settle();
    expect(rig.transport.audio.length).toBeGreaterThan(0);
    expect(tools(rig).calls).toHaveLength(1);
    tools(rig).calls[0]?.end({ output: 'found' });
    await rig.settle();
    expect(rig.all('response.done')[0]?.response.output.map(({ type }) => type)).toEqual(['message', 'mcp_call']);
    rig.llm.last.end();
    await rig.settle();
  });
});
