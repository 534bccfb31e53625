// A large event of every type that can be large, over a real socket: a client that reads gets each whole, and its connection lives.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ManualClock } from '../../src/lib/clock.ts';
import { countingIds } from '../../src/lib/ids.ts';
import { LoopShares } from '../../src/lib/loop-shares.ts';
import { unknownToBeta } from '../../src/protocol/dialects/beta.ts';
import type { Item } from '../../src/protocol/items.ts';
import type { ServerEvent, ServerEventType } from '../../src/protocol/server-events.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { type Door, openDoor } from '../../src/transports/websocket/door.ts';
import { Client } from '../e2e/support/client.ts';
import { field } from '../e2e/support/events.ts';
import { type RunningServer, startServer, trust } from '../e2e/support/server.ts';
import { resumeRefusals } from '../../src/protocol/resume.ts';

const mebibyte = 1024 * 1024;
/** Much is written and read: a loaded machine is no failure. */
const patienceMs = 120_000;
/** Four times what makes a reader one that is behind. */
const long = 'x'.repeat(4 * mebibyte);

const common = { object: 'realtime.item', status: 'completed' } as const;
const items: Record<string, Item> = {
  image: {
    ...common,
    id: 'i',
    type: 'message',
    role: 'user',
    content: [{ type: 'input_image', image_url: `data:image/png;base64,${long}`, detail: 'auto' }],
  },
  'words of a user': { ...common, id: 'i', type: 'message', role: 'user', content: [{ type: 'input_text', text: long }] },
  'transcript of a user': { ...common, id: 'i', type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: long }] },
  'transcript of an answer': {
    ...common,
    id: 'i',
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_audio', transcript: long }],
  },
  'text of an answer': { ...common, id: 'i', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: long }] },
  'words of the system': { ...common, id: 'i', type: 'message', role: 'system', content: [{ type: 'input_text', text: long }] },
  arguments: { ...common, id: 'i', type: 'function_call', call_id: 'c', name: 'f', arguments: long },
  'result of a function': { ...common, id: 'i', type: 'function_call_output', call_id: 'c', output: long },
  'list of tools': {
    id: 'i',
    type: 'mcp_list_tools',
    server_label: 's',
    tools: [{ name: 't', description: long, input_schema: {}, annotations: null }],
  },
  'result of a tool': {
    id: 'i',
    type: 'mcp_call',
    server_label: 's',
    name: 't',
    arguments: '{}',
    approval_request_id: null,
    output: long,
    error: null,
  },
  'request for a call': { id: 'i', type: 'mcp_approval_request', server_label: 's', name: 't', arguments: long },
};
const sound: Item = {
  ...common,
  id: 'i',
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_audio', transcript: 'One.', audio: long }],
};
const place = { response_id: 'r', item_id: 'i', output_index: 0, content_index: 0 };
const call = { response_id: 'r', item_id: 'i', output_index: 0, call_id: 'c' };
const of = { item_id: 'i', content_index: 0 };
const session = { type: 'realtime', id: 's', object: 'realtime.session', instructions: long } as never;
const response = (output: Item[]) => ({ id: 'r', object: 'realtime.response', status: 'completed', output }) as never;

