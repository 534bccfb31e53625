// Clients as Inworld's documents write them: one with the habits of its WebSocket sample, that sample itself where the documents lie
// beside the repository, and the steps of its usage guide.
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { toBytes } from '../../src/media/pcm.ts';
import { field } from '../e2e/support/events.ts';
import { documentedSample, fixture, Sample } from '../e2e/support/sample.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';
import { base64, Microphone, overlap, rateHz, samplesOf, say, understand, wordsOf } from '../e2e/support/speech.ts';
import { testTypes } from '../e2e/support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
const leave: (() => void)[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'real' });
});

afterEach(() => {
  for (const task of leave.splice(0)) task();
});

afterAll(async () => {
  await running.close();
});

/** The WebSocket sample with another host, a speaker that counts, and its own sendAudioChunk within the test's reach. */
function websocketSample(source: string): Sample {
  const program = source.replace('wss://api.inworld.ai', running.ws);
  const around = `
    globalThis.playAudio = (audio) => console.log('Played', audio.length, 'bytes');
    globalThis.fromTest = ({ audio, call }) => audio ? sendAudioChunk(audio) : { cancelResponse, clearAudioBuffer }[call]();
  `;
  return started(new Sample(`${program}\n${around}`, { INWORLD_API_KEY: apiKey }));
}

/** Some pieces of the guide, on a socket of their own. */
function guide(path: string, pieces: readonly string[], around = ''): Sample {
  const all = new Map(
    fixture('inworld-guide.js.txt')
      .split(/^\/{4} /m)
      .slice(1)
      .map((piece) => [piece.split('\n', 1)[0] ?? '', piece.slice(piece.indexOf('\n'))]),
  );
  const program = `
    import WebSocket from 'ws';
    const ws = new WebSocket('${running.ws}${path}', { headers: { Authorization: 'Basic ${apiKey}' } });
    const handleError = (error) => console.error('Error:', error.code, error.message);
    globalThis.fromTest = (event) => ws.send(JSON.stringify(event));
    ${around}
    await new Promise((resolve) => ws.once('open', resolve));
    ${pieces.map((piece) => all.get(piece) ?? `throw new Error('no piece ${piece}');`).join('\n')}
  `;
  return started(new Sample(program, {}));
}

function started(sample: Sample): Sample {
  leave.push(() => sample.stop());
  return sample;
}

const inworldPath = '/api/v1/realtime/session?key=my-session&protocol=realtime';

const documented = documentedSample('WebSocket');
const samples: [string, string][] = [['a client of its habits', fixture('eager-client.js.txt')]];
if (documented !== undefined) samples.push(['the WebSocket sample itself', documented]);

test.each(samples)('%s is greeted once and does not talk to itself', async (_name, source) => {
  const sample = websocketSample(source);
  const { log } = sample;
  await log.wait('response.done');
  // It asks for another answer with every item that is done, its own answer's as well.
  await pass(6500);
  expect(sample.running).toBe(true);
  expect(sample.output).toContain('WebSocket connected');
  expect(log.of('response.created')).toHaveLength(1);
  expect(log.of('response.done')).toHaveLength(1);
  expect(log.of('error').length).toBeLessThanOrEqual(1);
  expect(log.text('response.output_audio_transcript.delta')).toMatch(/\w/);
  expect(sample.output).toMatch(/Played [1-9]\d* bytes/);
  expect(field(log.of('session.updated')[0] ?? { type: '' }, 'session.audio.output.voice')).toBe('Clive');
});

test.each(samples)('%s: the audio it sends is heard and answered once', async (_name, source) => {
  const sample = websocketSample(source);
  const { log } = sample;
  await log.wait('response.done');
  const mark = log.mark;
  const mic = new Microphone((frame) => sample.tell({ audio: base64(frame) }));
  leave.push(() => mic.stop());
  await mic.speak(await say(running.server, 'Can you hear me?'));
  await log.wait('conversation.item.input_audio_transcription.completed', mark);
  const done = await log.wait('response.done', mark);
  expect(field(done, 'response.status')).toBe('completed');
  expect(log.text('response.output_audio_transcript.delta', field(done, 'response.output.0.id'))).toMatch(/hear you/i);
  await pass(2500);
  expect(sample.output).toMatch(/Speech started at \d+ ms[^]*Speech stopped at \d+ ms[^]*Transcription complete: .*hear me/i);
  expect(log.of('response.created')).toHaveLength(2);
  mic.stop();
  sample.tell({ call: 'clearAudioBuffer' });
  await log.wait('input_audio_buffer.cleared', mark);
  expect(sample.running).toBe(true);
});

