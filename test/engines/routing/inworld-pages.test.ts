// Each example of a router on Inworld's pages, by the page's own JSON where it has some, and that it does what the page says of it. Read in November 2026.
import { expect, test } from 'vitest';
import type { LlmOptions } from '../../../src/engines/engine.ts';
import type { OnBehalf, Prompt } from '../../../src/protocol/prompt.ts';
import { textOf } from '../../contract/llm.ts';
import { hangs, hear, Models, prompt, routesOf, told } from './models.ts';

interface Asking extends OnBehalf {
  readonly prompt?: Prompt;
  readonly options?: Partial<LlmOptions>;
}

function rig(router: Readonly<Record<string, unknown>>, table?: object) {
  const models = new Models();
  let point = 0;
  const { routes, asking, put } = routesOf(models, () => point);
  if (table) routes.useTable(table);
  const read = put(router);
  const ask = async ({ prompt: given = prompt(), options = {}, ...behalf }: Asking = {}, ms = 60) => {
    const llm = routes.find(`inworld/${read.router.name}`);
    if (typeof llm !== 'object') throw new Error('There is no such router.');
    models.asked.length = 0;
    const answer = hear(llm.respond(given, { model: '', behalf, ...options }, new AbortController().signal), models.clock);
    await models.pass(ms);
    return answer;
  };
  /** Who is asked, in order. */
  const asked = async (asking?: Asking, ms?: number) => {
    await ask(asking, ms);
    return models.asked.map(({ model }) => model);
  };
  return { models, asking, read, ask, asked, routes, at: (share: number) => (point = share) };
}

const all = (variant: object) => ({ variants: [{ variant, weight: 100 }] });

test('router/capabilities/conditional-routing: the first route whose expression is true, or else the default', async () => {
  const { asked } = rig({
    name: 'routers/my-router',
    routes: [
      {
        route: { route_id: 'premium-tier', ...all({ variant_id: 'premium-gpt5', model_id: 'openai/gpt-5.2' }) },
        condition: { cel_expression: 'tier == "premium"' },
      },
      {
        route: { route_id: 'free-tier', ...all({ variant_id: 'free-flash', model_id: 'google-ai-studio/gemini-2.5-flash' }) },
        condition: { cel_expression: 'tier == "free"' },
      },
    ],
    defaultRoute: { route_id: 'default', ...all({ variant_id: 'default-variant', model_id: 'google-ai-studio/gemini-2.5-pro' }) },
  });
  expect(await asked({ metadata: { tier: 'premium' } })).toEqual(['openai/gpt-5.2']);
  expect(await asked({ metadata: { tier: 'free' } })).toEqual(['google-ai-studio/gemini-2.5-flash']);
  expect(await asked({ metadata: { tier: 'trial' } })).toEqual(['google-ai-studio/gemini-2.5-pro']);
  expect(await asked()).toEqual(['google-ai-studio/gemini-2.5-pro']);
});

test('router/capabilities/traffic-splitting: 80 of 100 take one variant and 20 the other', async () => {
  const { asked, at } = rig({
    name: 'routers/ab-test-router',
    routes: [
      {
        route: {
          route_id: 'ab-test-route',
          variants: [
            { variant: { variant_id: 'variant-a', model_id: 'openai/gpt-5' }, weight: 80 },
            { variant: { variant_id: 'variant-b', model_id: 'anthropic/claude-opus-4-6' }, weight: 20 },
          ],
        },
        condition: { cel_expression: 'true' },
      },
    ],
    defaultRoute: { route_id: 'default', ...all({ variant_id: 'default-variant', model_id: 'openai/gpt-5' }) },
  });
  const shares: Record<string, number> = {};
  for (let percent = 0; percent < 100; percent++) {
    at(percent / 100);
    const [model = ''] = await asked();
    shares[model] = (shares[model] ?? 0) + 1;
  }
  expect(shares).toEqual({ 'openai/gpt-5': 80, 'anthropic/claude-opus-4-6': 20 });
});

