// One session that causes every event there is, and the proof that the check of types would notice a wrong one.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ServerEventType } from '../../src/protocol/server-events.ts';
import type { FarServer } from '../tools/mcp-rig.ts';
import { Client } from './support/client.ts';
import { decoders } from './support/decoders.ts';
import { field, type Match, type WireEvent } from './support/events.ts';
import { recorded } from './support/recorder.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { base64, say } from './support/speech.ts';
import { testTypes, typeFaults } from './support/types.ts';
import { loopbackAllowed, weatherServer, weatherTool } from './support/weather.ts';

vi.setConfig({ testTimeout: 60_000 });

/** A type that is added to the protocol must be caused here too: the compiler asks for it. One is the beta's alone, and must not come; one is for those who come back (resume.test.ts). */
const everyType: Record<Exclude<ServerEventType, 'conversation.created' | 'session.resumed'>, true> = {
  'session.created': true,
  'session.updated': true,
  error: true,
  'conversation.item.added': true,
  'conversation.item.done': true,
  'conversation.item.retrieved': true,
  'conversation.item.truncated': true,
  'conversation.item.deleted': true,
  'conversation.item.input_audio_transcription.delta': true,
  'conversation.item.input_audio_transcription.completed': true,
  'conversation.item.input_audio_transcription.segment': true,
  'conversation.item.input_audio_transcription.failed': true,
  'input_audio_buffer.committed': true,
  'input_audio_buffer.cleared': true,
  'input_audio_buffer.speech_started': true,
  'input_audio_buffer.speech_stopped': true,
  'input_audio_buffer.dtmf_event_received': true,
  'output_audio_buffer.started': true,
  'output_audio_buffer.stopped': true,
  'output_audio_buffer.cleared': true,
  'input_audio_buffer.timeout_triggered': true,
  'input_audio_buffer.turn_suggestion': true,
  'input_audio_buffer.turn_suggestion_revoked': true,
  'response.created': true,
  'response.done': true,
  'response.output_item.added': true,
  'response.output_item.done': true,
  'response.content_part.added': true,
  'response.content_part.done': true,
  'response.output_text.delta': true,
  'response.output_text.done': true,
  'response.output_audio_transcript.delta': true,
  'response.output_audio_transcript.done': true,
  'response.output_audio.delta': true,
  'response.output_audio.done': true,
  'response.function_call_arguments.delta': true,
  'response.function_call_arguments.done': true,
  'mcp_list_tools.in_progress': true,
  'mcp_list_tools.completed': true,
  'mcp_list_tools.failed': true,
  'response.mcp_call_arguments.delta': true,
  'response.mcp_call_arguments.done': true,
  'response.mcp_call.in_progress': true,
  'response.mcp_call.completed': true,
  'response.mcp_call.failed': true,
  'response.backchannel.audio.delta': true,
  'response.backchannel.audio.done': true,
  'response.backchannel.skipped': true,
  'rate_limits.updated': true,
};

let running: RunningServer;
let client: Client;
let far: FarServer;

beforeAll(async () => {
  running = await startServer({ engines: 'real', settings: { PARLEY_STT_PROCESSES: '1', ...loopbackAllowed } });
  far = await weatherServer();
  client = await Client.open(running.ws);
});

afterAll(async () => {
  client.close();
  await running.close();
  await far.die();
});

