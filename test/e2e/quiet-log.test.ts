// What a session is about does not come into the log, at any level, whatever goes well or wrong in it.
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Log } from '../../src/lib/log.ts';
import { Client } from './support/client.ts';
import { field } from './support/events.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';

const lines: string[] = [];

function keeping(about: object): Log {
  const keep = (fields: object, message: string) => void lines.push(`${message} ${inspect({ ...about, ...fields }, { depth: 10 })}`);
  return { debug: keep, info: keep, warn: keep, error: keep, child: (more) => keeping({ ...about, ...more }) };
}

let running: RunningServer;
beforeAll(async () => {
  running = await startServer({
    engines: 'scripted',
    log: keeping({}),
    recorded: false,
    settings: { PARLEY_SCRIPTED: 'stt=10,llm=10,rate=200,tts=10' },
  });
});
afterAll(() => running.close());

test('the log holds no words, instructions, arguments, results, sound or credentials', async () => {
  const client = await Client.open(running.ws);
  client.send({
    type: 'session.update',
    session: {
      type: 'realtime',
      instructions: 'You keep the secret aardvark.',
      audio: { input: { turn_detection: null, transcription: { model: 'whisper-1', prompt: 'badger' } } },
      tools: [
        {
          type: 'function',
          name: 'look_up',
          description: 'Looks up a capybara.',
          parameters: { type: 'object', properties: { dingo: { type: 'string' } } },
        },
        {
          type: 'mcp',
          server_label: 'inside',
          server_url: 'http://127.0.0.1:9/echidna',
          authorization: 'Bearer ferret-0123456789',
          require_approval: 'never',
        },
      ],
    },
  });
  await client.log.wait('session.updated');
  client.say('Call the tool for the gazelle.');
  client.send({ type: 'response.create', response: { tools: [{ type: 'function', name: 'look_up', parameters: { type: 'object' } }] } });
  const called = await client.log.wait('response.done');
  const callId = field(called, 'response.output.0.call_id');
  expect(callId).toMatch(/^call_/);
  client.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output: 'hamster' } });
  // Faults name fields, not what is in them.
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'ibex', text: 'jackal' }] } });
  client.send({
    type: 'session.update',
    session: { type: 'realtime', audio: { input: { turn_detection: { type: 'kiwi' } } }, unheard: 'lemur' },
  });
  await client.log.wait('error');
  client.socket.send('{"type":"manatee"');
  client.send({ type: 'input_audio_buffer.append', audio: Buffer.from('narwhal'.repeat(10_000)).toString('base64') });
  client.send({ type: 'input_audio_buffer.commit' });
  const heard = await client.log.wait('conversation.item.input_audio_transcription.completed');
  client.send({ type: 'response.create', response: { instructions: 'Speak of the ocelot.' } });
  const answered = client.log.mark;
  await client.log.wait('response.done', answered);
  const created = await client.log.wait('session.created');
  const [id, token] = [String(field(created, 'session.id')), String(field(created, 'session.parley.resume.token'))];
  expect(token).toMatch(/^\w{43}$/);
  client.close();
  await client.closed;
  await expect.poll(() => lines.some((line) => line.startsWith('connection lost'))).toBe(true);
  // It comes back, and says goodbye.
  const back = new WebSocket(`${running.ws}/v1/realtime?resume=${id}&last_event=${String(field(created, 'event_id'))}`, {
    headers: { Authorization: `Bearer ${apiKey}`, 'Parley-Resume-Token': token },
  });
  await new Promise((resolve) => back.once('message', resolve));
  back.close(1000);

  await new Promise((resolve) =>
    new WebSocket(running.ws, { headers: { Authorization: 'Bearer panther-0123456789' } }).on('error', resolve),
  );
  await expect.poll(() => lines.some((line) => line.startsWith('session closed'))).toBe(true);

  const log = lines.join('\n');
  expect(log).toContain('session opened');
  const said = [
    'aardvark',
    'badger',
    'capybara',
    'dingo',
    'echidna',
    'ferret',
    'gazelle',
    'hamster',
    'jackal',
    'lemur',
    'manatee',
    'ocelot',
    'panther',
  ];
  const sound = [Buffer.from('narwhalnarwhal').toString('base64').slice(0, 12), 'narwhal'];
  const scripted = [String(field(heard, 'transcript')), 'This is a scripted reply'];
  expect([...said, ...sound, ...scripted, apiKey, token].filter((word) => log.includes(word))).toEqual([]);
});
