// `npm run router`: what is wrong with the routers of a folder, and what one of them would do with a request, without a server and without asking anybody.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UsageError } from '../../src/cli/arguments.ts';
import { runRouter } from '../../src/cli/router.ts';
import { configOf } from '../../src/config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-router-cli-'));
  mkdirSync(join(folder, 'routers'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const put = (path: string, json: unknown) => {
  writeFileSync(join(folder, path), typeof json === 'string' ? json : JSON.stringify(json));
  return join(folder, path);
};

async function run(argv: readonly string[], settings: Readonly<Record<string, string>> = { OPENAI_API_KEY: 'x', ANTHROPIC_API_KEY: 'y' }) {
  const asked = vi.spyOn(globalThis, 'fetch');
  const lines: string[] = [];
  const code = await runRouter(argv, configOf({ PARLEY_DATA_DIR: folder, ...settings }, folder, []), (line) => lines.push(line));
  expect(asked).not.toHaveBeenCalled();
  return { code, lines };
}

const tiers = {
  routes: [
    {
      route: {
        route_id: 'premium',
        variants: [
          {
            variant: {
              variant_id: 'best',
              model_id: 'openai/gpt-5',
              model_selection: { models: ['anthropic/claude-haiku-4-5'] },
              fallback: { ttft_timeout: '800ms' },
            },
            weight: 100,
          },
        ],
      },
      condition: { cel_expression: 'tier == "premium"' },
    },
  ],
  defaults: { message_templates: [{ role: 'system', content: 'You serve {{shop}}.' }], text_generation_config: { max_tokens: 200 } },
};

test('without anything it lists the routers', async () => {
  expect(await run([])).toEqual({ code: 0, lines: [`There are no routers in ${join(folder, 'routers')}.`] });
  put('routers/tiers.json', tiers);
  expect(await run([])).toEqual({ code: 0, lines: ['inworld/tiers'] });
});

test('what is wrong with a file is said, and is a failure', async () => {
  put('routers/tiers.json', { ...tiers, webSearch: {} });
  put('routers/bad.json', { routes: [{ ...tiers.routes[0], condition: { cel_expression: 'tier =' } }] });
  put('routers/worse.json', 'x');
  const { code, lines } = await run([]);
  expect(code).toBe(1);
  expect(lines[0]).toBe('inworld/tiers\n  Note: webSearch has no effect here.');
  expect(lines.join('\n')).toContain('Wrong: bad.json: routes[0].condition.cel_expression is no CEL expression');
  expect(lines.join('\n')).toContain('Wrong: worse.json: it is no JSON');
});

test('it says which route, variant and models a request would get, in which order, with which settings and messages, and why', async () => {
  put('routers/tiers.json', tiers);
  const request = put('request.json', {
    model: 'inworld/tiers',
    messages: [{ role: 'user', content: 'Hello' }],
    user: 'ann',
    extra_body: { metadata: { tier: 'premium', shop: 'Acme' } },
  });
  const { code, lines } = await run(['--try', request]);
  expect([code, lines]).toEqual([
    0,
    [
      'inworld/tiers',
      '',
      'The condition of the route \'premium\', tier == "premium", holds.',
      "The route is 'premium'.",
      "The variant is 'best', which every request gets.",
      'The models in their order: openai/gpt-5, anthropic/claude-haiku-4-5.',
      'After 800 ms without a first part the next model is asked; the last one is waited for.',
      'One template comes before what the request says.',
      '',
      '1. openai/gpt-5',
      '2. anthropic/claude-haiku-4-5',
      'Settings: {"max_tokens":200}',
      'Message: {"role":"system","content":"You serve Acme."}',
      'Message: {"role":"user","content":"Hello"}',
    ],
  ]);
});

test('a request that no model would answer is a failure, in Inworld’s words', async () => {
  put('routers/tiers.json', tiers);
  const { code, lines } = await run(['--try', put('request.json', { model: 'inworld/tiers' })]);
  expect(code).toBe(1);
  expect(lines).toContain('No model would be asked: No route matched. Configure a default route or adjust conditions.');
});

test('a router that lies elsewhere can be tried, and all be had in JSON', async () => {
  const router = put('draft.json', { name: 'draft', defaultRoute: { variants: [{ variant: { modelId: 'openai/gpt-5' }, weight: 100 }] } });
  const { code, lines } = await run(['--try', put('request.json', {}), '--router', router, '--json']);
  expect([code, JSON.parse(lines.join('\n'))]).toMatchObject([
    0,
    { router: 'draft', route: 'default', models: [{ model: 'openai/gpt-5' }] },
  ]);
});

test('while no provider is configured it says who would answer', async () => {
  put('routers/tiers.json', tiers);
  const { lines } = await run(
    ['--try', put('request.json', { model: 'inworld/tiers', extra_body: { metadata: { tier: 'premium' } } })],
    {},
  );
  expect(lines).toContain('1. parley/offline');
  expect(lines.join('\n')).toContain('no provider is configured here');
});

test.each<[string, readonly string[]]>([
  ['an unknown router', ['--try', 'request.json']],
  ['a request that is not there', ['--try', 'nowhere.json']],
  ['a request that is none', ['--try', 'bad.json']],
  ['a router to try without a request', ['--router', 'request.json']],
  ['a word too many', ['list']],
])('%s cannot be asked for', async (_, argv) => {
  put('request.json', { model: 'inworld/nobody' });
  put('bad.json', { messages: 5 });
  const found = argv.map((each) => (each.endsWith('.json') ? join(folder, each) : each));
  await expect(run(found)).rejects.toBeInstanceOf(UsageError);
});
