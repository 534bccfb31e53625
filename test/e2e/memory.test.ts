// providerData.memory over sockets: a conversation is condensed, and a later session begins with what the client kept of it.
import { afterEach, expect, test, vi } from 'vitest';
import { Client } from './support/client.ts';
import { field, type WireEvent } from './support/events.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { testTypes } from './support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
const leave: (() => void)[] = [];

afterEach(async () => {
  for (const task of leave.splice(0)) task();
  await running.close();
});

const path = '/api/v1/realtime/session?key=ann&protocol=realtime';

/** A session that writes, with this memory. */
async function open(memory: Record<string, unknown>): Promise<Client> {
  const client = await Client.open(running.ws, path);
  leave.push(() => client.close());
  client.send({ type: 'session.update', session: { output_modalities: ['text'], providerData: { memory } } });
  await client.log.wait('session.updated');
  return client;
}

/** A turn of the user; the response that answers it. */
async function turn(client: Client, said: string): Promise<WireEvent> {
  const { mark } = client.log;
  client.say(said);
  // What the path takes for an echo brings nothing of its own.
  client.send({ type: 'response.create', response: { metadata: { turn: said } } });
  return client.log.wait('response.done', mark);
}

/** The state of the first memory cycle after that point. */
async function cycle(client: Client, from: number): Promise<Record<string, unknown>> {
  const updated = await client.log.wait('session.updated', from);
  return field(updated, 'session.providerData.memory.state') as Record<string, unknown>;
}

test('S02 F40 after two turns the session is told unasked, whole, with the state, which the prompt of a later session holds', async () => {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_SCRIPTED: 'llm=10,rate=1000,tokens=10' } });
  const first = await open({ enabled: true, turn_interval: 2 });
  const { mark } = first.log;
  await turn(first, 'Hello.');
  await turn(first, 'Hello again.');
  const state = await cycle(first, mark);
  expect(state).toEqual({
    version: 1,
    facts: [],
    summary: 'This is a scripted reply that says nothing of use.',
    context_text: 'What you remember from before:\nThis is a scripted reply that says nothing of use.',
    turns_since_gen: 0,
    total_turns: 2,
    items_trimmed: 0,
  });
  const [created, updated] = [first.log.of('session.created')[0], first.log.of('session.updated').at(-1)] as [WireEvent, WireEvent];
  // With what the session can be taken up is told once, and not again with each of its settings.
  const { parley: _, ...whole } = field(created, 'session') as Record<string, unknown>;
  expect(Object.keys(field(updated, 'session') as object)).toEqual(expect.arrayContaining(Object.keys(whole)));
  const fresh = await turn(await open({ enabled: true }), 'Who am I?');
  const later = await turn(await open({ enabled: true, state }), 'Who am I?');
  // The scripted model counts the words it is told: fifteen of them are the memory's.
  const told = (done: WireEvent) => Number(field(done, 'response.usage.input_tokens'));
  expect(told(later) - told(fresh)).toBe(15);
});

test('F40 without a language model the user is quoted, and known by name in a later session', async () => {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_LLM: 'offline', PARLEY_LLM_PROBE: 'off' } });
  const first = await open({ enabled: true, turn_interval: 2 });
  const { mark } = first.log;
  await turn(first, 'My name is Ann.');
  await turn(first, 'What is two plus two?');
  const state = await cycle(first, mark);
  expect(state).toMatchObject({
    facts: ['My name is Ann.'],
    summary: 'The last things the user said: "My name is Ann." "What is two plus two?"',
  });
  const done = await turn(await open({ enabled: true, state }), 'What is my name?');
  expect(field(done, 'response.output.0.content.0.text')).toBe('Your name is Ann.');
});

testTypes();