test('one session causes every event there is', async () => {
  const { log } = client;
  const update = (session: object) => client.send({ type: 'session.update', session: { type: 'realtime', ...session } });
  update({
    tools: [
      {
        type: 'function',
        name: 'get_weather',
        description: 'Fetch the weather',
        parameters: { type: 'object', properties: { location: { type: 'string' } } },
      },
    ],
    temperature: 0.7,
    max_output_tokens: 500,
    reasoning: { effort: 'low' },
    truncation: { type: 'retention_ratio', retention_ratio: 0.5 },
    include: ['item.input_audio_transcription.logprobs'],
    tool_choice: { type: 'function', name: 'get_weather' },
    tracing: { workflow_name: 'types' },
    audio: {
      input: {
        format: { type: 'audio/pcmu' },
        noise_reduction: { type: 'near_field' },
        turn_detection: { type: 'semantic_vad', eagerness: 'low' },
      },
      output: { format: { type: 'audio/pcma' }, voice: 'Olivia', speed: 1.2 },
    },
  });
  await log.wait('session.updated');
  update({
    tool_choice: 'auto',
    tracing: null,
    audio: {
      input: {
        format: { type: 'audio/pcm', rate: 24_000 },
        noise_reduction: null,
        transcription: { model: 'whisper-1', language: 'en', prompt: 'Weather in Paris.' },
        turn_detection: { type: 'server_vad', idle_timeout_ms: 1000 },
      },
      output: { format: { type: 'audio/pcm', rate: 24_000 }, speed: 1 },
    },
  });

  // Text, a function call with its output and a spoken answer to it.
  client.say('What is the weather in Paris?');
  client.send({ type: 'response.create', response: { metadata: { topic: 'weather' } } });
  const call = await log.wait('response.function_call_arguments.done');
  client.send({
    type: 'conversation.item.create',
    item: { type: 'function_call_output', call_id: call['call_id'], output: '{"condition":"rainy"}' },
  });
  client.send({ type: 'response.create', response: { output_modalities: ['text'] } });
  await log.wait('response.output_text.done');

  // A spoken turn, then silence until the server takes that for a turn as well.
  await client.microphone.speak(await say(running.server, 'What can you do?'));
  const spoken = await log.wait('response.output_audio_transcript.done');
  const idle = await log.wait('input_audio_buffer.timeout_triggered');
  await log.wait('response.done', log.all.indexOf(idle));
  update({ audio: { input: { turn_detection: null } } });
  client.send({ type: 'conversation.item.truncate', item_id: spoken['item_id'], content_index: 0, audio_end_ms: 600 });
  await log.wait('conversation.item.truncated');
  client.send({ type: 'conversation.item.retrieve', item_id: spoken['item_id'] });
  client.send({ type: 'conversation.item.retrieve', item_id: log.of('input_audio_buffer.committed')[0]?.['item_id'] });
  client.send({ type: 'conversation.item.delete', item_id: spoken['item_id'] });
  await log.wait('conversation.item.deleted');

  // Somebody who tells a story to a listener who acknowledges it, and then to one who does not.
  const listened = log.mark;
  for (const rule_fire_probability of [1, 0]) {
    const backchannel = { enabled: true, decider_kind: 'rule', rule_fire_probability };
    update({ providerData: { backchannel }, audio: { input: { turn_detection: { type: 'server_vad', create_response: false } } } });
    await client.microphone.speak(await say(running.server, 'Yesterday I went to the market to buy some apples and a loaf of bread.'));
  }
  await log.wait('response.backchannel.audio.done', listened);
  await log.wait('response.backchannel.skipped', listened);
  update({
    providerData: { backchannel: { enabled: false } },
    audio: { input: { turn_detection: null } },
  });

  // Out of band, called off, cut short by its budget, and with items of every role.
  const mark = log.mark;
  client.send({ type: 'response.create', response: { conversation: 'none', input: [], output_modalities: ['text'] } });
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.conversation_id') === null, mark);
  client.say('Count from one to two hundred.');
  client.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be calm.' }] },
  });
  client.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Of course.' }] },
  });
  client.say('Count from one to two hundred.');
  client.send({ type: 'response.create' });
  await log.wait('response.output_audio.delta', mark);
  client.send({ type: 'response.cancel' });
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.status') === 'cancelled', mark);
  client.say('Count from one to two hundred.');
  client.send({ type: 'response.create', response: { max_output_tokens: 5, output_modalities: ['text'] } });
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.status') === 'incomplete', mark);

  // Tools of a server: one that answers, one that refuses, one that needs leave, and a server that is not there.
  const nowhere = { type: 'mcp', server_label: 'nowhere', server_url: 'http://127.0.0.1:9/mcp' };
  const ask = async (tool: object, end: Match) => {
    const from = log.mark;
    update({ tools: [tool, nowhere] });
    client.say('What is the weather in Paris?');
    client.send({ type: 'response.create', response: { output_modalities: ['text'] } });
    return log.wait(end, from);
  };
  const finished = (kind: string) => (event: WireEvent) =>
    event.type === 'response.done' && field(event, 'response.output.0.type') === kind;
  await ask(weatherTool(far, 'never'), finished('message'));
  await log.wait('mcp_list_tools.failed', mark);
  far.handle = () => ({ isError: true, content: [{ type: 'text', text: 'No forecast today.' }] });
  await ask(weatherTool(far, 'never'), finished('message'));
  await log.wait('response.mcp_call.failed', mark);
  const asked = await ask(weatherTool(far, 'always'), finished('mcp_approval_request'));
  const denial = {
    type: 'mcp_approval_response',
    approval_request_id: field(asked, 'response.output.0.id'),
    approve: false,
    reason: 'No.',
  };
  const afterAsking = log.mark;
  client.send({ type: 'conversation.item.create', item: denial });
  await log.wait(finished('message'), afterAsking);
  update({ tools: [] });

  // A pause that is probably the end of a turn, and then is none.
  update({
    audio: { input: { turn_detection: { type: 'semantic_vad' } } },
    providerData: { stt: { turn_suggestions: true, end_of_turn_confidence_threshold: 0, min_end_of_turn_silence: 5000 } },
  });
  await client.microphone.speak(await say(running.server, 'What can you do?'));
  await log.wait('input_audio_buffer.turn_suggestion', mark);
  const clearing = log.mark;
  client.send({ type: 'input_audio_buffer.clear' });
  await log.wait('input_audio_buffer.turn_suggestion_revoked', mark);
  await log.wait('input_audio_buffer.cleared', clearing);
  update({ providerData: { stt: { min_end_of_turn_silence: null } } });

  // A recogniser that dies, and an event that nobody knows.
  const dying = log.mark;
  void client.microphone.speak(await say(running.server, 'Please tell me everything that you can do.'));
  client.send({ type: 'input_audio_buffer.clear' });
  update({ audio: { input: { turn_detection: { type: 'server_vad' } } } });
  await log.wait('conversation.item.input_audio_transcription.delta', dying);
  for (const pid of decoders()) process.kill(pid, 'SIGKILL');
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.status') === 'failed', dying);
  client.send({ type: 'no.such.event', event_id: 'mine' });
  await log.wait((event) => event.type === 'error' && field(event, 'error.event_id') === 'mine', mark);

  // A recogniser that tells voices apart.
  const scripted = await startServer({ engines: 'scripted' });
  const other = await Client.open(scripted.ws);
  other.send({ type: 'session.update', session: { audio: { input: { transcription: {}, turn_detection: null } } } });
  other.send({ type: 'input_audio_buffer.append', audio: base64(new Uint8Array(48_000)) });
  other.send({ type: 'input_audio_buffer.commit' });
  await other.log.wait('conversation.item.input_audio_transcription.segment');
  other.close();
  await scripted.close();

  const seen = new Set([...log.all, ...other.log.all].map((event) => event.type));
  // Those of calls are told to callers only: webrtc.test.ts has them.
  const ofCalls = /^output_audio_buffer\.|^input_audio_buffer\.dtmf_event_received$/;
  expect(Object.keys(everyType).filter((type) => !seen.has(type) && !ofCalls.test(type))).toEqual([]);
  expect([...seen].filter((type) => !Object.hasOwn(everyType, type))).toEqual([]);
});

testTypes();

test('an event that clients cannot use is noticed', async () => {
  const right = new Map(recorded().map((event) => [event.type, event]));
  const wrong: object[] = [
    { ...right.get('session.created'), event_id: 7 },
    { ...right.get('response.done'), response: { object: 'realtime.response', id: 'resp_1', status: 'finished' } },
    { ...right.get('response.content_part.done'), part: { type: 'output_audio', transcript: '' } },
    { ...right.get('response.output_audio.delta'), output_index: undefined },
    {
      ...right.get('response.output_item.added'),
      item: { type: 'message', role: 'assistant', content: [{ type: 'input_text', text: 1 }] },
    },
    { ...right.get('response.function_call_arguments.done'), arguments: null },
    { ...right.get('error'), error: 'no' },
    { type: 'response.audio.delta', event_id: 'event_1', delta: '' },
  ];
  const events = wrong as { type: string }[];
  const faults = await typeFaults(events);
  const noticed = new Set(faults.map((fault) => /"type":"([a-z_.]+)"/.exec(fault.slice(fault.indexOf(' in {')))?.[1]));
  expect(events.map(({ type }) => type).filter((type) => !noticed.has(type))).toEqual([]);
  expect(await typeFaults([...right.values()])).toEqual([]);
});
