// The small parts of the terminal client: command lines, addresses and keys, the end of speech, playback time, the screen.
import { describe, expect, test } from 'vitest';
import { describeOptions, parseArguments, UsageError } from '../../src/cli/arguments.ts';
import { authorizationOf, defaultKey, endpointOf } from '../../src/cli/talk-endpoint.ts';
import { Playback } from '../../src/cli/talk-playback.ts';
import { Screen } from '../../src/cli/talk-screen.ts';
import { framesOf, speechEndMs } from '../../src/cli/talk-speech.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { concat } from '../../src/media/pcm.ts';

describe('arguments', () => {
  const table = {
    loud: { kind: 'flag', help: 'louder' },
    say: { kind: 'list', value: 'WORDS', help: 'words' },
    pace: { kind: 'number', value: 'N', min: -2, max: 2, help: 'pace' },
    mood: { kind: 'choice', choices: ['glad', 'grim'], help: 'mood' },
    to: { kind: 'text', value: 'NAME', help: 'whom' },
  } as const;

  test('give typed values, and positionals and lists in the order they were written', () => {
    const { values, order } = parseArguments(
      ['a.wav', '--say', 'x', 'b.wav', '--say=y', '--loud', '--pace', '-1', '--mood', 'grim'],
      table,
    );
    expect(values).toEqual({ loud: true, say: ['x', 'y'], pace: -1, mood: 'grim', to: undefined });
    expect(order).toEqual([
      { option: undefined, value: 'a.wav' },
      { option: 'say', value: 'x' },
      { option: undefined, value: 'b.wav' },
      { option: 'say', value: 'y' },
    ]);
  });

  test.each([
    [['--laud'], 'There is no option --laud.'],
    [['--mod', 'glad'], 'Did you mean --mood?'],
    [['--constructor'], 'There is no option --constructor.'],
    [['--to'], '--to needs a value.'],
    [['--to', '--loud'], '--to needs a value.'],
    [['--loud=yes'], '--loud takes no value.'],
    [['--pace', 'fast'], "--pace must be a number from -2 to 2, not 'fast'."],
    [['--pace', '3'], "--pace must be a number from -2 to 2, not '3'."],
    [['--mood', 'sad'], "--mood must be one of glad, grim, not 'sad'."],
  ])('%j is refused: %s', (argv, words) => {
    expect(() => parseArguments(argv, table)).toThrow(UsageError);
    expect(() => parseArguments(argv, table)).toThrow(words);
  });

  test('are described in columns', () => {
    const lines = describeOptions(table).split('\n');
    expect(lines[0]).toMatch(/^ {2}--loud +louder$/);
    expect(new Set(lines.map((line) => line.search(/\S+$/)))).toHaveLength(1);
  });
});

describe('an address', () => {
  test.each([
    ['http://box:80', undefined, 'ws://box/v1/realtime'],
    ['https://box/v1/', undefined, 'wss://box/v1/realtime'],
    ['localhost:9000', undefined, 'ws://localhost:9000/v1/realtime'],
    ['ws://box/v1/realtime', 'openai/gpt', 'ws://box/v1/realtime?model=openai%2Fgpt'],
    ['wss://box/api/v1/realtime/session?key=k1', 'm', 'wss://box/api/v1/realtime/session?key=k1&protocol=realtime'],
  ])('%s with model %s is called as %s', (text, model, href) => {
    expect(endpointOf(text, model).url.href).toBe(href);
  });

  test('of Inworld gets a session id of its own, and the basic scheme for its keys but not for tokens', () => {
    const { url, dialect } = endpointOf('https://api.inworld.ai/api/v1/realtime/session', undefined);
    expect(url.searchParams.get('key')).toMatch(/^talk-\w{16}$/);
    expect(authorizationOf('a2V5', dialect)).toBe('Basic a2V5');
    expect(authorizationOf('ek_1', dialect)).toBe('Bearer ek_1');
    expect(authorizationOf('Bearer a2V5', dialect)).toBe('Bearer a2V5');
    expect(authorizationOf('sk-1', 'openai')).toBe('Bearer sk-1');
  });

  test('that is none is refused', () => {
    expect(() => endpointOf('ftp://box', undefined)).toThrow(UsageError);
    expect(() => endpointOf('ws://', undefined)).toThrow(UsageError);
  });
});

describe('a key', () => {
  const env = { PARLEY_API_KEY: ' p1,p2 ', OPENAI_API_KEY: 'o1' };
  const key = (url: string, from: Record<string, string> = env) => defaultKey(new URL(url), { env: from, readKeyFile: () => 'file\n' });

  test('goes only where it belongs', () => {
    expect(key('ws://127.0.0.1/')).toBe('p1');
    expect(key('wss://voice.example.org/')).toBe('p1');
    expect(key('ws://localhost/', {})).toBe('file');
    expect(key('wss://voice.example.org/', {})).toBeUndefined();
    expect(key('wss://127.0.0.1.example.org/', {})).toBeUndefined();
    expect(key('wss://api.openai.com/')).toBe('o1');
    expect(key('wss://api.inworld.ai/')).toBeUndefined();
  });
});

