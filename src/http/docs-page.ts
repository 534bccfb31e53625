// The published contract as one page to read: every event, object and route with its fields. It needs nothing but itself, and runs nothing.
import { isRecord } from '../protocol/json.ts';
import { escaped, fieldRows } from './docs-fields.ts';

type Document = Record<string, unknown>;

export const docsStyle = `
:root { color-scheme: light dark; --line: light-dark(#d5d9de, #363b42); --soft: light-dark(#f4f6f8, #1c2025); --faint: light-dark(#5b6570, #9aa4af); --link: light-dark(#0b5cad, #7ab8ff); }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 6rem; font: 16px/1.55 system-ui, sans-serif; background: light-dark(#fff, #13161a); color: light-dark(#1b1f24, #e4e8ec); }
h1 { margin: 0 0 .25rem; font-size: 1.8rem; }
h2 { margin: 2.5rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); font-size: 1.3rem; }
a { color: var(--link); }
code { font: .9em ui-monospace, monospace; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1rem 0; }
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: 6px; scroll-margin-top: 1rem; }
details:target { border-color: var(--link); }
summary { padding: .5rem .75rem; cursor: pointer; overflow-wrap: anywhere; }
summary:hover { background: var(--soft); }
summary strong { font: 600 .95em ui-monospace, monospace; }
summary span { color: var(--faint); }
.body { padding: 0 .75rem .75rem; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--faint); font-weight: 500; }
.must::after { content: " *"; color: light-dark(#b3261e, #ff8a80); }
`;

/** @param events The AsyncAPI document. @param routes The OpenAPI document. */
export function docsPage(events: Document, routes: Document): string {
  const { version, description } = record(events.info);
  const schemas = record(record(events.components).schemas);
  const messages = record(record(events.components).messages);
  const ours = new Set(operationMessages(events, 'send'));
  const theirs = new Set(operationMessages(events, 'receive'));
  const event = (type: string) => section(type, '', text(record(messages[type]).summary), fields(schemas[type]));
  const objects = { ...record(record(routes.components).schemas), ...schemas };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley: events and routes</title>
<style>${docsStyle}</style>
</head>
<body>
<h1>Parley ${escaped(text(version))}</h1>
<p>${prose(text(description))}</p>
<nav><a href="#client-events">What clients say</a><a href="#server-events">What the server says</a><a href="#objects">Objects</a><a href="#routes">HTTP routes</a><a href="#keys">Keys</a><a href="/docs/asyncapi.json">asyncapi.json</a><a href="/docs/openapi.json">openapi.json</a></nav>
<p>Fields marked <span class="must"></span> are always there.</p>
<h2 id="client-events">What clients say</h2>
${Object.keys(messages)
  .filter((type) => theirs.has(type))
  .map(event)
  .join('\n')}
<h2 id="server-events">What the server says</h2>
${Object.keys(messages)
  .filter((type) => ours.has(type))
  .map(event)
  .join('\n')}
<h2 id="objects">Objects</h2>
${Object.keys(objects)
  .filter((name) => !Object.hasOwn(messages, name))
  .map((name) => section(name, '', text(record(objects[name]).description), fields(objects[name])))
  .join('\n')}
<h2 id="routes">HTTP routes</h2>
${Object.entries(record(routes.paths))
  .flatMap(([path, methods]) => Object.entries(record(methods)).map(([method, operation]) => route(path, method, record(operation))))
  .join('\n')}
<h2 id="keys">Keys</h2>
<table>
${Object.values(record(record(routes.components).securitySchemes))
  .map(
    (scheme) => `<tr><td><code>${escaped(schemeName(record(scheme)))}</code></td><td>${prose(text(record(scheme).description))}</td></tr>`,
  )
  .join('\n')}
</table>
</body>
</html>
`;
}

/** The types of the messages of all operations of this kind. */
function operationMessages(events: Document, action: string): string[] {
  return Object.values(record(events.operations))
    .map(record)
    .filter((operation) => operation.action === action && Array.isArray(operation.messages))
    .flatMap((operation) => operation.messages as unknown[])
    .map((message) => text(record(message).$ref).split('/').at(-1) ?? '');
}

function route(path: string, method: string, operation: Document): string {
  const parameters = Array.isArray(operation.parameters) ? operation.parameters.map(record) : [];
  const rows = parameters.map((parameter) =>
    row(`${text(parameter.name)} (${text(parameter.in)})`, parameter.required === true, '', text(parameter.description)),
  );
  const body = schemaName(record(operation.requestBody).content);
  const answers = Object.entries(record(operation.responses)).map(
    ([status, answer]) =>
      `<tr><td>${escaped(status)}</td><td>${schemaName(record(answer).content)}</td><td>${prose(text(record(answer).description))}</td></tr>`,
  );
  const parts = [
    rows.length > 0 ? `<table><tr><th>parameter<th><th></tr>${rows.join('')}</table>` : '',
    body === '' ? '' : `<p>Body: ${body}</p>`,
    `<table><tr><th>status<th>answer<th></tr>${answers.join('')}</table>`,
  ];
  const open = Array.isArray(operation.security) && operation.security.length === 0 ? ' No key is needed.' : '';
  return section(text(operation.operationId), `${method.toUpperCase()} ${path}`, text(operation.summary) + open, parts.join(''));
}

function section(id: string, title: string, note: string, body: string): string {
  const heading = `<summary><strong>${escaped(title || id)}</strong>${note ? ` <span>${prose(note)}</span>` : ''}</summary>`;
  return `<details id="${escaped(id)}">${heading}<div class="body">${body}</div></details>`;
}

function fields(schema: unknown): string {
  const rows = fieldRows(schema).map(({ path, types, required, description }) => row(path, required, [...types].join(' | '), description));
  return rows.length > 0 ? `<table><tr><th>field<th>type<th></tr>${rows.join('')}</table>` : '<p>Any JSON.</p>';
}

function row(name: string, required: boolean, type: string, description: string): string {
  return `<tr><td${required ? ' class="must"' : ''}><code>${escaped(name)}</code></td><td>${type}</td><td>${prose(description)}</td></tr>`;
}

/** A link to the named schema that this content has, if it has one. */
function schemaName(content: unknown): string {
  const [media] = Object.values(record(content)).map(record);
  const name = text(record(media?.schema).$ref).split('/').at(-1) ?? '';
  return name === '' ? '' : `<a href="#${escaped(name)}">${escaped(name)}</a>`;
}

function schemeName({ type, scheme, in: place, name }: Document): string {
  return type === 'http' ? `Authorization: ${scheme === 'basic' ? 'Basic' : 'Bearer'} ...` : `${text(place)}: ${text(name)}`;
}

function prose(words: string): string {
  return escaped(words).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function record(value: unknown): Document {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