/** Large forms of each type of event; none of a type whose fields are all short. */
const forms: { [T in ServerEventType]: readonly unknown[] } = {
  'session.created': [{ session }],
  'session.updated': [{ session }],
  'conversation.item.added': Object.values(items).map((item) => ({ previous_item_id: null, item })),
  'conversation.item.done': [{ previous_item_id: null, item: items.image }],
  'conversation.item.retrieved': [{ item: items.image }, { item: sound }],
  'conversation.item.input_audio_transcription.delta': [{ ...of, delta: long }],
  'conversation.item.input_audio_transcription.completed': [{ ...of, transcript: long, usage: { type: 'duration', seconds: 1 } }],
  'conversation.item.input_audio_transcription.segment': [{ ...of, id: 'g', text: long, speaker: 'a', start: 0, end: 1 }],
  'response.created': [],
  'response.done': [{ response: response(Object.values(items).slice(3, 5)) }, { response: response([items['result of a tool'] as Item]) }],
  'response.output_item.added': [{ response_id: 'r', output_index: 0, item: items.arguments }],
  'response.output_item.done': [{ response_id: 'r', output_index: 0, item: items['result of a tool'] }],
  'response.content_part.added': [],
  'response.content_part.done': [
    { ...place, part: { type: 'text', text: long } },
    { ...place, part: { type: 'audio', transcript: long } },
  ],
  'response.output_text.delta': [{ ...place, delta: long }],
  'response.output_text.done': [{ ...place, text: long }],
  'response.output_audio_transcript.delta': [{ ...place, delta: long }],
  'response.output_audio_transcript.done': [{ ...place, transcript: long }],
  'response.output_audio.delta': [{ ...place, delta: long }],
  'response.function_call_arguments.delta': [{ ...call, delta: long }],
  'response.function_call_arguments.done': [{ ...call, name: 'f', arguments: long }],
  'response.mcp_call_arguments.delta': [{ response_id: 'r', item_id: 'i', output_index: 0, delta: long, obfuscation: '' }],
  'response.mcp_call_arguments.done': [{ response_id: 'r', item_id: 'i', output_index: 0, arguments: long }],
  'response.backchannel.audio.delta': [{ backchannel_id: 'b', delta: long }],
  error: [],
  'conversation.created': [],
  'conversation.item.truncated': [],
  'conversation.item.deleted': [],
  'conversation.item.input_audio_transcription.failed': [],
  'input_audio_buffer.committed': [],
  'input_audio_buffer.cleared': [],
  'input_audio_buffer.speech_started': [],
  'input_audio_buffer.speech_stopped': [],
  'input_audio_buffer.timeout_triggered': [],
  'input_audio_buffer.dtmf_event_received': [],
  'input_audio_buffer.turn_suggestion': [],
  'input_audio_buffer.turn_suggestion_revoked': [],
  'output_audio_buffer.started': [],
  'output_audio_buffer.stopped': [],
  'output_audio_buffer.cleared': [],
  'response.output_audio.done': [],
  'response.mcp_call.in_progress': [],
  'response.mcp_call.completed': [],
  'response.mcp_call.failed': [],
  'response.backchannel.audio.done': [],
  'response.backchannel.skipped': [],
  'session.resumed': [],
  'mcp_list_tools.in_progress': [],
  'mcp_list_tools.completed': [],
  'mcp_list_tools.failed': [],
  'rate_limits.updated': [],
};
const large = Object.entries(forms).flatMap(([type, all]) => all.map((form) => ({ type, ...(form as object) }) as ServerEvent));
const dialects = { ga: {}, beta: { 'OpenAI-Beta': 'realtime=v1' } };

/** How often the long text stands in a value. */
function longTexts(value: unknown): number {
  if (typeof value === 'string') return value.endsWith(long) ? 1 : 0;
  return typeof value === 'object' && value !== null ? Object.values(value).reduce<number>((sum, held) => sum + longTexts(held), 0) : 0;
}

