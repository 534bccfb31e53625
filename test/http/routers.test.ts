// Routers over HTTP as Inworld's pages have it, kept in the operator's folder: what is made there by hand, and what is made by the API, is the same.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../src/lib/log.ts';
import { silentLog } from '../../src/lib/log.ts';
import { type OpenRouterDesk, openRouterDesk } from '../../src/router-desk.ts';
import { Models, routesOf } from '../engines/routing/models.ts';
import { httpRig } from './rig.ts';

type Body = Record<string, unknown>;

let place: string;
let folder: string;
let models: Models;
let routes: ReturnType<typeof routesOf>['routes'];
let desk: OpenRouterDesk;
let http: Awaited<ReturnType<typeof httpRig>>;
let logged: string[];
let owner: Record<string, string>;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'parley-routers-'));
  folder = join(place, 'routers');
  models = new Models();
  ({ routes } = routesOf(models));
  logged = [];
  const line = (level: string) => (fields: object, message: string) => void logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log: Log = { ...silentLog, info: line('info'), warn: line('warn'), error: line('error') };
  desk = await openRouterDesk({ folder, routes, clock: models.clock, log });
  http = await httpRig(undefined, {}, { routers: desk });
  owner = { authorization: `Bearer ${(await http.makeKey('default')).credential}` };
});
afterEach(async () => {
  await http.close();
  await desk.close();
  rmSync(place, { recursive: true, force: true });
});

