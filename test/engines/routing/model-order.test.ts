// In which order a variant's models are asked: as listed, or by what was measured and what the operator's table says.
import { describe, expect, test } from 'vitest';
import { ModelHealth } from '../../../src/engines/routing/health.ts';
import { type ModelDirectory, orderModels } from '../../../src/engines/routing/smart/model-order.ts';
import { readModelTable } from '../../../src/engines/routing/smart/model-table.ts';
import { directoryOf, Models, routesOf } from './models.ts';

function rig(table: object = {}) {
  const models = new Models();
  const health = new ModelHealth(models.clock);
  const directory = directoryOf(models);
  const { routes } = routesOf(models);
  if (Object.keys(table).length > 0) routes.useTable(table);
  const order = (variant: object, of: ModelDirectory = directory) => {
    const { router } = routes.read({ default_route: { variants: [{ variant, weight: 100 }] } }, 'r');
    const [entry] = router.defaultRoute?.variants ?? [];
    if (!entry) throw new Error('There is no variant.');
    return orderModels(entry.variant, { directory: of, table: readModelTable(table), measured: (id) => health.figures(id) });
  };
  const ids = (variant: object, of?: ModelDirectory) => order(variant, of).models.map(({ id }) => id);
  return { models, health, order, ids };
}

const three = ['openai/gpt-5', 'anthropic/claude-opus-4-6', 'groq/llama-3.3-70b-versatile'];
const auto = (sort: unknown[], more: object = {}) => ({ model_id: 'auto', model_selection: { models: three, sort, ...more } });

describe('by latency', () => {
  test('the quickest comes first, as it was measured: a moving average', () => {
    const { health, ids } = rig();
    health.answered('openai/gpt-5', 900);
    health.answered('anthropic/claude-opus-4-6', 500);
    health.answered('groq/llama-3.3-70b-versatile', 200);
    expect(ids(auto(['latency']))).toEqual(['groq/llama-3.3-70b-versatile', 'anthropic/claude-opus-4-6', 'openai/gpt-5']);
    for (let time = 0; time < 5; time++) health.answered('groq/llama-3.3-70b-versatile', 2000);
    expect(ids(auto(['latency']))).toEqual(['anthropic/claude-opus-4-6', 'openai/gpt-5', 'groq/llama-3.3-70b-versatile']);
  });

  test('one that was never measured is tried first, if the router names it; of a whole provider it comes last', () => {
    const { health, ids } = rig();
    health.answered('openai/gpt-5', 100);
    health.answered('groq/llama-3.3-70b-versatile', 100);
    expect(ids(auto(['latency']))[0]).toBe('anthropic/claude-opus-4-6');
    expect(ids({ model_id: 'auto', model_selection: { models: ['anthropic', 'openai/gpt-5'], sort: ['latency'] } })).toEqual([
      'openai/gpt-5',
      'anthropic/claude-opus-4-6',
      'anthropic/claude-sonnet-4-6',
      'anthropic/claude-haiku-4-5',
    ]);
  });

  test('the operator’s figure stands in until there is a measured one', () => {
    const { health, ids } = rig(Object.fromEntries(three.map((id, index) => [id, { latency_ms: 300 - 100 * index }])));
    expect(ids(auto(['latency']))[0]).toBe('groq/llama-3.3-70b-versatile');
    health.answered('groq/llama-3.3-70b-versatile', 5000);
    expect(ids(auto(['latency']))[0]).toBe('anthropic/claude-opus-4-6');
  });

  test('a figure of ten minutes ago says nothing any more', () => {
    const { models, health, ids } = rig();
    for (const id of three) health.answered(id, id.startsWith('openai') ? 5000 : 100);
    expect(ids(auto(['latency'])).at(-1)).toBe('openai/gpt-5');
    models.clock.advance(600_001);
    expect(ids(auto(['latency']))).toEqual(three);
  });

  test('what nobody hears is no difference: the next criterion decides', () => {
    const { health, ids } = rig({
      'openai/gpt-5': { price: 9 },
      'groq/llama-3.3-70b-versatile': { price: 1 },
      'anthropic/claude-opus-4-6': { price: 5 },
    });
    health.answered('openai/gpt-5', 480);
    health.answered('anthropic/claude-opus-4-6', 499);
    health.answered('groq/llama-3.3-70b-versatile', 520);
    expect(ids(auto(['latency', 'price']))).toEqual(['groq/llama-3.3-70b-versatile', 'anthropic/claude-opus-4-6', 'openai/gpt-5']);
  });

  test('one that was cut off counts as that slow', () => {
    const { health, ids } = rig();
    for (const id of three) health.answered(id, 350);
    health.late('openai/gpt-5', 800);
    expect(ids(auto(['latency'])).at(-1)).toBe('openai/gpt-5');
  });
});

