// Who speaks, in which voice.
import { describe, expect, it } from 'vitest';
import type { Voice } from '../../../src/engines/engine.ts';
import { isOwnSpeechModel } from '../../../src/engines/routing/protocol-ids.ts';
import { VoiceIds } from '../../../src/engines/routing/voice-ids.ts';
import { ids, NamedTts, service, voice } from './rig.ts';

const own = new NamedTts('own', [voice('Dennis'), voice('Olivia', 'female')]);
const second = new NamedTts('second', [voice('heart', 'female')]);
const eleven = new NamedTts('elevenlabs', [{ ...voice('21m00', 'female'), name: 'Rachel' }, voice('Adam')]);
const openai = new NamedTts('openai', [voice('alloy'), voice('marin', 'female')]);

/** Knows three names, and finds for each the first voice of its gender. */
function match(name: string, voices: readonly Voice[]): Voice | undefined {
  const gender = { dennis: 'male', olivia: 'female', marin: 'female' }[name.toLowerCase()];
  return voices.find((each) => each.gender === gender);
}

const speech = ids([own, second], {
  services: [service('elevenlabs', eleven, { alsoKnownAs: ['11labs'] }), service('openai', openai)],
  isProtocolOwn: isOwnSpeechModel,
});
const voices = new VoiceIds(speech, match);

function served(model: string, name: string): string | undefined {
  const route = voices.route(model, name);
  return route && `${route.id} ${route.voice}`;
}

describe('a voice', () => {
  it.each([
    ['', 'dennis', 'parley/own Dennis'],
    ['inworld-tts-1.5-mini', 'OLIVIA', 'parley/own Olivia'],
    ['', 'marin', 'parley/own Olivia'],
    ['', 'elevenlabs/Rachel', 'elevenlabs/elevenlabs-usual 21m00'],
    ['', '11labs/21m00', 'elevenlabs/elevenlabs-usual 21m00'],
    ['', 'elevenlabs/a-voice-of-my-account', 'elevenlabs/elevenlabs-usual a-voice-of-my-account'],
    ['elevenlabs/eleven_v3', 'Olivia', 'elevenlabs/eleven_v3 21m00'],
    ['elevenlabs/eleven_v3', 'openai/marin', 'elevenlabs/eleven_v3 21m00'],
    ['openai', 'elevenlabs/Adam', 'openai/openai-usual alloy'],
    ['elevenlabs', 'parley/Dennis', 'elevenlabs/elevenlabs-usual Adam'],
    ['', 'parley/Dennis', 'parley/own Dennis'],
    ['', 'second/heart', 'parley/second heart'],
    ['', 'Nobody', undefined],
    ['', 'parley/Nobody', undefined],
    ['elevenlabs', 'Nobody', undefined],
    ['nobody/x', 'Dennis', undefined],
  ])('F31: model “%s” with voice %s is %s', (model, name, expected) => {
    expect(served(model, name)).toBe(expected);
  });

  it('F31: is listed by its own name where the usual engine has it, else with its provider, and each listed one is served', () => {
    const listed = voices.offered.map(({ id }) => id);
    expect(listed).toEqual(['Dennis', 'Olivia', 'second/heart', 'elevenlabs/21m00', 'elevenlabs/Adam', 'openai/alloy', 'openai/marin']);
    for (const id of listed) expect(voices.has(id) && voices.route('', id)?.voice).toBe(id.split('/').at(-1));
  });

  it('those that look like it are named where there is none', () => {
    expect(voices.nearest('Dennys')).toEqual(['Dennis']);
    expect(voices.has('Dennys')).toBe(false);
  });
});