test('router/capabilities/traffic-splitting: a user always gets the same variant', async () => {
  const { asked, at } = rig({
    name: 'routers/half',
    defaultRoute: {
      variants: [
        { variant: { variant_id: 'a', model_id: 'openai/gpt-5' }, weight: 50 },
        { variant: { variant_id: 'b', model_id: 'anthropic/claude-opus-4-6' }, weight: 50 },
      ],
    },
  });
  const [first] = await asked({ user: 'user-17' });
  for (const share of [0, 0.3, 0.6, 0.99]) {
    at(share);
    expect(await asked({ user: 'user-17' })).toEqual([first]);
  }
});

test('router/core-concepts/overview: without a default route a request that no condition takes is an error', async () => {
  const router = rig({
    name: 'premium-only',
    routes: [
      {
        route: { route_id: 'premium', ...all({ variant_id: 'v', model_id: 'openai/gpt-5' }) },
        condition: { cel_expression: 'tier == "premium"' },
      },
    ],
  });
  expect(await router.ask()).toMatchObject({
    over: true,
    parts: [],
    error: { name: 'EngineError', forClient: 'No route matched. Configure a default route or adjust conditions.' },
  });
});

test('router/guides/failover-system: after 429, 5xx or a time-out the next of the models, in their order, with the router’s own settings', async () => {
  const { models, asked } = rig({
    name: 'routers/failover-system',
    defaults: { text_generation_config: { max_new_tokens: 1024, temperature: 0.7 } },
    defaultRoute: {
      route_id: 'failover',
      ...all({
        variant_id: 'primary-with-fallbacks',
        model_id: 'openai/gpt-5',
        model_selection: { models: ['anthropic/claude-opus-4-6', 'google-ai-studio/gemini-2.5-flash'] },
      }),
    },
  });
  expect(await asked()).toEqual(['openai/gpt-5']);
  expect(models.asked[0]?.options).toMatchObject({ maxOutputTokens: 1024, temperature: 0.7 });
  models.does('openai/gpt-5', { fails: 'rate_limited' });
  models.does('anthropic/claude-opus-4-6', { fails: 'broken' });
  expect(await asked()).toEqual(['openai/gpt-5', 'anthropic/claude-opus-4-6', 'google-ai-studio/gemini-2.5-flash']);
  models.clock.advance(30_000);
  models.does('openai/gpt-5', { fails: 'timeout' });
  models.does('anthropic/claude-opus-4-6', {});
  expect(await asked()).toEqual(['openai/gpt-5', 'anthropic/claude-opus-4-6']);
  expect(models.asked[1]?.options).toMatchObject({ maxOutputTokens: 1024, temperature: 0.7 });
});

test('router/capabilities/request-level: what was tried is told', async () => {
  const { models, asking, ask } = rig({
    name: 'chain',
    defaultRoute: {
      route_id: 'r',
      ...all({
        variant_id: 'v',
        model_id: 'openai/gpt-5.2',
        model_selection: { models: ['anthropic/claude-opus-4-6', 'google-ai-studio/gemini-2.5-pro'] },
      }),
    },
  });
  models.does('openai/gpt-5.2', { fails: 'broken' });
  const attempts: unknown[] = [];
  const answer = await ask({ options: { onAttempt: (attempt) => attempts.push(attempt) } });
  expect(textOf(answer.parts)).toContain('claude-opus-4-6');
  expect(attempts).toEqual([
    { model: 'openai/gpt-5.2', ms: 10, outcome: 'failed', reason: 'broken', route: 'r', variant: 'v' },
    { model: 'anthropic/claude-opus-4-6', ms: 10, outcome: 'answered', route: 'r', variant: 'v' },
  ]);
  expect(told(asking.attempts)).toEqual(['openai/gpt-5.2 broken 10', 'anthropic/claude-opus-4-6 answered 10']);
});

test('router/capabilities/request-level: a model without a first token in time is cancelled, and the next one tried', async () => {
  const { models, asked } = rig({
    name: 'quick',
    defaultRoute: all({
      model_id: 'openai/gpt-5.2',
      model_selection: { models: ['google-ai-studio/gemini-2.5-flash'] },
      fallback: { ttft_timeout: '500ms' },
    }),
  });
  models.does('openai/gpt-5.2', hangs);
  expect(await asked({}, 560)).toEqual(['openai/gpt-5.2', 'google-ai-studio/gemini-2.5-flash']);
  expect(models.asked.map(({ atMs, signal }) => [atMs, signal.aborted])).toEqual([
    [0, true],
    [500, true],
  ]);
});

