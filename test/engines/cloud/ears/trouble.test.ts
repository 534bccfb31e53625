// What goes wrong with streaming services, the same for every adapter, and what it makes of it; and how connections are used again.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EngineError, Recognition, Stt } from '../../../../src/engines/engine.ts';
import { type Clock, ManualClock } from '../../../../src/lib/clock.ts';
import { hear, listen, recognised } from '../../../contract/stt.ts';
import { answering, type FakeConnection, FakeService, type Speaks } from './fake-service.ts';
import { assemblyAi, cartesia, deepgram, deepgramFlux, inworld, soniox } from './fakes.ts';
import { KEY, openEar } from './opening.ts';
import { first, second } from './speech.ts';

interface Subject {
  readonly name: string;
  readonly prefix: string;
  readonly model: string;
  readonly speaks: Speaks;
  /** What it says to a key that is none, once the connection stands. */
  readonly badKey: (connection: FakeConnection) => void;
  /** What it says when it asks for patience. */
  readonly busy: (connection: FakeConnection) => void;
  /** The last message of a connection that is closed in order, if it has one. */
  readonly farewells: readonly string[];
  /** One of its messages with a field that is not what it should be. */
  readonly misshapen: object;
}

const subjects: readonly Subject[] = [
  {
    name: 'Deepgram',
    prefix: 'deepgram',
    model: 'nova-3',
    speaks: deepgram,
    badKey: ({ ws }) => ws.close(1008, 'Invalid credentials'),
    busy: ({ ws }) => ws.close(1013, 'Try again later'),
    farewells: ['{"type":"CloseStream"}'],
    misshapen: { type: 'Results', is_final: true, channel: { alternatives: [{ transcript: 7 }] } },
  },
  {
    name: 'Deepgram Flux',
    prefix: 'deepgram',
    model: 'flux-general-en',
    speaks: deepgramFlux,
    badKey: ({ ws }) => ws.close(1008, 'Invalid credentials'),
    busy: ({ ws }) => ws.close(1013, 'Try again later'),
    farewells: ['{"type":"CloseStream"}'],
    misshapen: { type: 'TurnInfo', event: 'Update', audio_window_end: 'soon', transcript: '', words: [] },
  },
  {
    name: 'AssemblyAI',
    prefix: 'assemblyai',
    model: 'universal-streaming-english',
    speaks: assemblyAi,
    badKey: ({ ws }) => ws.close(1008, 'Unauthorized Connection: Missing Authorization header'),
    busy: (connection) => {
      connection.send({ type: 'Error', error_code: 1008, error: 'Unauthorized Connection: Too many concurrent sessions' });
      connection.ws.close(1008, 'See Error message for details');
    },
    farewells: ['{"type":"Terminate"}'],
    misshapen: { type: 'Turn', end_of_turn: true, transcript: 'hi', words: 'hi' },
  },
  {
    name: 'Inworld',
    prefix: 'inworld',
    model: 'inworld-stt-1',
    speaks: inworld,
    badKey: (connection) => {
      connection.send({ error: { code: 16, message: 'Invalid credentials', details: [] } });
      connection.ws.close(1000);
    },
    busy: (connection) => connection.send({ error: { code: 8, message: 'Resource exhausted', details: [] } }),
    farewells: ['{"closeStream":{}}'],
    misshapen: { result: { transcription: { transcript: 'hi', isFinal: 'yes' } } },
  },
  {
    name: 'Soniox',
    prefix: 'soniox',
    model: 'stt-rt-v5',
    speaks: soniox,
    badKey: (connection) => {
      connection.send({ tokens: [], error_code: 401, error_message: 'Invalid API key.' });
      connection.ws.close(1000);
    },
    busy: (connection) => connection.send({ error_code: 429, error_message: 'Too many concurrent requests.' }),
    farewells: [],
    misshapen: { tokens: [{ text: 'hi' }] },
  },
  {
    name: 'Cartesia',
    prefix: 'cartesia',
    model: 'ink-2',
    speaks: cartesia,
    badKey: (connection) => {
      connection.send({ type: 'error', title: 'Unauthorized', message: 'Invalid API key', error_code: 'unauthorized', status_code: 401 });
      connection.ws.close(1000);
    },
    busy: (connection) => connection.send({ type: 'error', title: 'Too Many Requests', message: 'Slow down', status_code: 429 }),
    farewells: ['close'],
    misshapen: { type: 'transcript', is_final: true, text: ['hi'] },
  },
];

