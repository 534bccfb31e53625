// A router's JSON: what of it is read, and that everything that is wrong is said by the name of its field, as it was written.
import { describe, expect, test } from 'vitest';
import { RouterError } from '../../../src/engines/routing/smart/read-json.ts';
import { readModelTable } from '../../../src/engines/routing/smart/model-table.ts';
import { Models, routesOf } from './models.ts';

const good = { variant: { variant_id: 'v', model_id: 'openai/gpt-5' }, weight: 100 };

function read(json: Readonly<Record<string, unknown>>, name = 'r', table?: object) {
  const { routes } = routesOf(new Models());
  if (table) routes.useTable(table);
  return routes.read(json, name);
}

function faults(json: Readonly<Record<string, unknown>>, table?: object): string[] {
  try {
    read(json, 'r', table);
    return [];
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    return error.faults.map(({ field, message }) => `${field}: ${message}`);
  }
}

const withVariant = (variant: object, weight: unknown = 100) => ({ defaultRoute: { variants: [{ variant, weight }] } });
const withCondition = (cel_expression: unknown) => ({ routes: [{ route: { variants: [good] }, condition: { cel_expression } }] });

describe('what is wrong is said by its field', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['no route at all', {}, 'default_route: is missing, and there are no routes either'],
    ['no variant', { defaultRoute: { variants: [] } }, 'defaultRoute.variants: must hold a variant'],
    [
      'weights of 90',
      {
        default_route: {
          variants: [
            { ...good, weight: 60 },
            { variant: { model_id: 'openai/gpt-5' }, weight: 30 },
          ],
        },
      },
      'default_route.variants: have weights that sum to 90, not to exactly 100',
    ],
    [
      'weights of 100.5',
      {
        defaultRoute: {
          variants: [
            { ...good, weight: 50.5 },
            { variant: { model_id: 'openai/gpt-5' }, weight: 50 },
          ],
        },
      },
      'defaultRoute.variants: have weights that sum to 100.5, not to exactly 100',
    ],
    [
      'a weight that is missing',
      { defaultRoute: { variants: [{ variant: good.variant }] } },
      'defaultRoute.variants[0].weight: is missing',
    ],
    ['a weight in words', withVariant(good.variant, '100'), 'defaultRoute.variants[0].weight: must be a number'],
    ['a weight below nothing', withVariant(good.variant, -1), 'defaultRoute.variants[0].weight: must not be negative'],
    ['no model', withVariant({ variantId: 'a' }), 'defaultRoute.variants[0].variant.model_id: is missing'],
    ['a model that is a number', withVariant({ modelId: 5 }), 'defaultRoute.variants[0].variant.modelId: must be a string'],
    [
      'another router',
      withVariant({ modelId: 'inworld/other' }),
      "defaultRoute.variants[0].variant.modelId: is 'inworld/other': a router cannot name another",
    ],
    [
      'two variants of one name',
      {
        defaultRoute: {
          variants: [
            { ...good, weight: 50 },
            { ...good, weight: 50 },
          ],
        },
      },
      "defaultRoute.variants[1].variant.variant_id: is 'v', as that of another before it",
    ],
    [
      'two routes of one name',
      {
        routes: [{ route: { route_id: 'x', variants: [good] }, condition: { cel_expression: 'true' } }],
        defaultRoute: { route_id: 'x', variants: [good] },
      },
      "defaultRoute.route_id: is 'x', as that of another route",
    ],
    ['a route without a condition', { routes: [{ route: { variants: [good] } }] }, 'routes[0].condition: is missing'],
    ['an empty condition', withCondition(''), 'routes[0].condition.cel_expression: must not be empty'],
    [
      'a condition that is none',
      withCondition('tier == '),
      'routes[0].condition.cel_expression: is no CEL expression: Unexpected token: EOF',
    ],
    [
      'a condition of an unknown function',
      withCondition('shout(tier)'),
      "routes[0].condition.cel_expression: cannot be used: found no matching overload for 'shout(dyn)'",
    ],
    [
      'a condition that is a text',
      withCondition('"yes"'),
      'routes[0].condition.cel_expression: must be true or false, and is of the type string',
    ],
    [
      'a field in both spellings',
      withVariant({ model_id: 'openai/gpt-5', modelId: 'openai/gpt-5' }),
      'defaultRoute.variants[0].variant.modelId: is given in both spellings',
    ],
    [
      'an unknown metric',
      withVariant({ ...good.variant, modelSelection: { sort: [{ metric: 'SORT_METRIC_BEAUTY' }] } }),
      'defaultRoute.variants[0].variant.modelSelection.sort[0].metric: must be one of price, latency, throughput, intelligence, math, coding',
    ],
    [
      'a time-out of no unit',
      withVariant({ ...good.variant, fallback: { ttftTimeout: '300' } }),
      'defaultRoute.variants[0].variant.fallback.ttftTimeout: must be a duration like "300ms" or "1.5s"',
    ],
    [
      'a time-out of hours',
      withVariant({ ...good.variant, fallback: { ttft_timeout: '7200s' } }),
      'defaultRoute.variants[0].variant.fallback.ttft_timeout: must be at most 60s',
    ],
    [
      'too warm',
      { ...withVariant(good.variant), defaults: { textGenerationConfig: { temperature: 3 } } },
      'defaults.textGenerationConfig.temperature: must be at most 2',
    ],
    ['a name of another', { ...withVariant(good.variant), name: 'routers/other' }, "name: is 'other', and must be 'r'"],
    [
      'a name that leads out of the folder',
      { ...withVariant(good.variant), name: 'routers/../x' },
      'name: must be 1 to 63 letters, digits, dots, dashes and underscores, and begin with a letter or digit',
    ],
    ['the name that is reserved', { ...withVariant(good.variant), name: 'models' }, "name: must not be 'models', which is reserved"],
    [
      'a role of nobody',
      { ...withVariant(good.variant), defaults: { message_templates: [{ role: 'narrator', content: 'x' }] } },
      'defaults.message_templates[0].role: must be one of system, developer, user, assistant, tool',
    ],
  ])('%s', (_, json, fault) => {
    expect(faults(json)).toEqual([fault]);
  });

  test('all of it at once', () => {
    const json = {
      routes: [{ route: { variants: [{ ...good, weight: 5 }] }, condition: { celExpression: 'true' } }],
      defaultRoute: { variants: [{ variant: {}, weight: 'x' }] },
    };
    expect(faults(json)).toEqual([
      'routes[0].route.variants: have weights that sum to 5, not to exactly 100',
      'defaultRoute.variants[0].variant.model_id: is missing',
      'defaultRoute.variants[0].weight: must be a number',
    ]);
  });

  test('what is nested too deeply is refused, and nothing else happens', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 5000; level++) deep = { deep };
    expect(faults({ ...withVariant(good.variant), deep })).toEqual(['deep.deep.deep: is nested too deeply']);
  });

  test.each([null, [], 'x', 5])('%j is no router', (json) => {
    expect(faults(json as unknown as Readonly<Record<string, unknown>>)).toEqual([': must be one JSON object']);
  });
});

