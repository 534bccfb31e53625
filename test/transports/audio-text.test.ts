// The fast path of sound: base64 in, checked by nothing but its length, and base64 out, written by hand.
import { describe, expect, test } from 'vitest';
import { RealtimeError } from '../../src/protocol/errors.ts';
import { audioDelta, decodeAudio } from '../../src/transports/audio-text.ts';

/** The error that the sound of an append is refused with. */
function refusal(audio: unknown): unknown {
  try {
    return decodeAudio(audio);
  } catch (error) {
    return error instanceof RealtimeError ? [error.code, error.param] : error;
  }
}

describe('the sound of an append', () => {
  test('C06: is the bytes that the base64 stands for, padded or not, and may be none', () => {
    for (const length of [0, 1, 2, 3, 4, 961]) {
      const bytes = Buffer.from(Array.from({ length }, (_, at) => (at * 37) % 256));
      const audio = bytes.toString('base64');
      for (const spelling of [audio, audio.replace(/=+$/, '')]) expect(Buffer.from(decodeAudio(spelling))).toEqual(bytes);
    }
  });

  test('C06: may be 15 MiB in one event, and not a byte more', () => {
    const most = 15 * 1024 * 1024;
    expect(decodeAudio(Buffer.alloc(most).toString('base64'))).toHaveLength(most);
    expect(refusal(Buffer.alloc(most + 1).toString('base64'))).toEqual(['invalid_value', 'audio']);
  });

  test.each([
    ['of MIME, with line breaks', 'AAEC\r\nAwQF\n'],
    ['with spaces', ' AAEC AwQF '],
    ['without padding, broken', 'AAEC\nAw'],
  ])('C06: is read as encoders write it: %s', (_, audio) => {
    const bytes = decodeAudio(audio);
    expect([...bytes]).toEqual([0, 1, 2, 3, 4, 5].slice(0, bytes.length));
    expect(bytes.length).toBeGreaterThan(3);
  });

  test('C06: may be in the alphabet of URLs', () => {
    expect(Buffer.from(decodeAudio('-_-_'))).toEqual(Buffer.from('+/+/', 'base64'));
  });

  test.each(['***', 'AAAA AAA*', 'AAAAA\n', 'AA=AA', 'AAAA====AAAA', 'A€AA', 'AAAA*AAAA', 'AAAAA', '{"a":1}'])(
    'C07: is refused when it is %j',
    (audio) => {
      expect(refusal(audio)).toEqual(['invalid_value', 'audio']);
    },
  );

  test('C06: must be there, as a string', () => {
    expect(refusal(undefined)).toEqual(['missing_required_parameter', 'audio']);
    for (const wrong of [null, 5, [0, 0], {}]) expect(refusal(wrong)).toEqual(['invalid_type', 'audio']);
  });
});

test('S37 S52: an answer’s sound is base64 in an event that names its place, whichever dialect names the event', () => {
  const place = {
    eventId: 'event_7',
    response: 'resp_1',
    item: 'item_2',
    outputIndex: 1,
    contentIndex: 0,
    format: { type: 'audio/pcm', rate: 24_000 },
  } as const;
  // A view into a larger buffer: its neighbours are not sent.
  const bytes = Uint8Array.of(9, 0, 127, 255, 9).subarray(1, 4);
  for (const type of ['response.output_audio.delta', 'response.audio.delta'] as const) {
    expect(JSON.parse(audioDelta(type, place, bytes))).toEqual({
      type,
      event_id: 'event_7',
      response_id: 'resp_1',
      item_id: 'item_2',
      output_index: 1,
      content_index: 0,
      delta: Buffer.from([0, 127, 255]).toString('base64'),
    });
  }
});
