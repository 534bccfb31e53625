// The sound of whole items: minutes of it at once, and the other sessions have their turn all the while.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { resample } from '../../src/media/resample.ts';
import { toBytes } from '../../src/media/pcm.ts';
import { decoded, encoded, fromBase64 } from '../../src/pipeline/item-sound.ts';
import type { AudioFormat } from '../../src/protocol/audio-format.ts';
import { ItemSounds } from '../../src/pipeline/item-sounds.ts';
import { noise, openRig, settled, turnsDuring } from '../rig.ts';
import { FakeEngines } from './fake-engines.ts';

const mib = 1024 * 1024;
const formats: AudioFormat[] = [
  { type: 'audio/pcm', rate: 24_000 },
  { type: 'audio/pcm', rate: 44_100 },
  { type: 'audio/pcm', rate: 16_000 },
  { type: 'audio/pcmu' },
];

describe('B13: minutes of sound in one item', () => {
  test('are decoded and resampled as though it had been done at once, whatever the format', async () => {
    const sound = noise(7000, 24_000);
    expect(await decoded(toBytes(sound), { type: 'audio/pcm', rate: 24_000 })).toEqual(
      resample({ samples: sound, rateHz: 24_000 }, 16_000).samples,
    );
    for (const format of formats) {
      const bytes = await encoded(noise(7000), format);
      expect(Math.abs((await decoded(bytes, format)).length - 7000 * 16)).toBeLessThanOrEqual(1);
    }
    const bytes = Buffer.from(Array.from({ length: 300_001 }, (_, at) => at % 251));
    expect(Buffer.from(await fromBase64(bytes.toString('base64')))).toEqual(bytes);
    expect(await decoded(new Uint8Array(3), { type: 'audio/pcm', rate: 24_000 })).toHaveLength(1);
  });

  test('do not keep the other sessions waiting while they are heard: there are many pauses', async () => {
    const rig = openRig({ format: { type: 'audio/pcm', rate: 24_000 } });
    await rig.settle();
    const content = [{ type: 'input_audio', audio: Buffer.alloc(8 * mib).toString('base64') }];
    rig.client({ type: 'conversation.item.create', item: { id: 'long', type: 'message', role: 'user', content } });
    const turns = await turnsDuring(
      (async () => {
        while (rig.stt.calls.length === 0) await setImmediate();
      })(),
    );
    expect(turns).toBeGreaterThan(80);
    expect(rig.stt.calls[0]?.samples).toHaveLength(Math.ceil((8 * mib) / 3));
  });

  test('nor while they are retrieved, and what the client says next is answered after them', async () => {
    const rig = openRig({ format: { type: 'audio/pcm', rate: 24_000 } });
    await rig.settle();
    const content = [{ type: 'input_audio', audio: Buffer.alloc(3 * mib).toString('base64') }];
    rig.client({ type: 'conversation.item.create', item: { id: 'long', type: 'message', role: 'user', content } });
    while (rig.stt.calls.length === 0) await setImmediate();
    await rig.settle();
    rig.client({ type: 'conversation.item.retrieve', item_id: 'long' });
    rig.client({ type: 'conversation.item.delete', item_id: 'long' });
    const turns = await turnsDuring(
      (async () => {
        while (rig.all('conversation.item.deleted').length === 0) await setImmediate();
      })(),
    );
    expect(turns).toBeGreaterThan(30);
    expect(rig.transport.trace.slice(-2)).toEqual(['conversation.item.retrieved', 'conversation.item.deleted']);
  });

  test('wait as they were sent while as much as the recogniser may be given at a time is on its way', async () => {
    const rig = openRig({ format: { type: 'audio/pcmu' } });
    rig.stt.script = undefined;
    await rig.settle();
    // 17 minutes of G.711 are 32 MiB of samples.
    for (const id of ['a', 'b', 'c']) {
      const content = [{ type: 'input_audio', audio: Buffer.alloc(5 * mib, 0xff).toString('base64') }];
      rig.client({ type: 'conversation.item.create', item: { id, type: 'message', role: 'user', content } });
    }
    rig.client({ type: 'conversation.item.delete', item_id: 'b' });
    while (rig.all('conversation.item.deleted').length === 0) await setImmediate();
    expect(rig.stt.calls).toHaveLength(1);
    rig.stt.calls[0]?.say('One.');
    while (rig.stt.calls.length < 2) await setImmediate();
    rig.stt.calls[1]?.say('Three.');
    await rig.settle();
    expect(rig.all('conversation.item.input_audio_transcription.completed').map(({ item_id }) => item_id)).toEqual(['a', 'c']);
  });

  test('are dropped with their item, those that wait and those that are being recognised', async () => {
    const rig = openRig({ format: { type: 'audio/pcmu' } });
    rig.stt.script = undefined;
    await rig.settle();
    const content = [{ type: 'input_audio', audio: Buffer.alloc(mib, 0xff).toString('base64') }];
    // More than are recognised at a time.
    for (let count = 0; count < 12; count++) {
      rig.client({ type: 'conversation.item.create', item: { id: `i${count}`, type: 'message', role: 'user', content } });
      rig.client({ type: 'conversation.item.delete', item_id: `i${count}` });
    }
    while (rig.all('conversation.item.deleted').length < 12) await setImmediate();
    await rig.settle();
    expect(rig.stt.calls.map(({ closed }) => closed)).toEqual(rig.stt.calls.map(() => true));
    rig.client({ type: 'conversation.item.create', item: { id: 'last', type: 'message', role: 'user', content } });
    const begun = rig.stt.calls.length;
    while (rig.stt.calls.length === begun) await setImmediate();
    rig.stt.calls.at(-1)?.say('Last.');
    await rig.settle();
    expect(rig.all('conversation.item.input_audio_transcription.completed').map(({ item_id }) => item_id)).toEqual(['last']);
    expect(rig.all('conversation.item.input_audio_transcription.failed')).toEqual([]);
  });
});

describe('A4: sounds that wait for their words', () => {
  /** Twenty minutes at 8 kHz: no two of them are recognised at a time. */
  const sound = new Uint8Array(10 * mib);
  function held() {
    const recognised: string[] = [];
    const sounds = new ItemSounds({
      decoder: new FakeEngines().decoder,
      recognise: (item) => {
        recognised.push(item);
        return new Promise(() => {});
      },
      onFailure: (_, error) => {
        throw error;
      },
    });
    return { sounds, recognised };
  }

  test('go with their item while another is being recognised: there is always room for those that come', async () => {
    const { sounds, recognised } = held();
    await sounds.take('first', sound, { type: 'audio/pcmu' });
    for (let count = 0; count < 40; count++) {
      await sounds.take('again', sound, { type: 'audio/pcmu' });
      sounds.forget('again');
    }
    expect(recognised).toEqual(['first']);
  });

  test('hold back the next event when they are too many, until one has gone', async () => {
    const { sounds } = held();
    for (const item of ['first', 'a', 'b', 'c']) await sounds.take(item, sound, { type: 'audio/pcmu' });
    let taken = false;
    const taking = sounds.take('d', sound, { type: 'audio/pcmu' }).then(() => {
      taken = true;
    });
    await settled();
    expect(taken).toBe(false);
    sounds.forget('b');
    await taking;
  });

  test('hold back nothing any more once the session is over', async () => {
    const { sounds } = held();
    for (const item of ['first', 'a', 'b', 'c']) await sounds.take(item, sound, { type: 'audio/pcmu' });
    const taking = sounds.take('d', sound, { type: 'audio/pcmu' });
    await settled();
    sounds.close();
    await expect(taking).resolves.toBeUndefined();
  });
});
