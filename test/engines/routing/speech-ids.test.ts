// Who hears, or speaks, under which id.
import { describe, expect, it } from 'vitest';
import { isOwnRecogniser, isOwnSpeechModel } from '../../../src/engines/routing/protocol-ids.ts';
import { ids, NamedStt, service } from './rig.ts';

const own = new NamedStt('own');
const second = new NamedStt('second');
const deepgram = new NamedStt('deepgram');
const openai = new NamedStt('openai');
const services = [
  service('deepgram', deepgram, { alsoKnownAs: ['dg'], bareModels: /^nova-/ }),
  service('openai', openai, { bareModels: /^gpt-4o(?:-mini)?-transcribe/ }),
];
const parts = { services, aliases: new Map([['ours', 'deepgram/nova-3']]), isProtocolOwn: isOwnRecogniser };

/** Who serves an id, and as which. */
function served(id: string, more: Partial<typeof parts> & { usual?: string } = {}): string | undefined {
  const route = ids([own, second], { ...parts, ...more }).route(id);
  return route && `${route.engine.info.id}: ${route.model} (${route.id})`;
}

describe('a recogniser', () => {
  it.each([
    ['deepgram/nova-3', 'deepgram: nova-3 (deepgram/nova-3)'],
    ['dg/nova-3', 'deepgram: nova-3 (deepgram/nova-3)'],
    ['deepgram', 'deepgram: deepgram-usual (deepgram/deepgram-usual)'],
    ['nova-3', 'deepgram: nova-3 (deepgram/nova-3)'],
    ['deepgram-small', 'deepgram: deepgram-small (deepgram/deepgram-small)'],
    ['ours', 'deepgram: nova-3 (deepgram/nova-3)'],
    ['gpt-4o-mini-transcribe', 'openai: gpt-4o-mini-transcribe (openai/gpt-4o-mini-transcribe)'],
    ['openai/whisper-1', 'openai: whisper-1 (openai/whisper-1)'],
    ['parley/second', 'second: second (parley/second)'],
    ['second', 'second: second (parley/second)'],
    ['parley', 'own: own (parley/own)'],
    ['parley/of-another-server', 'own: own (parley/own)'],
    ['', 'own: own (parley/own)'],
  ])('F21: %s is served by %s', (id, expected) => {
    expect(served(id)).toBe(expected);
  });

  it.each(['whisper-1', 'inworld/inworld-stt-1', 'assemblyai/universal-streaming-multilingual', 'gpt-realtime-whisper'])(
    'F21: that a client of the protocol names by itself, %s, is whoever hears those who name none, unless its service is there',
    (id) => {
      expect(served(id)).toBe('own: own (parley/own)');
      expect(served(id, { usual: 'deepgram/nova-3' })).toBe('deepgram: nova-3 (deepgram/nova-3)');
      const assemblyai = service('assemblyai', new NamedStt('assemblyai'));
      const there = served(id, { services: [assemblyai] });
      expect(there?.startsWith('assemblyai')).toBe(id.startsWith('assemblyai/'));
    },
  );

  it('F21: that nobody serves is none once there is a service, and everybody is served while there is none', () => {
    for (const id of ['soniox/other', 'gladia', 'cartesia/ink-whisper', 'anything at all']) {
      expect(served(id)).toBeUndefined();
      expect(served(id, { services: [] })).toBe('own: own (parley/own)');
    }
  });

  it('the nearest ids are those that somebody may have meant', () => {
    const all = ids([own], parts);
    expect(all.nearest('deepgram/deepgram-usal')).toEqual(['deepgram/deepgram-usual', 'deepgram/deepgram-small']);
    expect(all.nearest('deepgrm/deepgram-small')).toContain('deepgram/deepgram-small');
    expect(all.nearest('zzzzzzzzzz')).toEqual([]);
  });

  it('an id says by itself who is meant, or it does not', () => {
    const all = ids([own, second], parts);
    expect(['deepgram/x', 'dg', 'nova-2', 'parley', 'second', 'ours'].map((id) => all.namesEngine(id))).toEqual(
      Array.from({ length: 6 }, () => true),
    );
    expect(['', 'whisper-1', 'inworld/inworld-stt-1', 'gladia/x'].map((id) => all.namesEngine(id))).toEqual([false, false, false, false]);
  });
});

describe('an id of the protocol’s own', () => {
  it.each([
    ['inworld-tts-1.5-max', true],
    ['inworld/inworld-tts-2', true],
    ['tts-1-hd', true],
    ['gpt-4o-mini-tts', true],
    ['sonic-3', false],
    ['elevenlabs/eleven_flash_v2_5', false],
  ])('speech model %s: %s', (id, expected) => {
    expect(isOwnSpeechModel(id)).toBe(expected);
  });
});
