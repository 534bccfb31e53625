// Speech and transcriptions without a session, as OpenAI's client asks for them.
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readWav } from '../../src/media/wav.ts';
import { httpRig } from './rig.ts';

let rig: Awaited<ReturnType<typeof httpRig>>;
beforeEach(async () => {
  rig = await httpRig();
});
afterEach(() => rig.close());

const openai = (apiKey = rig.key.credential) => new OpenAI({ apiKey, baseURL: `${rig.url}/v1`, maxRetries: 0 });
const speech = (more: Partial<OpenAI.Audio.SpeechCreateParams> = {}) =>
  openai().audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'marin', input: 'Hello.', ...more });
const file = () => toFile(Buffer.from('sound'), 'sound.wav');

describe('speech', () => {
  test('is bare PCM where that is asked for, and a WAVE file where nothing is', async () => {
    const pcm = await speech({ response_format: 'pcm', speed: 1.2 });
    expect([...new Uint8Array(await pcm.arrayBuffer())]).toEqual([1, 2, 3, 4]);
    const wav = await speech();
    expect(wav.headers.get('content-type')).toBe('audio/wav');
    expect(readWav(new Uint8Array(await wav.arrayBuffer()))).toEqual({ samples: Int16Array.of(0x0201, 0x0403), rateHz: 24_000 });
    expect(rig.asked).toEqual([
      { text: 'Hello.', model: 'gpt-4o-mini-tts', voice: 'marin', speed: 1.2 },
      { text: 'Hello.', model: 'gpt-4o-mini-tts', voice: 'marin', speed: 1 },
    ]);
  });

  test('comes as events where they are asked for', async () => {
    const events = await (await speech({ stream_format: 'sse' })).text();
    expect(events).toContain('data: {"type":"speech.audio.delta","audio":"AQI="}\n\ndata: {"type":"speech.audio.delta","audio":"AwQ="}');
    expect(events.trimEnd().split('\n').at(-1)).toContain('"speech.audio.done"');
  });

  test.each([
    [{ response_format: 'mp3' as const }, 'response_format'],
    [{ input: '' }, 'input'],
    [{ input: 'a'.repeat(4097) }, 'input'],
    [{ speed: 9 }, 'speed'],
    [{ voice: 'Nobody' }, 'voice'],
  ])('of %j is refused by its field', async (more, param) => {
    await expect(speech(more)).rejects.toMatchObject({ status: 400, param });
  });

  test('is for those who have a key', async () => {
    await expect(openai('wrong').audio.speech.create({ model: 'x', voice: 'marin', input: 'Hi.' })).rejects.toMatchObject({ status: 401 });
  });
});

describe('a transcription', () => {
  const transcribe = (more: object = {}) =>
    openai().audio.transcriptions.create({ model: 'whisper-1', file: Buffer.alloc(0), ...more } as never);

  test('is the words of a file', async () => {
    const { text } = (await transcribe({ file: await file(), language: 'en', prompt: 'Names.' })) as { text: string };
    expect(text).toBe('Two words.');
    expect(rig.asked).toEqual([{ bytes: 5, model: 'whisper-1', language: 'en', prompt: 'Names.' }]);
  });

  test.each([
    ['text', 'Two words.\n'],
    ['srt', '1\n00:00:00,100 --> 00:01:01,005\nTwo words.\n'],
    ['vtt', 'WEBVTT\n\n00:00:00.100 --> 00:01:01.005\nTwo words.\n'],
  ])('may be %s', async (response_format, expected) => {
    expect(await transcribe({ file: await file(), response_format })).toBe(expected);
  });

  test('may tell when each word was said', async () => {
    expect(await transcribe({ file: await file(), response_format: 'verbose_json' })).toMatchObject({
      text: 'Two words.',
      language: 'en',
      duration: 61.5,
      words: [
        { word: 'Two', start: 0.1, end: 0.4 },
        { word: 'words.', start: 0.4, end: 61.005 },
      ],
      segments: [{ id: 0, start: 0.1, end: 61.005, text: 'Two words.' }],
    });
  });

  test('comes as events where they are asked for', async () => {
    const events: unknown[] = [];
    for await (const event of (await transcribe({ file: await file(), stream: true })) as unknown as AsyncIterable<unknown>)
      events.push(event);
    expect(events).toEqual([
      { type: 'transcript.text.delta', delta: 'Two words.' },
      { type: 'transcript.text.done', text: 'Two words.' },
    ]);
  });

  test.each([
    [{ response_format: 'diarized_json' }, 'response_format'],
    [{ language: 'a' }, 'language'],
  ])('of %j is refused by its field', async (more, param) => {
    await expect(transcribe({ file: await file(), ...more })).rejects.toMatchObject({ status: 400, param });
  });

  test('needs a file, in a form', async () => {
    const ask = (body: FormData | string, type?: string) =>
      fetch(`${rig.url}/v1/audio/transcriptions`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${rig.key.credential}`, ...(type ? { 'content-type': type } : {}) },
      });
    const empty = new FormData();
    empty.set('model', 'whisper-1');
    const broken = await ask('no form', 'multipart/form-data; boundary=x');
    for (const answer of [await ask(empty), await ask('{}', 'application/json'), broken]) {
      expect(answer.status).toBe(400);
      const { error } = (await answer.json()) as { error: { param: string } };
      expect(['file', 'body']).toContain(error.param);
    }
  });
});
