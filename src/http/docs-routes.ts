// The published contract over HTTP: a page to read, and the two documents for programs. Open to everybody, made once.
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { asyncApiDocument, openApiDocument } from '../protocol/schema-documents.ts';
import { docsPage, docsStyle } from './docs-page.ts';

/** The page brings its one style sheet along and runs nothing. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(docsStyle).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Adds GET /docs, /docs/asyncapi.json and /docs/openapi.json.
 * @param version Of the server.
 */
export function registerDocs(app: FastifyInstance, version: string): void {
  const events = asyncApiDocument({ version });
  const routes = openApiDocument({ version });
  const serve = (path: string, type: string, body: string) => {
    app.get(path, (_request, reply) =>
      reply
        .headers({
          'Content-Type': `${type}; charset=utf-8`,
          'Content-Security-Policy': policy,
          'X-Content-Type-Options': 'nosniff',
          'Cache-Control': 'no-cache',
        })
        .send(body),
    );
  };
  serve('/docs', 'text/html', docsPage(events, routes));
  serve('/docs/asyncapi.json', 'application/json', JSON.stringify(events));
  serve('/docs/openapi.json', 'application/json', JSON.stringify(routes));
}
