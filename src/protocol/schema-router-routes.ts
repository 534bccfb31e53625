// The routes of routers for the published contract.
import { type JsonObject, reference } from './schema-json.ts';
import { answer, inworld, parameter, problem, text } from './schema-route-parts.ts';

const name = parameter('path', 'name', text('The name of a router, without `routers/`.'));
const none = problem('There is no such router.', 'StatusError');
const notYours = problem(
  'The key may not do that: routers are changed by keys of the workspace `default`, and shown to keys only.',
  'StatusError',
);
const spelling = 'Fields may be spelled in snake_case or camelCase.';
const unwritable = problem('The folder of routers cannot be written.', 'StatusError');

export function routerPaths(): Record<string, JsonObject> {
  return {
    '/router/v1/routers': {
      get: inworld(
        'listRouters',
        'Routers',
        'The routers, by their names.',
        { 200: answer('A page of them.', 'Routers'), 403: notYours },
        {
          parameters: [
            parameter('query', 'page_size', {
              schema: { type: 'integer', minimum: 0, maximum: 1000 },
              description: 'Routers on a page; all of them without it.',
            }),
            parameter('query', 'page_token', text('`nextPageToken` of the page before.')),
          ],
        },
      ),
      post: inworld(
        'createRouter',
        'Routers',
        `Makes a router, which sessions name as \`inworld/<name>\`. ${spelling}`,
        {
          200: answer('An operation, which is done.', 'RouterOperation'),
          403: notYours,
          409: problem('There is a router of that name.', 'StatusError'),
          503: unwritable,
        },
        { body: 'Router' },
      ),
    },
    '/router/v1/routers/{name}': {
      get: inworld(
        'getRouter',
        'Routers',
        'One router.',
        { 200: answer('The router.', 'Router'), 403: notYours, 404: none },
        { parameters: [name] },
      ),
      patch: inworld(
        'updateRouter',
        'Routers',
        `Changes a router. What is asked from then on takes it as it is then. ${spelling}`,
        { 200: answer('An operation, which is done.', 'RouterOperation'), 403: notYours, 404: none, 503: unwritable },
        {
          body: 'Router',
          parameters: [
            name,
            parameter(
              'query',
              'update_mask',
              text(
                'The fields that are taken from the body, separated by commas; one that the body does not have is taken out. Without it: all that the body has.',
              ),
            ),
          ],
        },
      ),
      delete: inworld(
        'deleteRouter',
        'Routers',
        'Removes a router.',
        { 200: answer('An operation, which is done.', 'RouterOperation'), 403: notYours, 404: none, 503: unwritable },
        { parameters: [name] },
      ),
    },
    '/router/v1/routers:try': {
      post: inworld(
        'tryRouter',
        'Routers',
        'Says what a router would do with a request, and why. No model is asked.',
        { 200: answer('What it would do.', 'RouterTrial'), 403: notYours, 404: none },
        { body: 'RouterTrialRequest' },
      ),
    },
  };
}

const string = { type: 'string' };
const list = (items: JsonObject) => ({ type: 'array', items });
const route: JsonObject = {
  type: 'object',
  required: ['variants'],
  properties: {
    route_id: string,
    variants: list({
      type: 'object',
      required: ['variant', 'weight'],
      properties: {
        weight: { type: 'number', minimum: 0, maximum: 100, description: 'In percent: those of a route sum to exactly 100.' },
        variant: {
          type: 'object',
          required: ['model_id'],
          properties: {
            variant_id: string,
            model_id: { type: 'string', description: '`provider/model`, a model without its provider, or `auto`.' },
            model_selection: {
              type: 'object',
              properties: {
                models: list(string),
                sort: list({
                  type: 'object',
                  properties: {
                    metric: {
                      type: 'string',
                      description: '`SORT_METRIC_PRICE`, `…_LATENCY`, `…_THROUGHPUT`, `…_INTELLIGENCE`, `…_MATH` or `…_CODING`.',
                    },
                    direction: { type: 'string', description: '`SORT_DIRECTION_ASCENDING` or `SORT_DIRECTION_DESCENDING`.' },
                  },
                }),
                ignore: list(string),
                provider: { type: 'object', properties: { order: list(string), allow_fallbacks: { type: 'boolean', default: true } } },
              },
            },
            text_generation_config: { type: 'object' },
            message_templates: list({ type: 'object' }),
            fallback: { type: 'object', properties: { ttft_timeout: { type: 'string', description: '`300ms` at least.' } } },
          },
        },
      },
    }),
  },
};

export function routerSchemas(): Record<string, JsonObject> {
  const verdict = {
    expression: string,
    holds: { type: 'boolean' },
    problem: { type: 'string', description: 'Why it cannot be evaluated.' },
  };
  const judged = {
    type: 'object',
    required: ['route', 'expression', 'holds', 'parts', 'values'],
    properties: {
      route: string,
      ...verdict,
      parts: { ...list({ type: 'object', properties: verdict }), description: 'What `&&` and `||` join; empty where there is only one.' },
      values: { type: 'object', description: 'What it reads, by its name in the expression; null: the request has none.' },
    },
  };
  return {
    Router: {
      type: 'object',
      description: 'What each field does: docs/routers.md.',
      properties: {
        name: { type: 'string', description: '`routers/<name>`' },
        displayName: string,
        routes: list({ type: 'object', properties: { route, condition: { type: 'object', properties: { cel_expression: string } } } }),
        defaultRoute: route,
        defaults: { type: 'object' },
      },
    },
    Routers: {
      type: 'object',
      required: ['routers', 'nextPageToken', 'totalSize'],
      properties: {
        routers: list(reference('Router')),
        nextPageToken: { type: 'string', description: 'Empty on the last page.' },
        totalSize: { type: 'integer' },
      },
    },
    RouterOperation: {
      type: 'object',
      required: ['name', 'metadata', 'done', 'response'],
      properties: {
        name: string,
        metadata: { type: 'object' },
        done: { type: 'boolean' },
        response: { type: 'object', description: 'The router, unless it was removed.' },
      },
    },
    RouterTrialRequest: {
      type: 'object',
      required: ['request'],
      properties: {
        router: { ...reference('Router'), description: 'A router that need not be kept; without it the one that `request.model` names.' },
        request: { type: 'object', description: 'A body of `POST /v1/chat/completions` or `POST /v1/responses`, or `{"session": …}`.' },
      },
    },
    RouterTrial: {
      type: 'object',
      required: ['router', 'conditions', 'models', 'unserved', 'messages', 'unfilled', 'warnings', 'why'],
      properties: {
        router: string,
        route: string,
        variant: string,
        weight: { type: 'number', description: 'Of the variant, in percent.' },
        chosen_by: { type: 'string', enum: ['user', 'session', 'chance'], description: 'What the variant was drawn by.' },
        conditions: list(judged),
        models: list({
          type: 'object',
          properties: {
            model: string,
            rests_ms: { type: 'number' },
            price: { type: 'number' },
            latency: { type: 'number' },
            throughput: { type: 'number' },
          },
        }),
        unserved: list(string),
        ttft_timeout_ms: { type: 'number' },
        generation: { type: 'object' },
        messages: list({ type: 'object' }),
        unfilled: list(string),
        warnings: list(string),
        why: { ...list(string), description: 'All of it in sentences.' },
        error: { type: 'string', description: 'Why no model would be asked.' },
      },
    },
  };
}