test('by throughput the model with the most tokens in a second comes first; a direction turns it round', () => {
  const { health, ids } = rig();
  for (const [index, id] of three.entries()) health.finished(id, 100 * (index + 1), 1000);
  expect(ids(auto(['throughput']))).toEqual(three.toReversed());
  expect(ids(auto([{ metric: 'SORT_METRIC_THROUGHPUT', direction: 'SORT_DIRECTION_ASCENDING' }]))).toEqual(three);
});

test('by price those of which the table says nothing come last', () => {
  const { ids } = rig({ 'groq/llama-3.3-70b-versatile': { price: 3 }, 'openai/gpt-5': { price: 2 } });
  expect(ids(auto(['price']))).toEqual(['openai/gpt-5', 'groq/llama-3.3-70b-versatile', 'anthropic/claude-opus-4-6']);
});

test('a named model comes first and its fallbacks as they are listed, or sorted if the router says so', () => {
  const { ids } = rig({
    'groq/llama-3.3-70b-versatile': { price: 1 },
    'anthropic/claude-opus-4-6': { price: 2 },
    'openai/gpt-5': { price: 9 },
  });
  const models = ['anthropic/claude-opus-4-6', 'groq/llama-3.3-70b-versatile'];
  expect(ids({ model_id: 'openai/gpt-5', model_selection: { models } })).toEqual(['openai/gpt-5', ...models]);
  expect(ids({ model_id: 'openai/gpt-5', model_selection: { models, sort: ['price'] } })).toEqual(['openai/gpt-5', ...models.toReversed()]);
});

test('nobody is asked twice, whatever he is called', () => {
  const { ids } = rig();
  expect(
    ids({
      model_id: 'google/gemini-2.5-flash',
      model_selection: { models: ['google-ai-studio/gemini-2.5-flash', 'gpt-5', 'openai/gpt-5'] },
    }),
  ).toEqual(['google-ai-studio/gemini-2.5-flash', 'openai/gpt-5']);
});

test('what nobody serves is left out and named; ten models are enough', () => {
  const { order } = rig();
  const found = order({
    model_id: 'nobody/x',
    model_selection: { models: ['openai/gpt-5', 'nothing', ...Array.from({ length: 20 }, (_, index) => `groq/m${index}`)] },
  });
  expect(found.unserved).toEqual(['nothing', 'nobody/x']);
  expect(found.models.map(({ id }) => id)).toEqual(['openai/gpt-5', ...Array.from({ length: 9 }, (_, index) => `groq/m${index}`)]);
});

test('while nothing is configured the assistant on board stands for every model, once', () => {
  const { models, ids } = rig();
  const embedded: ModelDirectory = {
    candidate: () => models.candidate('parley/offline'),
    known: () => [],
    providers: () => [],
    ownerOf: () => 'openai',
  };
  for (const variant of [
    { model_id: 'openai/gpt-5', model_selection: { models: ['groq/x', 'gpt-4o'] } },
    { model_id: 'gpt-oss-120b' },
    { model_id: 'auto' },
  ]) {
    expect(ids(variant, embedded)).toEqual(['parley/offline']);
  }
});

test('figures of the table make a model known, although its provider does not list it', async () => {
  const models = new Models();
  const { routes, put } = routesOf(models);
  routes.useTable({ 'openai/brand-new': { price: 0.01 }, 'openai/gpt-5': { price: 5 } });
  const { read } = {
    read: put({
      name: 'cheap',
      default_route: { variants: [{ variant: { model_id: 'auto', model_selection: { sort: ['price'] } }, weight: 100 }] },
    }),
  };
  const request = {
    model: undefined,
    prompt: { instructions: '', turns: [], tools: [], toolChoice: 'auto' as const },
    behalf: {},
    temperature: undefined,
    maxOutputTokens: undefined,
  };
  expect(routes.try(read, request).models[0]).toEqual({ model: 'openai/brand-new', price: 0.01 });
});