test.each(['299ms', '0.2s'])('router/capabilities/request-level: %s is less than the least time-out', (ttft_timeout) => {
  expect(() => rig({ name: 'r', defaultRoute: all({ model_id: 'openai/gpt-5', fallback: { ttft_timeout } }) })).toThrow(
    'must be at least 300ms',
  );
});

const prices = {
  'openai/gpt-5': { price: { input: 5, output: 15 }, latency_ms: 900, tokens_per_second: 60, intelligence: 70, math: 90 },
  'anthropic/claude-opus-4-6': { price: { input: 5, output: 25 }, latency_ms: 1200, tokens_per_second: 40, intelligence: 75, coding: 95 },
  'google-ai-studio/gemini-2.5-flash': { price: { input: 0.3, output: 2.5 }, latency_ms: 310, tokens_per_second: 200, intelligence: 50 },
  'groq/llama-3.3-70b-versatile': { price: { input: 0.3, output: 2.5 }, latency_ms: 150, tokens_per_second: 300, intelligence: 40 },
};

test.each([
  [['price'], 'google-ai-studio/gemini-2.5-flash'],
  [['price', 'latency'], 'groq/llama-3.3-70b-versatile'],
  [['latency'], 'groq/llama-3.3-70b-versatile'],
  [['throughput'], 'groq/llama-3.3-70b-versatile'],
  [['intelligence'], 'anthropic/claude-opus-4-6'],
  [['math'], 'openai/gpt-5'],
  [['coding'], 'anthropic/claude-opus-4-6'],
])('router/capabilities/request-level: auto is the first by %j, ties decided by what follows', async (sort, best) => {
  const { asked } = rig(
    {
      name: 'best',
      defaultRoute: all({
        model_id: 'auto',
        model_selection: {
          models: ['openai', 'anthropic/claude-opus-4-6', 'google-ai-studio/gemini-2.5-flash', 'groq/llama-3.3-70b-versatile'],
          sort,
        },
      }),
    },
    prices,
  );
  expect((await asked())[0]).toBe(best);
});

test('router/capabilities/request-level: the pool is restricted by models, and less by ignore: models and whole providers', async () => {
  const pool = {
    models: ['openai/gpt-5', 'google-ai-studio/gemini-2.5-flash', 'groq/llama-3.3-70b-versatile'],
    sort: ['price', 'latency'],
  };
  const first = async (ignore: string[]) =>
    (await rig({ name: 'best', defaultRoute: all({ model_id: 'auto', model_selection: { ...pool, ignore } }) }, prices).asked())[0];
  expect(await first([])).toBe('groq/llama-3.3-70b-versatile');
  expect(await first(['groq'])).toBe('google-ai-studio/gemini-2.5-flash');
  expect(await first(['groq/llama-3.3-70b-versatile', 'google'])).toBe('openai/gpt-5');
});

test('router/guides/cost-optimizer: simple queries go to the cheapest, complex ones to the best', async () => {
  const { asked } = rig(
    {
      name: 'routers/cost-optimizer',
      routes: [
        {
          route: {
            route_id: 'simple',
            ...all({
              variant_id: 's',
              model_id: 'auto',
              model_selection: { sort: [{ metric: 'SORT_METRIC_PRICE' }, { metric: 'SORT_METRIC_LATENCY' }] },
            }),
          },
          condition: { cel_expression: 'complexity == "simple"' },
        },
        {
          route: {
            route_id: 'complex',
            ...all({ variant_id: 'c', model_id: 'auto', model_selection: { sort: [{ metric: 'SORT_METRIC_INTELLIGENCE' }] } }),
          },
          condition: { cel_expression: 'complexity == "complex"' },
        },
      ],
      defaultRoute: { route_id: 'default', ...all({ variant_id: 'd', model_id: 'openai/gpt-5' }) },
    },
    prices,
  );
  expect((await asked({ metadata: { complexity: 'simple' } }))[0]).toBe('groq/llama-3.3-70b-versatile');
  expect((await asked({ metadata: { complexity: 'complex' } }))[0]).toBe('anthropic/claude-opus-4-6');
  expect(await asked()).toEqual(['openai/gpt-5']);
});

