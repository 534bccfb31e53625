// What was used and what it cost. The route is our own; its spelling follows OpenAI's usage API.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type RouteDeps, usageGroups } from './deps.ts';
import { principalOf, read } from './family.ts';

const group = z.enum(usageGroups);
const query = z.object({
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  group_by: z
    .string()
    .max(100)
    .transform((names) => [...new Set(names.split(',').map((name) => name.trim()))].filter((name) => name !== ''))
    .pipe(z.array(group))
    .default([]),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  order: z.enum(['asc', 'desc']).default('asc'),
  page: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a next_page of this server')
    .transform(Number)
    .default(0),
});

export function usageRoutes(scope: FastifyInstance, { usageDesk }: Pick<RouteDeps, 'usageDesk'>): void {
  scope.get('/v1/usage', (request) => {
    const { from, to, group_by: groupBy, limit, order, page } = read(query, request.query);
    return usageDesk.read({ from, to, groupBy, limit, order, offset: page }, principalOf(request));
  });
}