describe('the end of speech', () => {
  const rateHz = 16_000;
  const noise = (ms: number, peak: number) => Int16Array.from({ length: ms * 16 }, (_, at) => Math.sin(at * at) * peak);

  test('is where the last loud part ends, whatever noise follows it', () => {
    for (const room of [0, 20, 400]) {
      const samples = concat([noise(300, room), noise(500, 12_000), noise(700, room)]);
      expect(speechEndMs({ samples, rateHz })).toBe(800);
    }
  });

  test('is not moved by a click, and counts a soft ending', () => {
    const clicked = concat([noise(500, 12_000), noise(300, 5), noise(5, 12_000), noise(195, 5)]);
    expect(speechEndMs({ samples: clicked, rateHz })).toBe(500);
    const softer = concat([noise(100, 5), noise(500, 12_000), noise(100, 1200), noise(300, 5)]);
    expect(speechEndMs({ samples: softer, rateHz })).toBe(700);
  });

  test('does not exist in silence, and is the end of a file without any', () => {
    expect(speechEndMs({ samples: noise(500, 3), rateHz })).toBeUndefined();
    expect(speechEndMs({ samples: new Int16Array(0), rateHz })).toBeUndefined();
    expect(speechEndMs({ samples: noise(505, 9000), rateHz })).toBe(505);
  });

  test('frames hold every sample, the last one filled with silence', () => {
    const frames = [...framesOf({ samples: Int16Array.from({ length: 500 }, () => 7), rateHz })];
    expect(frames.map((frame) => frame.length)).toEqual([320, 320]);
    expect(concat(frames).reduce((sum, sample) => sum + sample, 0)).toBe(3500);
  });
});

describe('playback', () => {
  const tone = (ms: number) => new Int16Array(ms).fill(1);

  test('knows what was heard of an answer that came all at once, cuts it there, and ignores its rest', () => {
    const clock = new ManualClock();
    const played: (number | string)[] = [];
    const speaker = { play: (samples: Int16Array) => played.push(samples.length), silence: () => played.push('silence') };
    const playback = new Playback(clock, 1000, { speaker, keep: true });
    playback.write('a', 0, tone(300));
    playback.write('a', 0, tone(300));
    playback.write('b', 0, tone(500));
    clock.advance(450);
    expect(playback.remainingMs).toBe(650);
    expect(playback.cut()).toEqual({ itemId: 'a', contentIndex: 0, heardMs: 450 });
    playback.write('a', 0, tone(100));
    expect(playback.remainingMs).toBe(0);
    expect(concat(playback.heard())).toHaveLength(450);
    expect(played).toEqual([300, 300, 500, 'silence']);
    playback.write('c', 0, tone(40));
    expect(playback.remainingMs).toBe(40);
  });

  test('of an answer that has been heard out cannot be cut; gaps do not count as heard', () => {
    const clock = new ManualClock();
    const playback = new Playback(clock, 1000, { keep: true });
    playback.write('a', 0, tone(100));
    clock.advance(100);
    expect(playback.cut()).toBeUndefined();
    clock.advance(900);
    playback.write('b', 0, tone(100));
    clock.advance(30);
    expect(playback.cut()).toEqual({ itemId: 'b', contentIndex: 0, heardMs: 30 });
    expect(concat(playback.heard())).toHaveLength(130);
  });
});

describe('the screen', () => {
  function screen(tty: boolean, env: Record<string, string> = {}) {
    let text = '';
    const out = { write: (more: string) => (text += more), isTTY: tty, columns: 30 };
    return { screen: new Screen(out, out, 'talk', env), text: () => text };
  }

  test('lets words grow in place on a terminal, and a late transcript settle above a growing answer', () => {
    const { screen: view, text } = screen(true, { NO_COLOR: '1' });
    view.show([{ kind: 'user', text: 'Good', final: false }]);
    view.show([{ kind: 'agent', text: 'Hel', final: false }]);
    view.show([{ kind: 'user', text: 'Good day', final: true }]);
    view.show([{ kind: 'agent', text: 'Hello', final: true }]);
    const wipe = '\r\u001B[K';
    expect(text()).toBe(`you    Good${wipe}agent  Hel${wipe}you    Good day\nagent  Hel${wipe}agent  Hello\n`);
  });

  test('keeps a growing line within one row of the terminal', () => {
    const { screen: view, text } = screen(true, { NO_COLOR: '1' });
    view.show([{ kind: 'agent', text: `${'a'.repeat(50)}end`, final: false }]);
    expect(text().length).toBeLessThan(30);
    expect(text()).toMatch(/…a+end$/);
  });

  test('writes whole lines without colours into a file, and a line of a growing transcript now and then', () => {
    const { screen: view, text } = screen(false);
    for (const words of ['one', 'one two three', 'one two three four', 'one two three four five six']) {
      view.show([{ kind: 'user', text: words, final: false }]);
    }
    view.show([{ kind: 'agent', text: 'Hel', final: false }]);
    expect(text()).toBe('you    one two three …\nyou    one two three four five six …\n');
  });

  test('uses colours on a terminal unless told not to', () => {
    for (const [env, colours] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
      [{ TERM: 'dumb' }, false],
    ] as const) {
      const { screen: view, text } = screen(true, env);
      view.show([{ kind: 'note', text: 'hi' }]);
      expect(text().includes('\u001B[2m')).toBe(colours);
    }
  });

  test('lets no server steer the terminal', () => {
    const { screen: view, text } = screen(false);
    view.show([{ kind: 'agent', text: 'a\u001B[2Jb\u0007c\nd', final: true }]);
    expect(text()).toBe('agent  ab c d\n');
  });
});
