// The page of routers, without a page: what a router's JSON says, where a field stands in it, and a dry run in words.
import { describe, expect, test } from 'vitest';
import { lineOf, placeOfField } from '../../console/src/realtime/json-place.ts';
import { addressOfRouter, type OpenRouter, placeOf } from '../../console/src/realtime/place.ts';
import { figuresOf, patienceOf, requestOf, shareWords } from '../../console/src/realtime/router-trial.ts';
import { fieldsOf, firstRouter, type RouterFile, rulesOf, summaryOf } from '../../console/src/realtime/routers.ts';

const variant = (id: string, model: string, more: object = {}) => ({ variant_id: id, model_id: model, ...more });
const support = {
  displayName: 'Support',
  routes: [
    {
      condition: { cel_expression: 'tier == "premium"' },
      route: {
        route_id: 'careful',
        variants: [
          { weight: 90, variant: variant('gpt', 'openai/gpt-5', { modelSelection: { models: ['anthropic/claude'], ignore: ['groq'] } }) },
          { weight: 10, variant: { modelId: 'anthropic/claude', textGenerationConfig: { maxTokens: 300 } } },
        ],
      },
    },
  ],
  defaultRoute: {
    variants: [
      {
        weight: 100,
        variant: variant('quick', 'auto', {
          model_selection: {
            models: ['groq/x'],
            sort: ['latency', { metric: 'SORT_METRIC_PRICE', direction: 'SORT_DIRECTION_DESCENDING' }],
          },
        }),
      },
    ],
  },
  defaults: {
    fallback: { ttft_timeout: '800ms' },
    message_templates: [{ role: 'SYSTEM', content_items: [{ text: 'You help.' }, { text: 'Be brief.' }] }],
  },
};

describe('what a router says', () => {
  test('is read in either spelling, with the ids that the server gives to what has none', () => {
    const { displayName, routes, defaults } = rulesOf(support);
    expect([displayName, routes.map(({ id, condition }) => [id, condition])]).toEqual([
      'Support',
      [
        ['careful', 'tier == "premium"'],
        ['default', undefined],
      ],
    ]);
    expect(routes[0]?.variants).toMatchObject([
      { id: 'gpt', weight: 90, model: 'openai/gpt-5', models: ['anthropic/claude'], ignore: ['groq'] },
      { id: 'variant-2', weight: 10, model: 'anthropic/claude', settings: ['max_tokens 300'] },
    ]);
    expect(routes[1]?.variants[0]).toMatchObject({ model: 'auto', sort: ['latency', 'price descending'] });
    expect(defaults).toEqual({ settings: [], timeout: '800ms', templates: [{ role: 'system', text: 'You help.\nBe brief.' }] });
  });

  test.each([
    [null],
    [[]],
    ['text'],
    [{}],
    [{ routes: {}, default_route: null }],
    [{ routes: [null, 3], defaultRoute: { variants: [{}] } }],
  ])('%j is read as far as it goes', (json) => {
    expect(() => rulesOf(json)).not.toThrow();
  });

  test('stands in the list in a few words, and so does a file that cannot be used', () => {
    const file = (part: Partial<RouterFile>): RouterFile => ({ name: 'x', serves: true, faults: [], warnings: [], ...part });
    expect(summaryOf(file({ router: support }))).toBe('2 routes, 3 models');
    expect(summaryOf(file({ router: firstRouter('x', 'groq/x') }))).toBe('1 route, groq/x');
    const fault = { field: 'routes', description: 'routes must be a list.' };
    expect(summaryOf(file({ faults: [fault] }))).toBe('The file cannot be used; it goes on as before');
    expect(summaryOf(file({ faults: [fault], serves: false }))).toBe('The file cannot be used');
  });

  test('is changed in all its fields, those that were taken out among them, but never in its name', () => {
    expect(fieldsOf({ name: 'routers/x', defaults: {}, routes: [] }, { name: 'x', routes: [], defaultRoute: {} })).toEqual([
      'defaults',
      'routes',
      'defaultRoute',
    ]);
  });
});

describe('where a field stands', () => {
  const text = JSON.stringify({ 'a"b': '}]', routes: [{ weight: 1 }, { weight: -2.5e3, last: null }], end: {} }, undefined, 2);
  const found = (field: string) => {
    const { from, to } = placeOfField(text, field);
    return text.slice(from, to);
  };

  test('is its value, past strings with brackets and quotes in them', () => {
    expect([found('a"b'), found('routes[1].weight'), found('routes[1].last'), found('end')]).toEqual(['"}]"', '-2500', 'null', '{}']);
    expect(placeOfField(text, 'routes[1].weight').line).toBe(lineOf(text, text.indexOf('-2500')));
  });

  test('is where it should stand when there is none, and the whole for the whole', () => {
    expect(JSON.parse(found('routes[0].route.variants'))).toEqual({ weight: 1 });
    expect([found('').length, placeOfField(text, '').line]).toEqual([text.length, 1]);
  });

  test('is looked for in any text, as it is being written', () => {
    for (let end = 0; end < text.length; end++) {
      for (const part of [text.slice(0, end), text.slice(end)]) {
        const { from, to } = placeOfField(part, 'routes[1].weight');
        expect(from <= to && to <= part.length).toBe(true);
      }
    }
  });
});

test('the place of a router stands in the address', () => {
  const places: readonly OpenRouter[] = [{ kind: 'none' }, { kind: 'new' }, { kind: 'one', name: 'user-aware.v2' }];
  for (const open of places) expect(placeOf(addressOfRouter(open))).toEqual({ page: 'routers', open });
  expect([placeOf('#usage'), placeOf('#routers/a/b'), placeOf('#routers/')]).toEqual([
    { page: 'usage' },
    { page: 'talk' },
    { page: 'talk' },
  ]);
});

describe('a dry run', () => {
  test('asks with what the form says, and leaves out what it does not', () => {
    const wish = { kind: 'message', message: 'Hi', user: ' ann ', metadata: '', request: '' } as const;
    expect(requestOf('support', wish, { tier: 'premium' })).toEqual({
      model: 'inworld/support',
      messages: [{ role: 'user', content: 'Hi' }],
      user: 'ann',
      extra_body: { metadata: { tier: 'premium' } },
    });
    expect(requestOf('support', { ...wish, user: '' }, {})).toEqual({
      model: 'inworld/support',
      messages: [{ role: 'user', content: 'Hi' }],
    });
  });

  test('says why it is this variant, how long each model is waited for, and what is known of it', () => {
    expect(shareWords({ weight: 90, chosen_by: 'user' })).toBe('90 of 100: this user always gets it');
    expect(shareWords({ weight: 100, chosen_by: 'chance' })).toBe('which every request gets');
    const models = [{ model: 'a/b', latency: 212.4, rests_ms: 1500 }, { model: 'c/d' }];
    expect([0, 1].map((index) => patienceOf({ models, ttft_timeout_ms: 800 }, index))).toEqual([
      'until it fails, or 800 ms pass without a first part',
      'the last: waited for',
    ]);
    expect(patienceOf({ models }, 0)).toBe('until it fails');
    expect(figuresOf(models[0] ?? { model: '' })).toBe('first part after 212 ms, failed lately, asked last for 2 s');
  });
});