test('router/usage/prompt-variables: templates are filled in and come before what the request says; what it says is not filled in', async () => {
  const { models, asked } = rig({
    name: 'routers/router-auto',
    defaults: {
      optimize_prompt: true,
      text_generation_config: { max_new_tokens: 512, temperature: 0.7 },
      message_templates: [
        { role: 'system', content: 'You are a {{role}} who speaks {{ language }}.' },
        { role: 'user', content: 'I am {{name}}.' },
        { role: 'assistant', content: 'Hello {{name}}, from {{city}}.' },
      ],
    },
    defaultRoute: { route_id: 'default', ...all({ variant_id: 'v', model_id: 'openai/gpt-5' }) },
  });
  const said = prompt('Tell {{name}} a joke.');
  await asked({ prompt: said, promptVariables: { role: 'pirate', language: 'French', name: 'Ann' } });
  expect(models.asked[0]?.prompt).toEqual({
    ...said,
    instructions: 'You are a pirate who speaks French.\n\nYou are Ada.',
    turns: [
      { role: 'user', parts: [{ type: 'text', text: 'I am Ann.' }] },
      { role: 'assistant', text: 'Hello Ann, from {{city}}.', interrupted: false },
      ...said.turns,
    ],
  });
});

test('router/capabilities/provider-routing: a model without its provider is asked at the quickest that has it, then at the next', async () => {
  const { models, asking, asked } = rig({ name: 'open', defaultRoute: all({ model_id: 'gpt-oss-120b' }) });
  asking.health.answered('groq/gpt-oss-120b', 300);
  asking.health.answered('cerebras/gpt-oss-120b', 100);
  asking.health.answered('deepinfra/gpt-oss-120b', 900);
  models.does('cerebras/gpt-oss-120b', { fails: 'broken' });
  expect(await asked()).toEqual(['cerebras/gpt-oss-120b', 'groq/gpt-oss-120b']);
});

test('router/capabilities/provider-routing: provider.order is tried as it is listed, whatever is quickest', async () => {
  const { models, asking, asked } = rig({
    name: 'open',
    defaultRoute: all({
      model_id: 'gpt-oss-120b',
      model_selection: { sort: [{ metric: 'SORT_METRIC_LATENCY' }], provider: { order: ['deepinfra', 'groq'] } },
    }),
  });
  asking.health.answered('cerebras/gpt-oss-120b', 100);
  models.does('deepinfra/gpt-oss-120b', { fails: 'broken' });
  expect(await asked()).toEqual(['deepinfra/gpt-oss-120b', 'groq/gpt-oss-120b']);
});

test('router/capabilities/provider-routing: without allow_fallbacks no further provider is tried', async () => {
  const { models, ask } = rig({
    name: 'open',
    defaultRoute: all({ model_id: 'gpt-oss-120b', model_selection: { provider: { order: ['groq', 'cerebras'], allow_fallbacks: false } } }),
  });
  models.does('groq/gpt-oss-120b', { fails: 'unauthorized' });
  expect(await ask()).toMatchObject({ error: { engine: 'groq', reason: 'unauthorized' } });
  expect(models.asked.map(({ model }) => model)).toEqual(['groq/gpt-oss-120b']);
});

test('api-reference/routerAPI/routerservice/create-router: support questions go their own way, with the router’s template', async () => {
  const { models, asked, read } = rig({
    name: 'routers/example-router',
    displayName: 'Example Router',
    defaults: { message_templates: [{ role: 'system', content: 'You are a helpful assistant.' }] },
    routes: [
      {
        route: { route_id: 'support', ...all({ variant_id: 'primary', model_id: 'openai/gpt-4o' }) },
        condition: { cel_expression: "use_case == 'support'" },
      },
    ],
    defaultRoute: { route_id: 'default', ...all({ variant_id: 'default', model_id: 'openai/gpt-4o-mini' }) },
  });
  expect(read.router.displayName).toBe('Example Router');
  expect(await asked({ metadata: { use_case: 'support' } })).toEqual(['openai/gpt-4o']);
  expect(models.asked[0]?.prompt.instructions).toBe('You are a helpful assistant.\n\nYou are Ada.');
  expect(await asked({ metadata: { use_case: 'sales' } })).toEqual(['openai/gpt-4o-mini']);
});