test('33.4 + 33.3 + 33.3 is 100', () => {
  const variants = [33.4, 33.3, 33.3].map((weight) => ({ variant: { model_id: 'openai/gpt-5' }, weight }));
  expect(faults({ defaultRoute: { variants } })).toEqual([]);
});

test('fields that are not known are named as they were written, and do no harm; those that are null are not there', () => {
  const json = {
    ...withVariant({
      modelId: 'openai/gpt-5',
      webSearch: { engine: 'exa' },
      compression: { aggressiveness: 0.7 },
      message_templates: null,
    }),
    strategy: {},
  };
  expect(read(json).unread).toEqual([
    { field: 'defaultRoute.variants[0].variant.webSearch', message: 'has no effect here' },
    { field: 'defaultRoute.variants[0].variant.compression', message: 'has no effect here' },
    { field: 'strategy', message: 'has no effect here' },
  ]);
});

test('models that nobody serves are named, each by its field', () => {
  const json = withVariant({
    modelId: 'opneai/gpt-5',
    modelSelection: { models: ['anthropic/claude-opus-4-6', 'nobody/x', 'anthropic', 'llama-3.3-70b-versatile', 'no-such-model'] },
  });
  expect(read(json).unserved.map(({ field, message }) => `${field} ${message}`)).toEqual([
    "defaultRoute.variants[0].variant.modelId is 'opneai/gpt-5', which no configured provider serves",
    "defaultRoute.variants[0].variant.modelSelection.models[1] is 'nobody/x', which no configured provider serves",
    "defaultRoute.variants[0].variant.modelSelection.models[4] is 'no-such-model', which no configured provider serves",
  ]);
});

describe('sorting by what only the operator knows', () => {
  const sorts = (metric: string) => withVariant({ model_id: 'auto', model_selection: { sort: [metric] } });

  test.each([
    ['intelligence', 'a ranking of models by intelligence'],
    ['math', 'a ranking of models by math'],
    ['SORT_METRIC_CODING', 'a ranking of models by coding'],
    ['price', 'prices'],
  ])('by %s is refused while models.json says nothing of it', (metric, what) => {
    const by = metric.replace('SORT_METRIC_', '').toLowerCase();
    expect(faults(sorts(metric))).toEqual([
      `defaultRoute.variants[0].variant.model_selection.sort[0]: sorts by ${by}, and models.json beside the routers has no ${what}`,
    ]);
    expect(faults(sorts(metric), { 'openai/gpt-5': { intelligence: 1, math: 1, coding: 1, price: 1 } })).toEqual([]);
  });

  test.each(['latency', 'throughput'])('by %s needs no table: it is measured', (metric) => {
    expect(faults(sorts(metric))).toEqual([]);
  });
});

describe('the table of models', () => {
  test('is read in either spelling; a price of both ways counts three tokens in for one out', () => {
    const table = readModelTable({
      'openai/gpt-5': { price: { input: 1, output: 5 }, latencyMs: 400, tokens_per_second: 80 },
      'groq/x': { price: 0.5, coding: 7 },
    });
    expect(table.get('openai/gpt-5')).toMatchObject({ price: 2, latency: 400, throughput: 80 });
    expect(table.get('groq/x')).toMatchObject({ price: 0.5, coding: 7, latency: undefined });
  });

  test('what is wrong is said by model and field', () => {
    expect(() => readModelTable({ 'openai/gpt-5': { price: 'cheap', beauty: 3 }, x: 5 })).toThrow(
      'openai/gpt-5.price is of no kind that can be read. x must be one JSON object.',
    );
    expect(() => readModelTable({ 'openai/gpt-5': { beauty: 3 } })).toThrow('openai/gpt-5.beauty is no figure of a model.');
  });
});
