// The route of usage for the published contract.
import { type JsonObject, reference } from './schema-json.ts';
import { answer, openAi, parameter, problem } from './schema-route-parts.ts';

const integer = { type: 'integer' };
const number = { type: 'number' };
const nameOrNull = { type: ['string', 'null'] };

export function usagePaths(): Record<string, JsonObject> {
  const day = (description: string) => ({ schema: { type: 'string', format: 'date' }, description });
  return {
    '/v1/usage': {
      get: openAi(
        'usage',
        'Usage',
        'Tokens, seconds, characters and their cost. Keys of the workspace `default` see that of all keys, others their own.',
        { 200: answer('The sums.', 'Usage'), 403: problem('Usage is shown to API keys only.', 'OpenAiError') },
        {
          parameters: [
            parameter('query', 'from', day('The first day, by UTC; 29 days before `to` without it.')),
            parameter('query', 'to', day('The last day; today without it. At most 366 days.')),
            parameter('query', 'group_by', {
              schema: { type: 'string' },
              description:
                'Of `day`, `key`, `session`, `stage` and `model`, separated by commas: one row for each, in that order. Only totals without it.',
            }),
            parameter('query', 'limit', {
              schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
              description: 'Rows on a page.',
            }),
            parameter('query', 'order', {
              schema: { type: 'string', enum: ['asc', 'desc'], default: 'asc' },
              description: 'Of the rows, by `group_by`.',
            }),
            parameter('query', 'page', { schema: { type: 'string' }, description: '`next_page` of the page before.' }),
          ],
        },
      ),
    },
  };
}

const amounts: Record<string, JsonObject> = {
  requests: { ...integer, description: 'Answers, utterances and speeches.' },
  input_tokens: integer,
  cached_tokens: { ...integer, description: 'Of `input_tokens`.' },
  output_tokens: integer,
  heard_seconds: { ...number, description: 'Of sound that was recognised.' },
  spoken_seconds: { ...number, description: 'Of sound that was made.' },
  characters: { ...integer, description: 'Of text that was spoken.' },
  cost: { type: ['number', 'null'], description: 'Of what has a price, in `currency`; null where nothing has one.' },
  cost_is_complete: { type: 'boolean', description: 'Whether all of it has a price.' },
};

export function usageSchemas(): Record<string, JsonObject> {
  return {
    Usage: {
      type: 'object',
      required: ['object', 'from', 'to', 'group_by', 'currency', 'totals', 'data', 'has_more', 'next_page'],
      properties: {
        object: { type: 'string', const: 'usage' },
        from: { type: 'string', format: 'date' },
        to: { type: 'string', format: 'date' },
        group_by: { type: 'array', items: { type: 'string', enum: ['day', 'key', 'session', 'stage', 'model'] } },
        currency: { type: ['string', 'null'], description: 'As the table of prices says; null without one.' },
        totals: reference('UsageAmounts'),
        data: { type: 'array', items: reference('UsageRow') },
        has_more: { type: 'boolean' },
        next_page: nameOrNull,
      },
    },
    UsageAmounts: { type: 'object', required: Object.keys(amounts), properties: amounts },
    UsageRow: {
      type: 'object',
      required: Object.keys(amounts),
      properties: {
        day: { type: 'string', format: 'date' },
        key: { type: 'string', description: 'The id of the key.' },
        session: { ...nameOrNull, description: 'Null for the sessions of long ago, which were summed together.' },
        stage: { type: 'string', enum: ['llm', 'stt', 'tts'] },
        model: { type: 'string', description: '`provider/model`, of the one that served.' },
        ...amounts,
      },
    },
  };
}