describe.each(subjects)('$name', ({ prefix, model, speaks, badKey, busy, farewells, misshapen }) => {
  let service: FakeService;
  const opened: Stt[] = [];
  beforeEach(async () => {
    service = new FakeService(speaks);
    await service.listen();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((stt) => stt.close()));
    await service.close();
  });

  function open(clock?: Clock): Stt {
    const stt = openEar(prefix, { baseUrl: service.baseUrl, defaultModel: model }, clock);
    opened.push(stt);
    return stt;
  }
  const failing = (stt: Stt) => recognised(stt, first.samples).catch((error: unknown) => error);
  const nextConnection = () => new Promise<FakeConnection>((resolve) => (service.onConnection = resolve));
  async function until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await nextTurn();
  }

  describe('when it refuses', () => {
    test.each([
      ['400 Bad Request', { reason: 'rejected', retryable: false }],
      ['401 Unauthorized', { reason: 'unauthorized', retryable: false }],
      ['402 Payment Required', { reason: 'unauthorized', retryable: false }],
      ['500 Internal Server Error', { reason: 'broken', retryable: true }],
    ])('with %s, says so in its words, but not the key', async (status, expected) => {
      service.handshake = answering(status, { err_code: 'X', message: `no: ${KEY}` });
      const failure = await failing(open());
      expect(failure).toMatchObject({ name: 'EngineError', engine: prefix, ...expected });
      expect((failure as Error).message).toContain('no: …');
      expect((failure as Error).message).not.toContain(KEY);
    });

    test('with 429, tells for how long', async () => {
      service.handshake = answering('429 Too Many Requests', '', { 'retry-after': '7' });
      expect(await failing(open())).toMatchObject({ reason: 'rate_limited', retryable: true, retryAfterMs: 7000 });
    });

    test('a key once the connection stands, is unauthorized', async () => {
      service.mute = true;
      service.onConnection = badKey;
      expect(await failing(open())).toMatchObject({ reason: 'unauthorized', retryable: false });
    });

    test('for want of room, is rate_limited', async () => {
      service.mute = true;
      service.onConnection = busy;
      expect(await failing(open())).toMatchObject({ reason: 'rate_limited', retryable: true });
    });

    test('again and again, is not asked again at once', async () => {
      service.mute = true;
      service.onConnection = badKey;
      const stt = open();
      for (let count = 0; count < 5; count++) await failing(stt);
      expect(service.connections.length).toBeLessThanOrEqual(3);
    });
  });

  describe('when it is slow', () => {
    test('to take the connection, the words come all the same', async () => {
      const slow = Promise.withResolvers<boolean>();
      service.handshake = () => slow.promise;
      const words = recognised(open(), first.samples);
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      slow.resolve(true);
      expect((await words).text).toBe(first.words.join(' '));
    });

    test('and never takes the connection, it is a timeout', async () => {
      const asked = Promise.withResolvers<void>();
      service.handshake = () => {
        asked.resolve();
        return false;
      };
      const clock = new ManualClock();
      const { recognition } = listen(open(clock));
      hear(recognition, first.samples);
      await asked.promise;
      clock.advance(5000);
      await expect(recognition.words('final')).rejects.toMatchObject({ reason: 'timeout', retryable: true });
    });
  });

  test('that hears and says nothing is a timeout for those who wait', async () => {
    service.mute = true;
    const clock = new ManualClock();
    const { recognition } = listen(open(clock));
    hear(recognition, first.samples);
    await until(() => (service.connections[0]?.texts.length ?? 0) + (service.connections[0]?.frames.length ?? 0) > 5);
    // A guess that it never settles: there was speech.
    const words = recognition.words('final').catch((error: unknown) => error);
    service.connections[0]?.send(guessOf(prefix, model));
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    clock.advance(3500);
    expect(await words).toMatchObject({ reason: 'timeout', retryable: true });
  });

  test('that takes nothing is waited for with minutes of sound, but not with any amount', async () => {
    service.handshake = () => false;
    const { recognition } = listen(open());
    const outcome = { reason: 'none' };
    recognition.hear(new Int16Array(5 * 60 * 16_000));
    recognition.words('speculative').catch((error: unknown) => (outcome.reason = (error as EngineError).reason));
    await nextTurn();
    expect(outcome.reason).toBe('none');
    recognition.hear(new Int16Array(5 * 60 * 16_000));
    await expect(recognition.words('final')).rejects.toMatchObject({ reason: 'timeout' });
    expect(outcome.reason).toBe('timeout');
  });

  describe('in mid-stream', () => {
    const midway = async (what: (connection: FakeConnection) => void): Promise<Recognition> => {
      const connecting = nextConnection();
      const { recognition } = listen(open());
      hear(recognition, first.samples);
      const connection = await connecting;
      await until(() => connection.frames.length + connection.texts.length > 5);
      service.mute = true;
      what(connection);
      await connection.closed;
      return recognition;
    };

    test('a connection that is cut is broken', async () => {
      const recognition = await midway(({ ws }) => ws.terminate());
      await expect(recognition.words('final')).rejects.toMatchObject({ reason: 'broken', retryable: true });
    });

    test('a connection that it closes is broken, whoever waits', async () => {
      const recognition = await midway(({ ws }) => ws.close(1011, 'NET-0000'));
      await expect(recognition.words('speculative')).rejects.toMatchObject({ reason: 'broken', retryable: true });
    });

    test.each([
      ['no JSON', 'nonsense'],
      ['JSON that is none of its own', '7'],
      ['a misshapen message', JSON.stringify(misshapen)],
      ['a message that is too long', JSON.stringify({ type: 'Other', text: 'x'.repeat(2_000_000) })],
    ])('%s is broken, and ends the connection', async (_, message) => {
      const recognition = await midway((connection) => connection.send(message));
      await expect(recognition.words('final')).rejects.toMatchObject({ reason: 'broken' });
    });

    test('a binary message is broken', async () => {
      const recognition = await midway(({ ws }) => ws.send(Buffer.from([1, 2, 3])));
      await expect(recognition.words('final')).rejects.toMatchObject({ reason: 'broken' });
    });
  });

  test('sees that a recognition is called off', async () => {
    const connecting = nextConnection();
    const { recognition } = listen(open());
    hear(recognition, first.samples);
    const connection = await connecting;
    await until(() => connection.frames.length + connection.texts.length > 5);
    recognition.close();
    expect(await connection.closed).toBe(1000);
    expect(connection.texts.slice(connection.texts.length - farewells.length)).toEqual(farewells);
  });

  test('sees the end of it all', async () => {
    const stt = open();
    await recognised(stt, first.samples);
    const { recognition } = listen(stt);
    hear(recognition, first.samples);
    const waiting = recognition.words('final').catch((error: unknown) => error);
    await stt.close();
    expect(await waiting).toMatchObject({ reason: 'unavailable' });
    for (const connection of service.connections) await connection.closed;
  });

  describe('and its connections', () => {
    test('are used again, and the times of each utterance are its own', async () => {
      const stt = open();
      const once = await recognised(stt, first.samples);
      const again = await recognised(stt, second.samples);
      const thrice = await recognised(stt, first.samples);
      expect(service.connections).toHaveLength(1);
      expect(again.text).toBe(second.words.join(' '));
      expect(thrice.text).toBe(once.text);
      for (const [index, { startMs }] of thrice.words.entries()) {
        expect(Math.abs(startMs - (once.words[index]?.startMs ?? 0))).toBeLessThanOrEqual(4);
      }
      // The first word of the second sample begins 200 ms into it.
      expect(Math.abs((again.words[0]?.startMs ?? 0) - 200)).toBeLessThanOrEqual(8);
    });

    test('are replaced when they turn out to be dead, and nothing of the utterance is lost', async () => {
      const stt = open();
      await recognised(stt, first.samples);
      const [stale] = service.connections;
      // It dies unseen: what it is sent goes nowhere.
      service.mute = true;
      const { recognition } = listen(stt);
      hear(recognition, second.samples);
      const words = recognition.words('final');
      await until(() => (stale?.texts.length ?? 0) > 0);
      service.mute = false;
      stale?.ws.terminate();
      expect((await words).text).toBe(second.words.join(' '));
      expect(service.connections).toHaveLength(2);
      recognition.close();
    });

    test('do not outlive their use for long', async () => {
      const clock = new ManualClock();
      const stt = open(clock);
      await recognised(stt, first.samples);
      const [connection] = service.connections;
      clock.advance(120_000);
      // By us, or because no sign of life came in the moment that these two minutes last.
      expect([1000, 1006]).toContain(await connection?.closed);
    });
  });

  test('is sent frames of 20 to 100 ms at 16 kHz', async () => {
    await recognised(open(), first.samples, {}, 333);
    const [connection] = service.connections;
    const frames = connection?.frames.length
      ? connection.frames
      : (connection?.messages ?? []).flatMap(({ audioChunk }) =>
          audioChunk ? [Buffer.from((audioChunk as { content: string }).content, 'base64').byteLength] : [],
        );
    const lengthsMs = frames.map((bytes) => bytes / 32);
    // All but what makes a service finish.
    for (const ms of lengthsMs.slice(0, -2)) expect(ms >= 20 && ms <= 100).toBe(true);
    expect(lengthsMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(first.samples.length / 16);
  });
});

/** A word that may still change. */
function guessOf(prefix: string, model: string): object {
  if (model.startsWith('flux')) {
    return { type: 'TurnInfo', event: 'StartOfTurn', audio_window_end: 0.1, transcript: 'hi', words: [{ word: 'hi', confidence: 1 }] };
  }
  const guesses: Record<string, object> = {
    deepgram: { type: 'Results', channel: { alternatives: [{ transcript: 'hi', words: [] }] } },
    assemblyai: { type: 'Turn', end_of_turn: false, transcript: '', words: [{ text: 'hi', start: 0, end: 1 }] },
    inworld: { result: { transcription: { transcript: 'hi', isFinal: false } } },
    soniox: { tokens: [{ text: 'hi', is_final: false }] },
    cartesia: { type: 'transcript', is_final: false, text: 'hi' },
  };
  return guesses[prefix] ?? {};
}
