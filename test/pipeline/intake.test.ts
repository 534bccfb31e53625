// What comes in by another way than plain sound: noise to be reduced, files inside items, images by address. Events keep their place after the sound.
import { expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { writeWav } from '../../src/media/wav.ts';
import { Intake } from '../../src/pipeline/intake.ts';
import { concat } from '../../src/media/pcm.ts';
import { openRig, scene, settled } from '../rig.ts';
import { FakeEngines } from './fake-engines.ts';

const manual = { audio: { input: { turn_detection: null } } };

test('F20: sound is cleaned before it is listened for speech, and a commit waits for what was sent before it', async () => {
  const rig = openRig();
  rig.engines.denoiser.held = true;
  rig.client({ type: 'session.update', session: { audio: { input: { turn_detection: null, noise_reduction: { type: 'far_field' } } } } });
  await settled();
  expect(rig.engines.denoiser.opened).toEqual(['far_field']);
  rig.sound(scene(500));
  rig.client({ type: 'input_audio_buffer.commit' });
  await settled();
  expect(rig.all('input_audio_buffer.committed')).toHaveLength(0);
  rig.engines.denoiser.held = false;
  for (const release of rig.engines.denoiser.waiting.splice(0)) release();
  await settled();
  expect(rig.all('input_audio_buffer.committed')).toHaveLength(1);
  expect(rig.all('error')).toHaveLength(0);
});

test('F20: beside the clean sound comes the sound as it was sent, sample by sample, however noise reduction is switched on and off', async () => {
  const engines = new FakeEngines();
  engines.denoiser.delayMs = 10;
  const heard: Int16Array[] = [];
  const clean: Int16Array[] = [];
  const input = (noise_reduction: { type: 'near_field' } | null) =>
    ({ format: { type: 'audio/pcm', rate: 24_000 }, transcription: null, noise_reduction, turn_detection: null }) as const;
  const onSound = (samples: Int16Array, cleaned: Int16Array) => {
    heard.push(samples);
    clean.push(cleaned);
  };
  const take = (intake: Intake, seed: number) =>
    intake.take(new Uint8Array(Int16Array.from({ length: 480 }, (_, i) => 8000 * Math.sin((seed * 480 + i) / 15)).buffer));
  const onFault = (error: unknown) => expect.fail(String(error));
  const plain: Int16Array[] = [];
  const origin = { key: 'key_1', session: 'sess_1' };
  const unreduced = new Intake(engines, input(null), { origin, onSound: (samples) => plain.push(samples), onFault });
  const intake = new Intake(engines, input(null), { origin, onSound, onFault });
  for (let chunk = 0; chunk < 40; chunk++) {
    if (chunk === 10 || chunk === 30) intake.configure(input({ type: 'near_field' }));
    if (chunk === 25) intake.configure(input(null));
    take(unreduced, chunk);
    take(intake, chunk);
  }
  intake.flush();
  await intake.settled;
  const all = concat(plain);
  const sent = concat(heard);
  const halved = concat(clean);
  const at = (chunk: number) => chunk * 320;
  expect(sent).toEqual(all);
  expect(halved).toHaveLength(all.length);
  expect(halved.subarray(0, at(10) - 40)).toEqual(all.subarray(0, at(10) - 40));
  expect(halved.subarray(at(12), at(20))).toEqual(all.subarray(at(12), at(20)).map((sample) => sample / 2));
  expect(halved.subarray(at(26), at(29))).toEqual(all.subarray(at(26), at(29)));
});

test('F20: noise reduction is as strong as the last update says, which may say nothing else', async () => {
  const rig = openRig();
  const reduce = async (noise_reduction: object | null) => {
    rig.client({ type: 'session.update', session: { audio: { input: { noise_reduction } } } });
    await settled();
  };
  for (const said of [{ type: 'far_field' }, { strength: 0.5 }, { strength: 0.5 }, { type: 'near_field' }, null, { strength: 0.25 }])
    await reduce(said);
  expect(rig.engines.denoiser.opened).toEqual(['far_field', 'far_field 0.5', 'near_field 0.5', 'near_field 0.25']);
  expect(rig.engines.denoiser.openStreams).toBe(1);
});

test('F20: turning noise reduction off lets go of the denoiser', async () => {
  const rig = openRig();
  rig.client({ type: 'session.update', session: { audio: { input: { noise_reduction: { type: 'near_field' } } } } });
  await settled();
  expect(rig.engines.denoiser.openStreams).toBe(1);
  rig.client({ type: 'session.update', session: { audio: { input: { noise_reduction: null } } } });
  await settled();
  expect(rig.engines.denoiser.openStreams).toBe(0);
});

test('F20: no more sound is taken in than a second that has not been cleaned yet, and all of it once it has', async () => {
  const rig = openRig();
  const { denoiser } = rig.engines;
  rig.client({ type: 'session.update', session: { audio: { input: { noise_reduction: { type: 'near_field' } } } } });
  await settled();
  denoiser.held = true;
  rig.sound(scene(3000), 640);
  await settled();
  expect(denoiser.waiting.length).toBeGreaterThan(45);
  expect(denoiser.waiting.length).toBeLessThanOrEqual(51);
  denoiser.held = false;
  for (const release of denoiser.waiting.splice(0)) release();
  await rig.settle();
  expect(rig.vad.stream.pushed).toBe(Math.floor((3000 * 16) / 512));
});

const file = Buffer.from(writeWav({ samples: new Int16Array(100), rateHz: 16_000 })).toString('base64');
const item = { type: 'message', role: 'user', content: [{ type: 'input_audio', audio: file }] };

test('C19: a file inside an item is decoded and recognised', async () => {
  const rig = openRig();
  rig.client({ type: 'session.update', session: manual });
  rig.engines.decoder.result = { samples: new Int16Array(16_000).fill(900), rateHz: 16_000 };
  rig.client({ type: 'conversation.item.create', item });
  await settled();
  expect(rig.engines.fakeStt.calls).toHaveLength(1);
  expect(rig.engines.decoder.read).toBe(1);
});

test('a file that cannot be read fails its transcription with the reason', async () => {
  const rig = openRig();
  rig.engines.decoder.result = new EngineError('opus', 'rejected', 'no Opus', { forClient: 'The Ogg file holds no Opus.' });
  rig.client({ type: 'conversation.item.create', item });
  await settled();
  const [failed] = rig.all('conversation.item.input_audio_transcription.failed');
  expect(failed?.error).toMatchObject({ code: 'rejected', message: 'The Ogg file holds no Opus.' });
});

test('C20: a model is given what is at an image’s address, or told that it could not be had', async () => {
  const rig = openRig();
  const image = (image_url: string) => ({ type: 'input_image', image_url });
  const content = [
    { type: 'input_text', text: 'Look.' },
    image('https://pictures.example/cat.png'),
    image('https://pictures.example/missing.png'),
  ];
  rig.client({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
  rig.client({ type: 'response.create' });
  await settled();
  expect(rig.engines.fakeLlm.last.prompt.turns).toEqual([
    {
      role: 'user',
      parts: [
        { type: 'text', text: 'Look.' },
        { type: 'image', url: 'data:image/png;base64,AAAA', detail: 'auto' },
        { type: 'text', text: '(an image that could not be loaded: its server answered 404)' },
      ],
    },
  ]);
});
