// Who hears what: the usual recogniser its own language, another one the rest, once its model is there.
import { beforeEach, expect, test } from 'vitest';
import { EngineError, type EngineHealth, type Recognition, type Stt, type SttOptions } from '../../src/engines/engine.ts';
import { ByLanguage } from '../../src/engines/routing/by-language.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

const recognition: Recognition = { hear() {}, words: async () => ({ text: '', words: [] }), close() {} };
const settled = () => new Promise((resolve) => void setImmediate(resolve));

class FakeStt implements Stt {
  readonly info: Stt['info'];
  readonly can = { partials: false, wordTimes: false, keyTerms: false, logprobs: false };
  readonly opened: Partial<SttOptions>[] = [];
  readonly warming: PromiseWithResolvers<void>[] = [];
  state: EngineHealth['state'] = 'ready';
  closed = false;

  constructor(id: string, languages: readonly string[]) {
    this.info = { id, kind: 'stt', name: id, licence: 'MIT', languages };
  }

  warmUp(): Promise<void> {
    const asked = Promise.withResolvers<void>();
    this.warming.push(asked);
    return asked.promise;
  }

  health(): EngineHealth {
    return { state: this.state };
  }

  open(options: SttOptions): Recognition {
    this.opened.push(options);
    return recognition;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

let clock: ManualClock;
let english: FakeStt;
let others: FakeStt;
let both: ByLanguage;

beforeEach(() => {
  clock = new ManualClock();
  english = new FakeStt('english', ['en', 'en-US']);
  others = new FakeStt('others', ['de', 'fr']);
  both = new ByLanguage(english, others, { clock, log: silentLog });
});

function open(spoken: Pick<SttOptions, 'language' | 'languages'> = {}): FakeStt {
  const before = others.opened.length;
  both.open({ model: '', vocabulary: [], ...spoken }, () => {});
  return others.opened.length > before ? others : english;
}

async function fetched(): Promise<void> {
  open({ language: 'de' });
  others.warming.at(-1)?.resolve();
  await settled();
}

test.each([{}, { language: 'en' }, { language: 'EN-gb' }, { languages: ['en', 'en-US'] }])(
  'the usual one hears %o, and the other is not even loaded',
  (spoken) => {
    expect(open(spoken)).toBe(english);
    expect(others.warming).toHaveLength(0);
    expect(both.health()).toEqual({ state: 'ready' });
  },
);

test.each([{ language: 'de' }, { language: 'pt-BR' }, { languages: ['en', 'de'] }, { languages: [] }])(
  'the other hears %o, as soon as it is loaded',
  async (spoken) => {
    await fetched();
    expect(open(spoken)).toBe(others);
    expect(open()).toBe(english);
  },
);

test('while the other is loaded the usual one serves, and its health says so', async () => {
  expect(open({ language: 'de' })).toBe(english);
  expect(open({ language: 'fr' })).toBe(english);
  expect(others.warming).toHaveLength(1);
  expect(both.health()).toMatchObject({ state: 'ready', problem: expect.stringContaining('others is being loaded') });
  others.warming[0]?.resolve();
  await settled();
  expect(both.health()).toEqual({ state: 'ready' });
});

test('a model that could not be had is asked for again a minute later, and until then the usual one serves', async () => {
  open({ language: 'de' });
  others.warming[0]?.reject(new EngineError('others', 'unavailable', 'no network', { retryable: true }));
  await settled();
  expect(open({ language: 'de' })).toBe(english);
  expect(others.warming).toHaveLength(1);
  expect(both.health().problem).toContain('no network');
  clock.advance(60_000);
  expect(open({ language: 'de' })).toBe(english);
  expect(others.warming).toHaveLength(2);
});

test('a model that can never be had is asked for once', async () => {
  open({ language: 'de' });
  others.warming[0]?.reject(new EngineError('others', 'unavailable', 'models are switched off'));
  await settled();
  clock.advance(86_400_000);
  expect(open({ language: 'de' })).toBe(english);
  expect(others.warming).toHaveLength(1);
});

test('when the workers of the other keep dying the usual one serves', async () => {
  await fetched();
  others.state = 'failed';
  expect(open({ language: 'de' })).toBe(english);
  expect(both.health().problem).toContain('cannot be had');
});

test('closing closes both', async () => {
  await both.close();
  expect([english.closed, others.closed]).toEqual([true, true]);
});
