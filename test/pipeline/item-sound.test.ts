// The sound of whole items: minutes of it at once, and the other sessions have their turn all the while.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { resample } from '../../src/media/resample.ts';
import { toBytes } from '../../src/media/pcm.ts';
import { decoded, encoded, fromBase64 } from '../../src/pipeline/item-sound.ts';
import type { AudioFormat } from '../../src/protocol/audio-format.ts';
import { noise, openRig, turnsDuring } from '../rig.ts';

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
});