describe('over a socket', () => {
  let clock: ManualClock;
  let door: Door;
  let http: ReturnType<typeof createServer>;
  let entered: Transport[];
  const clients: WebSocket[] = [];

  beforeEach(async () => {
    clock = new ManualClock();
    entered = [];
    http = createServer();
    door = openDoor({
      server: http,
      clock,
      shares: new LoopShares(clock),
      ids: countingIds(),
      admit: () => Promise.resolve({ outcome: 'welcome', visitor: { keyId: 'key_1', credential: 'key', session: undefined, beta: false } }),
      full: () => undefined,
      beside: () => undefined,
      resume: () => resumeRefusals.unknown,
      enter: (transport) => entered.push(transport),
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.terminate();
    door.close();
    await new Promise((resolve) => http.close(resolve));
  });

  test.each(Object.entries(dialects))(
    'S05 S06 S08 S25 S32 S40 S42 S49: each is read whole by a client that reads, in %s',
    async (dialect, headers) => {
      const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/realtime`, { headers });
      clients.push(client);
      await once(client, 'open');
      const [transport] = entered;
      if (!transport) throw new Error('nobody entered');
      const known = large.filter(
        (event) => dialect === 'ga' || !(unknownToBeta.has(event.type) || JSON.stringify(event).includes('"mcp_')),
      );
      expect(known.length).toBeGreaterThanOrEqual(dialect === 'ga' ? 35 : 26);
      for (const event of known) {
        const read: Buffer[] = [];
        const all = new Promise<void>((resolve, reject) => {
          client.removeAllListeners('close').on('close', (code) => reject(new Error(`closed with ${code} at ${event.type}`)));
          client.removeAllListeners('message').on('message', (data: Buffer) => {
            if (read.push(data) === 3) resolve();
          });
        });
        // Two, as an item is told of twice, and what comes after them.
        transport.send(event);
        transport.send(event);
        transport.send({ type: 'input_audio_buffer.cleared' });
        await all;
        expect([event.type, longTexts(JSON.parse((read[0] as Buffer).toString('utf8')))]).toEqual([event.type, longTexts(event)]);
        expect(read[1]).toHaveLength((read[0] as Buffer).length);
        // No time passes for a reader but what the clock says: it was never behind for longer.
        clock.advance(1000);
      }
      expect(client.readyState).toBe(client.OPEN);
    },
    patienceMs,
  );
});

describe('of a server', () => {
  let running: RunningServer;
  beforeAll(async () => {
    running = await startServer({ engines: 'scripted' });
  });
  afterAll(() => running.close());

  /** What a client asks for that is answered with it, or with most of it. */
  const asked: readonly (readonly [string, object, string])[] = [
    ...[8_400_000, 20_000_000].map((length) => {
      const image_url = `data:image/png;base64,${'A'.repeat(length)}`;
      const item = { type: 'message', role: 'user', content: [{ type: 'input_image', image_url }] };
      return [`image of ${length} characters`, { type: 'conversation.item.create', item }, 'conversation.item.added'] as const;
    }),
    [
      'text',
      { type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: long }] } },
      'conversation.item.added',
    ],
    [
      'arguments',
      { type: 'conversation.item.create', item: { type: 'function_call', call_id: 'call_1', name: 'f', arguments: long } },
      'conversation.item.added',
    ],
    [
      'result full of quotes',
      {
        type: 'conversation.item.create',
        item: { type: 'function_call_output', call_id: 'call_1', output: { all: '"'.repeat(5 * mebibyte) } },
      },
      'conversation.item.added',
    ],
    ['instructions', { type: 'session.update', session: { type: 'realtime', instructions: 'x'.repeat(1_000_000) } }, 'session.updated'],
    [
      'tools',
      {
        type: 'session.update',
        session: { type: 'realtime', tools: [{ type: 'function', name: 'f', description: 'x'.repeat(1_000_000), parameters: {} }] },
      },
      'session.updated',
    ],
  ];

  test.each(Object.keys(dialects))(
    'S02 S05 S06 S08 C20: what a client puts in is echoed and retrieved whole, in %s',
    async (dialect) => {
      const client = await Client.open(running.ws, `/v1/realtime${dialect === 'beta' ? '?model=gpt-4o-realtime-preview' : ''}`);
      const created = dialect === 'beta' ? 'conversation.item.created' : 'conversation.item.added';
      // Its own words show that a client speaks beta: the first update is flat.
      if (dialect === 'beta') client.send({ type: 'session.update', session: { modalities: ['text'] } });
      for (const [name, event, answer] of asked) {
        const mark = client.log.mark;
        const flat =
          dialect === 'beta' && 'session' in event ? { ...event, session: { ...(event.session as object), type: undefined } } : event;
        client.send(flat);
        const length = JSON.stringify(flat).length;
        const echo = await client.log.wait(answer === 'conversation.item.added' ? created : answer, mark);
        expect([name, JSON.stringify(echo).length >= length - 100]).toEqual([name, true]);
        if (!('item' in event)) continue;
        client.send({ type: 'conversation.item.retrieve', item_id: field(echo, 'item.id') });
        const retrieved = await client.log.wait('conversation.item.retrieved', mark);
        expect([name, JSON.stringify(retrieved).length >= length - 100]).toEqual([name, true]);
        // All of them together are more than a conversation may hold; a call is needed by its result.
        if ((event.item as { type: string }).type === 'message')
          client.send({ type: 'conversation.item.delete', item_id: field(echo, 'item.id') });
      }
      expect(client.log.of('error')).toEqual([]);
      expect(client.socket.readyState).toBe(client.socket.OPEN);
      client.close();
    },
    patienceMs,
  );

  test(
    'S05 S06: over TLS as well',
    async () => {
      const secure = await startServer({ engines: 'scripted', tls: true });
      trust(secure.certificate);
      const client = await Client.open(secure.ws);
      const [, event] = asked[0] ?? [];
      client.send(event as object);
      const done = await client.log.wait('conversation.item.done');
      expect(JSON.stringify(done).length).toBeGreaterThan(8_400_000);
      expect(client.socket.readyState).toBe(client.socket.OPEN);
      client.close();
      await secure.close();
    },
    patienceMs,
  );

  test(
    'S05: a client that asks for more than it can read at once, and reads, gets all of it',
    async () => {
      const client = await Client.open(running.ws);
      const image_url = `data:image/png;base64,${'A'.repeat(8_400_000)}`;
      const item = { type: 'message', role: 'user', content: [{ type: 'input_image', image_url }] };
      client.send({ type: 'conversation.item.create', item: { ...item, id: 'image' } });
      for (let count = 0; count < 12; count++) client.send({ type: 'conversation.item.retrieve', item_id: 'image' });
      await client.log.wait(() => client.log.of('conversation.item.retrieved').length === 12);
      expect(client.socket.readyState).toBe(client.socket.OPEN);
      client.close();
    },
    patienceMs,
  );
});