async function send(method: string, path: string, body?: unknown, headers = owner): Promise<{ status: number; body: Body }> {
  const answer = await fetch(`${http.url}/router/v1/${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Body };
}

const file = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Body;
/** An operator saves a file, and it is noticed. */
async function edit(name: string, text: string | object): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), typeof text === 'string' ? text : JSON.stringify(text));
  await desk.look();
}

const example = {
  name: 'routers/example-router',
  displayName: 'Example Router',
  defaults: { message_templates: [{ role: 'system', content: 'You are a helpful assistant.' }] },
  routes: [
    {
      route: { route_id: 'support', variants: [{ variant: { variant_id: 'primary', model_id: 'openai/gpt-4o' }, weight: 100 }] },
      condition: { cel_expression: "use_case == 'support'" },
    },
  ],
  defaultRoute: { route_id: 'default', variants: [{ variant: { variant_id: 'default', model_id: 'openai/gpt-4o-mini' }, weight: 100 }] },
};
const simple = (name: string, model = 'openai/gpt-5') => ({
  name,
  defaultRoute: { variants: [{ variant: { model_id: model }, weight: 100 }] },
});

describe('create-router', () => {
  test('E30: is answered by an operation that is done, with the router; the file is there, and the router serves', async () => {
    const { status, body } = await send('POST', 'routers', example);
    expect([status, body]).toEqual([
      200,
      {
        name: expect.stringMatching(/^operations\/create_\w+$/) as unknown,
        metadata: { '@type': expect.any(String) as unknown },
        done: true,
        response: { '@type': expect.any(String) as unknown, ...example },
      },
    ]);
    expect(file('example-router')).toEqual(example);
    expect(routes.find('inworld/example-router')).toMatchObject({ info: { name: 'the router example-router' } });
  });

  test('without a name the display name makes one', async () => {
    const { body } = await send('POST', 'routers', { displayName: 'User-Aware', defaultRoute: simple('').defaultRoute });
    expect(body['response']).toMatchObject({ name: 'routers/user-aware', displayName: 'User-Aware' });
    expect(file('user-aware')).toMatchObject({ name: 'routers/user-aware' });
  });

  test.each<[string, object, number, string]>([
    ['no name', { defaultRoute: {} }, 400, 'name is missing'],
    ['a name that leads out of the folder', simple('../../etc/passwd'), 400, 'name must be 1 to 63 letters'],
    [
      'a reserved name',
      simple('models'),
      400,
      "name must be 1 to 63 letters, digits, dots, dashes and underscores, and begin with a letter or digit, and 'models' is reserved",
    ],
    [
      'wrong weights',
      { name: 'x', defaultRoute: { variants: [{ variant: { model_id: 'openai/gpt-5' }, weight: 99 }] } },
      400,
      'defaultRoute.variants have weights that sum to 99, not to exactly 100.',
    ],
    [
      'an unknown model',
      simple('x', 'nobody/model'),
      400,
      "defaultRoute.variants[0].variant.model_id is 'nobody/model', which no configured provider serves.",
    ],
    [
      'a condition that is none',
      { ...simple('x'), routes: [{ route: simple('').defaultRoute, condition: { cel_expression: '((' } }] },
      400,
      'routes[0].condition.cel_expression is no CEL expression',
    ],
  ])('%s is refused by the name of the field, in gRPC’s words, and nothing is written', async (_, json, status, message) => {
    const answer = await send('POST', 'routers', json);
    const description = expect.stringContaining(message) as unknown;
    const details = [
      { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: message.split(' ')[0], description }] },
    ];
    expect(answer).toMatchObject({ status, body: { code: 3, message: description, details } });
    expect(existsSync(folder)).toBe(false);
  });

  test('E30: all that is wrong is said at once, each by its field', async () => {
    const routes = [
      { route: simple('').defaultRoute, condition: { cel_expression: '((' } },
      { route: {}, condition: {} },
    ];
    const { body } = await send('POST', 'routers', { ...simple('x'), routes });
    const [{ fieldViolations }] = body['details'] as [{ fieldViolations: { field: string; description: string }[] }];
    expect(fieldViolations).toEqual([
      { field: 'routes[1].route.variants', description: 'routes[1].route.variants is missing.' },
      { field: 'routes[1].condition.cel_expression', description: 'routes[1].condition.cel_expression is missing.' },
    ]);
    expect(body['message']).toBe(fieldViolations.map(({ description }) => description).join(' '));
  });

  test('a second of the same name is refused, and so is one beside a file that cannot be used', async () => {
    await send('POST', 'routers', simple('one'));
    expect(await send('POST', 'routers', simple('one', 'openai/gpt-4o'))).toMatchObject({
      status: 409,
      body: { code: 6, message: "there is a router 'one' already" },
    });
    await edit('broken', '{');
    expect(await send('POST', 'routers', simple('broken'))).toMatchObject({ status: 409 });
    expect(readFileSync(join(folder, 'broken.json'), 'utf8')).toBe('{');
  });

  test('a folder that cannot be written is said, and the router is not there', async () => {
    writeFileSync(folder, 'a file');
    expect(await send('POST', 'routers', simple('one'))).toMatchObject({
      status: 503,
      body: { code: 14, message: 'the folder of routers cannot be written' },
    });
    expect(routes.ids).toEqual([]);
  });
});

describe('list-routers and get-router', () => {
  test('E30: by name, on pages as large as is asked for, in either spelling', async () => {
    for (const name of ['c', 'a', 'b']) await send('POST', 'routers', simple(name));
    const names = (body: Body) => (body['routers'] as Body[]).map(({ name }) => name);
    const all = await send('GET', 'routers');
    expect([names(all.body), all.body['nextPageToken'], all.body['totalSize']]).toEqual([['routers/a', 'routers/b', 'routers/c'], '', 3]);
    const first = await send('GET', 'routers?page_size=2');
    const rest = await send('GET', `routers?pageSize=2&pageToken=${String(first.body['nextPageToken'])}`);
    expect([names(first.body), names(rest.body), rest.body['nextPageToken']]).toEqual([['routers/a', 'routers/b'], ['routers/c'], '']);
  });

  test('one is as it was written; an unknown one is 404', async () => {
    await send('POST', 'routers', example);
    expect(await send('GET', 'routers/example-router')).toEqual({ status: 200, body: example });
    expect(await send('GET', 'routers/nobody')).toMatchObject({ status: 404, body: { code: 5, message: "there is no router 'nobody'" } });
  });
});

describe('update-router', () => {
  beforeEach(() => send('POST', 'routers', example));

  test('E30: takes the fields of the mask and leaves the others', async () => {
    const patch = { name: 'example-router', displayName: 'Example Router (updated)', defaultRoute: simple('').defaultRoute };
    const { status, body } = await send('PATCH', 'routers/example-router?update_mask=displayName', patch);
    expect([status, body['response']]).toMatchObject([200, { ...example, displayName: 'Example Router (updated)' }]);
    expect(file('example-router')).toEqual({ ...example, displayName: 'Example Router (updated)' });
  });

  test('the mask may spell fields otherwise, name a field of a field, and one to be taken out', async () => {
    const patch = { default_route: simple('', 'groq/x').defaultRoute, defaults: { text_generation_config: { temperature: 0.5 } } };
    await send('PATCH', 'routers/example-router?updateMask=default_route,defaults.textGenerationConfig,routes', patch);
    expect(file('example-router')).toEqual({
      name: 'routers/example-router',
      displayName: 'Example Router',
      defaults: { ...example.defaults, text_generation_config: { temperature: 0.5 } },
      default_route: simple('', 'groq/x').defaultRoute,
    });
  });

  test('without a mask all that the patch has is taken', async () => {
    await send('PATCH', 'routers/example-router', { displayName: 'Other' });
    expect(file('example-router')).toEqual({ ...example, displayName: 'Other' });
  });

  test.each([
    ['name', { name: 'other' }, 'the name of a router cannot be changed'],
    ['routes.condition', { routes: { condition: {} } }, "update_mask names 'routes.condition', which is no field of an object"],
    ['defaultRoute', { defaultRoute: { variants: [] } }, 'defaultRoute.variants must hold a variant.'],
  ])('%s: what cannot be is refused, and the router stays as it was', async (mask, patch, message) => {
    const answer = await send('PATCH', `routers/example-router?update_mask=${mask}`, patch);
    expect(answer).toMatchObject({ status: 400, body: { message: expect.stringContaining(message) as unknown } });
    expect(file('example-router')).toEqual(example);
  });

  test('of several at a time each is made of what the one before has left', async () => {
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        send('PATCH', `routers/example-router?update_mask=defaults.f${index}`, { defaults: { [`f${index}`]: index } }),
      ),
    );
    expect(Object.keys(file('example-router')['defaults'] as Body)).toHaveLength(9);
  });
});

test('E30: delete-router: it is gone, with its file', async () => {
  await send('POST', 'routers', example);
  const { status, body } = await send('DELETE', 'routers/example-router');
  expect([status, body]).toMatchObject([200, { done: true, response: { '@type': 'type.googleapis.com/google.protobuf.Empty' } }]);
  expect([readdirSync(folder), routes.ids]).toEqual([[], []]);
  expect((await send('DELETE', 'routers/example-router')).status).toBe(404);
});

describe('who may', () => {
  test('keys of other workspaces see routers and try them, and change none', async () => {
    await send('POST', 'routers', example);
    const other = { authorization: `Bearer ${http.key.credential}` };
    const refused = { status: 403, body: { code: 7, message: 'this key may not change routers' } };
    expect(await send('POST', 'routers', simple('x'), other)).toMatchObject(refused);
    expect(await send('PATCH', 'routers/example-router', {}, other)).toMatchObject(refused);
    expect(await send('DELETE', 'routers/example-router', undefined, other)).toMatchObject(refused);
    expect((await send('GET', 'routers/example-router', undefined, other)).status).toBe(200);
    expect((await send('POST', 'routers:try', { request: { model: 'inworld/example-router' } }, other)).status).toBe(200);
  });

  test('nobody without a key', async () => {
    for (const [method, path] of [
      ['GET', 'routers'],
      ['POST', 'routers'],
      ['DELETE', 'routers/x'],
      ['POST', 'routers:try'],
    ] as const) {
      expect(await send(method, path, method === 'POST' ? {} : undefined, {})).toMatchObject({ status: 401, body: { code: 16 } });
    }
  });
});

describe('a file that an operator saves', () => {
  const served = () => routes.find('inworld/mine');

  test('is a router from then on, under the name of the file; what is changed holds for what is asked from then on', async () => {
    const { name: _, ...nameless } = simple('', 'openai/gpt-5');
    await edit('mine', nameless);
    expect(logged).toEqual(['info a router is ready {"router":"inworld/mine"}']);
    expect((await send('GET', 'routers/mine')).body).toEqual({ ...nameless, name: 'routers/mine' });
    const before = served();
    await edit('mine', simple('mine', 'openai/gpt-4o'));
    expect(served()).not.toBe(before);
    expect((await send('POST', 'routers:try', { request: { model: 'inworld/mine' } })).body['models']).toEqual([
      { model: 'openai/gpt-4o' },
    ]);
  });

  test('that cannot be used is named in the log with what is wrong, and the router goes on as it was', async () => {
    await edit('mine', simple('mine'));
    const before = served();
    logged.length = 0;
    await edit('mine', { defaultRoute: { variants: [{ variant: { modelId: 'openai/gpt-5' }, weight: 1 }] } });
    await edit('other', '{"a":');
    expect([served() === before, routes.find('inworld/other')]).toEqual([true, 'unknown']);
    expect(logged).toEqual([
      'error a router cannot be used {"file":"mine.json","why":"defaultRoute.variants have weights that sum to 1, not to exactly 100."}',
      'error a file of the routers cannot be used {"file":"other.json","why":"it is no JSON: Unexpected end of JSON input"}',
    ]);
    await edit('mine', simple('mine'));
    expect(served()).not.toBe(before);
  });

  test('with models that nobody serves, or fields that are not known, is used without them, and the log says so', async () => {
    await edit('mine', {
      defaultRoute: {
        variants: [{ variant: { modelId: 'openai/gpt-5', webSearch: {}, modelSelection: { models: ['nobody/x'] } }, weight: 100 }],
      },
    });
    expect(logged).toEqual([
      `info a router is ready ${JSON.stringify({
        router: 'inworld/mine',
        warnings: [
          'defaultRoute.variants[0].variant.webSearch has no effect here.',
          "defaultRoute.variants[0].variant.modelSelection.models[0] is 'nobody/x', which no configured provider serves.",
        ],
      })}`,
    ]);
  });

  test('is listed for the operator with what is wrong with it, also where it cannot be read', async () => {
    await edit('mine', { defaultRoute: { variants: [{ variant: { modelId: 'openai/gpt-5', webSearch: {} }, weight: 100 }] } });
    await edit('other', '{"a":');
    await edit('models', { 'openai/gpt-5': { price: 'cheap' } });
    const warning = 'defaultRoute.variants[0].variant.webSearch has no effect here.';
    expect(desk.files()).toEqual([
      {
        name: 'mine',
        router: expect.objectContaining({ name: 'routers/mine' }) as unknown,
        serves: true,
        faults: [],
        warnings: [{ field: 'defaultRoute.variants[0].variant.webSearch', description: warning }],
      },
      {
        name: 'other',
        serves: false,
        faults: [{ field: '', description: 'The file cannot be read: it is no JSON: Unexpected end of JSON input.' }],
        warnings: [],
      },
    ]);
    expect(desk.tableFaults()).toEqual([
      { field: 'openai/gpt-5.price', description: 'openai/gpt-5.price is of no kind that can be read.' },
    ]);
    // What is used goes on as it was, and what is mended is wrong no longer.
    await edit('mine', { defaultRoute: {} });
    expect(desk.files()[0]).toMatchObject({ serves: true, faults: [{ field: 'defaultRoute.variants' }], warnings: [] });
    await edit('mine', simple('mine'));
    await edit('models', {});
    expect([desk.files()[0]?.faults, desk.tableFaults()]).toEqual([[], []]);
  });

  test('that is removed is a router no longer', async () => {
    await edit('mine', simple('mine'));
    rmSync(join(folder, 'mine.json'));
    await desk.look();
    expect([served(), logged.at(-1)]).toEqual([undefined, 'info a router is gone {"router":"inworld/mine"}']);
  });

  test('models.json says what routers sort by; what it says holds for all of them at once, and is no router', async () => {
    const cheapest = {
      defaultRoute: {
        variants: [{ variant: { modelId: 'auto', modelSelection: { models: ['openai/gpt-5', 'groq/x'], sort: ['price'] } }, weight: 100 }],
      },
    };
    await edit('mine', cheapest);
    expect([served(), logged.at(-1)]).toEqual([
      undefined,
      expect.stringContaining('sorts by price, and models.json beside the routers has no prices') as unknown,
    ]);
    await edit('models', { 'openai/gpt-5': { price: 5 }, 'groq/x': { price: 1 } });
    const best = async () => ((await send('POST', 'routers:try', { request: { model: 'inworld/mine' } })).body['models'] as Body[])[0];
    expect(await best()).toEqual({ model: 'groq/x', price: 1 });
    await edit('models', { 'openai/gpt-5': { price: 0.5 }, 'groq/x': { price: 1 } });
    expect(await best()).toEqual({ model: 'openai/gpt-5', price: 0.5 });
    await edit('models', { 'openai/gpt-5': { price: 'cheap' } });
    expect([await best(), logged.at(-1)]).toEqual([
      { model: 'openai/gpt-5', price: 0.5 },
      'error the table of models cannot be used {"file":"models.json","why":"openai/gpt-5.price is of no kind that can be read."}',
    ]);
    expect([routes.ids, (await send('GET', 'routers/models')).status]).toEqual([['inworld/mine'], 404]);
  });

  test('is there at the start, with what it sorts by', async () => {
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'a.json'),
      JSON.stringify({ defaultRoute: { variants: [{ variant: { modelId: 'auto', modelSelection: { sort: ['math'] } }, weight: 100 }] } }),
    );
    writeFileSync(join(folder, 'models.json'), JSON.stringify({ 'openai/gpt-5': { math: 1 } }));
    const { routes: others } = routesOf(models);
    const errors: string[] = [];
    const again = await openRouterDesk({
      folder,
      routes: others,
      clock: models.clock,
      log: { ...silentLog, error: (_, message) => void errors.push(message) },
    });
    await again.close();
    expect([others.ids, errors]).toEqual([['inworld/a'], []]);
  });
});

describe('a dry run', () => {
  test('E30: says which route, variant and models it would be, and why; nobody is asked', async () => {
    await send('POST', 'routers', example);
    const request = {
      model: 'inworld/example-router',
      messages: [{ role: 'user', content: 'Help!' }],
      user: 'ann',
      extra_body: { metadata: { use_case: 'support' } },
    };
    const { status, body } = await send('POST', 'routers:try', { request });
    expect([status, body]).toMatchObject([
      200,
      {
        router: 'example-router',
        route: 'support',
        variant: 'primary',
        weight: 100,
        chosen_by: 'user',
        conditions: [{ route: 'support', expression: "use_case == 'support'", holds: true, parts: [], values: { use_case: 'support' } }],
        models: [{ model: 'openai/gpt-4o' }],
        messages: [
          { role: 'system', content: 'You are a helpful assistant.' },
          { role: 'user', content: 'Help!' },
        ],
        warnings: [],
      },
    ]);
    expect(body['why']).toContain("The route is 'support'.");
    expect(models.asked).toEqual([]);
  });

  test('E30: says of each part of a condition what it came to, and which values it read', async () => {
    const expression = "tier == 'premium' && (!beta || messages.exists(m, m.content.matches('(?i)refund')))";
    const router = {
      ...simple('r'),
      routes: [{ route: { ...simple('').defaultRoute, route_id: 'a' }, condition: { cel_expression: expression } }],
    };
    const request = { messages: [{ role: 'user', content: 'A Refund' }], metadata: { tier: 'premium' } };
    const { body } = await send('POST', 'routers:try', { router, request });
    expect(body['conditions']).toEqual([
      {
        route: 'a',
        expression,
        holds: true,
        parts: [
          { expression: 'tier == "premium"', holds: true },
          { expression: '!beta', holds: false, problem: 'Unknown variable: beta' },
          { expression: expect.stringContaining('matches') as unknown, holds: true },
        ],
        values: { tier: 'premium', beta: null, 'messages.last()': { role: 'user', content: 'A Refund' } },
      },
    ]);
  });

  test('what is wrong is named by the field of the body', async () => {
    const fields = async (body: object) => {
      const [{ fieldViolations }] = (await send('POST', 'routers:try', body)).body['details'] as [{ fieldViolations: { field: string }[] }];
      return fieldViolations.map(({ field }) => field);
    };
    expect(await fields({ router: { name: 'x' }, request: {} })).toEqual(['router.default_route']);
    expect(await fields({ request: { messages: [{ role: 'narrator' }] } })).toEqual(['request.messages[0].role']);
  });

  test('E32: of a body of the Responses API', async () => {
    const request = {
      model: 'r',
      instructions: 'Be brief.',
      input: [{ role: 'user', content: 'Help!' }],
      metadata: { use_case: 'support' },
      safety_identifier: 'ann',
    };
    const { body } = await send('POST', 'routers:try', { router: example, request });
    expect(body).toMatchObject({
      route: 'support',
      messages: [
        { role: 'system', content: 'You are a helpful assistant.\n\nBe brief.' },
        { role: 'user', content: 'Help!' },
      ],
    });
    const half = (id: string) => ({ variant: { variant_id: id, model_id: 'openai/gpt-5' }, weight: 50 });
    const split = { name: 'split', defaultRoute: { variants: [half('a'), half('b')] } };
    const tried = await send('POST', 'routers:try', { router: split, request });
    expect(tried.body['why']).toContainEqual(expect.stringContaining('this user always gets it'));
  });

  test('of a router that is not kept, and of a realtime session', async () => {
    const request = {
      session: { model: 'inworld/whatever', instructions: 'Be brief.', providerData: { user_id: 'ann', metadata: { use_case: 'sales' } } },
    };
    const { body } = await send('POST', 'routers:try', { router: example, request });
    expect(body).toMatchObject({ route: 'default', messages: [{ role: 'system', content: 'You are a helpful assistant.\n\nBe brief.' }] });
    expect(existsSync(folder)).toBe(false);
  });

  test('what nobody would answer is said', async () => {
    const router = { name: 'r', routes: example.routes };
    const { status, body } = await send('POST', 'routers:try', { router, request: {} });
    expect([status, body['error']]).toEqual([200, 'No route matched. Configure a default route or adjust conditions.']);
    const none = await send('POST', 'routers:try', { router: simple('r', 'nobody/x'), request: {} });
    expect(none.body['error']).toBe("The router 'r' names no model that is served: nobody/x.");
  });

  test.each([
    [{ request: { model: 'inworld/nobody' } }, 404, "there is no router 'nobody'"],
    [{ request: { messages: [{ role: 'narrator' }] } }, 400, 'messages[0].role must be one of'],
    [{ router: { name: 'x' }, request: {} }, 400, 'default_route is missing'],
    [{}, 400, 'request'],
  ])('%j cannot be tried', async (body, status, message) => {
    expect(await send('POST', 'routers:try', body)).toMatchObject({
      status,
      body: { message: expect.stringContaining(message) as unknown },
    });
  });
});