test('inworld.ai/router: routes and variants need no ids, and modelId is model_id', async () => {
  const { asked } = rig({
    name: 'user-aware',
    displayName: 'User-Aware',
    routes: [
      { condition: { cel_expression: 'language == "es"' }, route: all({ modelId: 'openai/gpt-5.2' }) },
      { condition: { cel_expression: 'plan == "free"' }, route: all({ modelId: 'anthropic/claude-haiku-4-5' }) },
    ],
    defaultRoute: all({ modelId: 'anthropic/claude-sonnet-4-6' }),
  });
  expect(await asked({ metadata: { language: 'es', country: 'MX', plan: 'free' } })).toEqual(['openai/gpt-5.2']);
  expect(await asked({ metadata: { language: 'en', plan: 'free' } })).toEqual(['anthropic/claude-haiku-4-5']);
  expect(await asked({ metadata: { language: 'en', plan: 'pro' } })).toEqual(['anthropic/claude-sonnet-4-6']);
});

test('router/quickstart: "Compare frontier models" splits the traffic in three', async () => {
  const { asked, at } = rig({
    name: 'compare-frontier-models',
    default_route: {
      route_id: 'default',
      variants: [
        { variant: { variant_id: 'opus', model_id: 'anthropic/claude-opus-4-6' }, weight: 34 },
        { variant: { variant_id: 'gemini', model_id: 'google-ai-studio/gemini-3.1-pro' }, weight: 33 },
        { variant: { variant_id: 'gpt', model_id: 'openai/gpt-5.2' }, weight: 33 },
      ],
    },
  });
  const chosen: string[] = [];
  for (const share of [0.2, 0.5, 0.8]) {
    at(share);
    chosen.push(...(await asked()));
  }
  expect(chosen).toEqual(['anthropic/claude-opus-4-6', 'google-ai-studio/gemini-3.1-pro', 'openai/gpt-5.2']);
});

test('claude-code-plugin, skill configure-router: a condition on what was said last, by a pattern without regard to case', async () => {
  const { asked } = rig({
    name: 'by-content',
    routes: [
      {
        route: all({ model_id: 'openai/gpt-5' }),
        condition: { cel_expression: 'messages.last().content.matches("(?i).*(refund|chargeback).*")' },
      },
    ],
    defaultRoute: all({ model_id: 'openai/gpt-4o-mini' }),
  });
  expect(await asked({ prompt: prompt('I want my REFUND.') })).toEqual(['openai/gpt-5']);
  expect(await asked({ prompt: prompt('I want my dinner.') })).toEqual(['openai/gpt-4o-mini']);
});

test('claude-code-plugin, skill configure-router: a variant’s generation config takes the place of the router’s, and is not mixed with it', async () => {
  const { models, asked } = rig({
    name: 'settings',
    defaults: { text_generation_config: { temperature: 0.2, max_tokens: 100, top_p: 0.5 } },
    defaultRoute: all({
      model_id: 'openai/gpt-5',
      text_generation_config: { max_tokens: 300, reasoning: { effort: 'none' }, logit_bias: [{ token_id: '50256', bias_value: -100 }] },
    }),
  });
  await asked();
  expect(models.asked[0]?.options).toMatchObject({
    maxOutputTokens: 300,
    reasoningEffort: 'none',
    sampling: { logitBias: { 50256: -100 } },
  });
  expect(models.asked[0]?.options).not.toHaveProperty('temperature');
  expect(models.asked[0]?.options.sampling).not.toHaveProperty('topP');
});

test('realtime/usage/using-realtime-models: a session’s own settings win over those of its router', async () => {
  const { models, asked } = rig({
    name: 'settings',
    defaultRoute: all({ model_id: 'openai/gpt-5', text_generation_config: { max_tokens: 300, temperature: 0.2, seed: 1, top_p: 0.5 } }),
  });
  await asked({ options: { temperature: 0.8, sampling: { seed: 7 } } });
  expect(models.asked[0]?.options).toMatchObject({ temperature: 0.8, maxOutputTokens: 300, sampling: { seed: 7, topP: 0.5 } });
});