test.each(samples)('%s is interrupted in a long answer by what it hears, and answers that once', async (_name, source) => {
  const sample = websocketSample(source);
  const { log } = sample;
  await log.wait('response.done');
  const mark = log.mark;
  const mic = new Microphone((frame) => sample.tell({ audio: base64(frame) }));
  leave.push(() => mic.stop());
  const objection = await say(running.server, 'Please stop now.');
  // Of the embedded voices the one whose "count" is best understood.
  await mic.speak(await say(running.server, 'Count from one thousand to two thousand.', 'Dennis'));
  const answer = await log.wait('response.output_audio.delta', mark);
  const heardSeconds = 1.5;
  await pass(heardSeconds * 1000);
  await mic.speak(objection);
  const cut = await log.wait('response.done', mark);
  expect(field(cut, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
  const done = await log.wait((event) => event.type === 'response.done' && event !== cut, mark);
  expect(field(done, 'response.status')).toBe('completed');
  // It asks for an answer with the item that was cut and with the objection too.
  await pass(1000);
  expect(log.of('response.created')).toHaveLength(3);
  expect(sample.output).toMatch(/Transcription complete: .*count[^]*Speech started at \d+ ms[^]*Transcription complete: .*stop/i);
  const kept = String(
    log.of('response.output_audio_transcript.done').find((event) => event['item_id'] === answer['item_id'])?.['transcript'],
  );
  expect(wordsOf(kept)).toEqual(expect.arrayContaining(['one', 'thousand']));
  expect(wordsOf(kept).length).toBeLessThan(60);
  const deltas = log.of('response.output_audio.delta').filter((event) => event['item_id'] === answer['item_id']);
  const heard = samplesOf(deltas.map(({ delta }) => String(delta))).subarray(0, heardSeconds * rateHz);
  expect(wordsOf(await understand(running.server, heard))).toContain('thousand');
  // Nothing of it comes after its end.
  expect(log.all.slice(log.all.indexOf(cut) + 1).filter((event) => event['response_id'] === field(cut, 'response.id'))).toEqual([]);
  expect(sample.running).toBe(true);
});

const horoscope = "const fetchHoroscope = (sign) => ({ horoscope: 'A golden key awaits ' + sign + '.' });";
const question = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is the horoscope for Aries?' }] };

test.each([
  ["Inworld's path, where the server goes on by itself", inworldPath],
  ["OpenAI's path, where the client asks for it", '/v1/realtime?model=gpt-realtime'],
])("the guide's function call is answered once with its result on %s", async (_where, path) => {
  const sample = guide(path, ['register a tool', 'handle the function call', 'monitor errors'], horoscope);
  const { log } = sample;
  await log.wait('session.updated');
  sample.tell({ type: 'conversation.item.create', item: question });
  sample.tell({ type: 'response.create' });
  const call = await log.wait('response.function_call_arguments.done');
  expect(JSON.parse(String(call['arguments']))).toEqual({ sign: expect.stringMatching(/^aries$/i) as string });
  const spoken = await log.wait('response.output_audio_transcript.done');
  expect(String(spoken['transcript'])).toMatch(/golden key/i);
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.output.0.type') === 'message');
  await pass(1500);
  expect(log.of('response.created')).toHaveLength(2);
  expect(sample.output).toBe('');
  expect(log.of('error')).toEqual([]);
});

test("the guide's settings take effect one by one, under the names it gives them", async () => {
  const { log } = guide(inworldPath, ['configure a session', 'choose a model', 'choose a voice', 'choose a speech model']);
  await log.wait((event) => event.type === 'session.updated' && field(event, 'session.audio.output.model') === 'inworld-tts-1.5-max');
  const updates = log.of('session.updated');
  expect(updates).toHaveLength(4);
  expect(updates.map((event) => field(event, 'session.audio.output.voice'))).toEqual(['Clive', 'Clive', 'Olivia', 'Olivia']);
  const last = updates.at(-1) ?? { type: '' };
  expect(field(last, 'session')).toMatchObject({
    model: 'openai/gpt-4o-mini',
    temperature: 0.8,
    instructions: 'You are a friendly narrator.',
  });
  expect(field(last, 'session.audio.input.turn_detection')).toMatchObject({ type: 'semantic_vad', interrupt_response: true });
  expect(log.of('error')).toEqual([]);
});

test("the guide's recorded audio is recognised, and both of its inputs are in the conversation", async () => {
  const recorded = base64(toBytes(await say(running.server, 'Can you hear me?')));
  const sample = guide(inworldPath, ['send recorded audio'], `const base64AudioData = '${recorded}';`);
  const { log } = sample;
  const words = await log.wait('conversation.item.input_audio_transcription.completed');
  expect(overlap('can you hear me', String(words['transcript']))).toBeGreaterThanOrEqual(0.75);
  sample.tell({ type: 'response.create' });
  const spoken = await log.wait('response.output_audio_transcript.done');
  expect(String(spoken['transcript'])).toMatch(/hear you/i);
});

testTypes();
