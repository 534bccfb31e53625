import { expect, test } from 'vitest';
import { ProviderWatch } from '../../src/engines/cloud/provider-watch.ts';
import type { Provider } from '../../src/engines/cloud/providers.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { FakeLlm } from '../pipeline/fake-engines.ts';
import { settled } from '../rig.ts';

function provider(prefix: string, more: Partial<Provider> = {}): Provider {
  return {
    prefix,
    name: prefix,
    alsoKnownAs: [],
    llm: new FakeLlm(),
    models: async () => [`${prefix}-1`],
    defaultModel: `${prefix}-1`,
    source: 'found',
    ...more,
  };
}

function start(...looks: (readonly Provider[])[]) {
  const clock = new ManualClock();
  let looked = 0;
  const discover = async () => looks[Math.min(looked++, looks.length - 1)] ?? [];
  const watch = new ProviderWatch({ clock, log: silentLog, discover, through: (_, llm) => llm });
  const pass = async (ms = 15_000) => {
    clock.advance(ms);
    await settled();
  };
  return { watch, pass, looked: () => looked, prefixes: () => watch.current.map(({ prefix }) => prefix) };
}

test('a model server that is started later is found within fifteen seconds', async () => {
  const { watch, pass, prefixes } = start([], [], [provider('ollama')]);
  await watch.look();
  await pass();
  expect(prefixes()).toEqual([]);
  await pass();
  expect(prefixes()).toEqual(['ollama']);
});

test('a configured one that was down at the start gets its default model when it is up, and is not asked any more', async () => {
  const down = () => {
    const { defaultModel: _, ...rest } = provider('custom', { source: 'configured' });
    return rest;
  };
  const { watch, pass, looked } = start([down()], [down()], [provider('custom', { source: 'configured', defaultModel: 'qwen' })]);
  await watch.look();
  expect(watch.current[0]?.defaultModel).toBeUndefined();
  // After a second, then after two: those who wait for it do not wait for long.
  await pass(1000);
  expect(watch.current[0]?.defaultModel).toBeUndefined();
  await pass(1999);
  expect(watch.current[0]?.defaultModel).toBeUndefined();
  await pass(1);
  expect(watch.current[0]?.defaultModel).toBe('qwen');
  await pass();
  expect(looked()).toBe(3);
});

test('the same server stays the same engine, with what it offers now; what was opened to look at it is closed', async () => {
  const again = provider('ollama', { models: async () => ['a', 'b'], defaultModel: 'a' });
  const closed: string[] = [];
  again.llm.close = async () => void closed.push('again');
  const first = provider('ollama');
  const { watch, pass } = start([first], [again]);
  await watch.look();
  await pass();
  expect(watch.current[0]).toMatchObject({ llm: first.llm, models: ['a', 'b'], defaultModel: 'ollama-1' });
  expect(closed).toEqual(['again']);
});

test('one that does not answer three times in a row is gone, and one that misses one look is not', async () => {
  const ollama = provider('ollama');
  const { watch, pass, prefixes } = start([ollama], [], [], [provider('ollama')], [], [], []);
  await watch.look();
  await pass();
  await pass();
  expect(prefixes()).toEqual(['ollama']);
  await pass();
  await pass();
  await pass();
  expect(prefixes()).toEqual(['ollama']);
  await pass();
  expect(prefixes()).toEqual([]);
});

test('nobody is looked for once it is closed', async () => {
  const { watch, pass, looked } = start([]);
  await watch.look();
  await watch.close();
  await pass();
  expect(looked()).toBe(1);
});
