// A JSON Schema as the rows of a table: every field with its path, its type and what it is for. Alternatives share their rows.
import { isRecord } from '../protocol/json.ts';

export interface FieldRow {
  readonly path: string;
  /** Each of the types a field may have, as HTML. */
  readonly types: Set<string>;
  required: boolean;
  description: string;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** All fields of an object's schema, inner ones under dotted paths, up to the next named schema. */
export function fieldRows(schema: unknown): FieldRow[] {
  const rows = new Map<string, FieldRow>();
  collect(schema, '', rows, true);
  return [...rows.values()];
}

function collect(schema: unknown, prefix: string, rows: Map<string, FieldRow>, certain: boolean): void {
  const shapes = alternatives(schema).filter((shape) => isRecord(shape.properties));
  for (const shape of shapes) {
    const required: unknown[] = Array.isArray(shape.required) ? shape.required : [];
    for (const [name, field] of Object.entries(shape.properties as Record<string, unknown>)) {
      const path = prefix + name;
      const inAll = shapes.every((other) => isRecord(other.properties) && Object.hasOwn(other.properties, name));
      const row = rows.get(path) ?? { path, types: new Set(), required: certain, description: '' };
      rows.set(path, row);
      row.required &&= inAll && required.includes(name);
      for (const type of types(field)) row.types.add(type);
      if (isRecord(field) && typeof field.description === 'string') row.description = field.description;
      const inner = isRecord(field) && isRecord(field.items) ? field.items : field;
      collect(inner, inner === field ? `${path}.` : `${path}[].`, rows, true);
    }
  }
}

/** What a value may be, each shape by itself; named schemas have a place of their own. */
function alternatives(schema: unknown): Record<string, unknown>[] {
  if (!isRecord(schema)) return [];
  const list = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  return Array.isArray(list) ? list.flatMap(alternatives) : [schema];
}

function types(schema: unknown): string[] {
  return alternatives(schema).flatMap((shape) => {
    if (typeof shape.$ref === 'string') {
      const name = shape.$ref.slice(shape.$ref.lastIndexOf('/') + 1);
      return [`<a href="#${escaped(name)}">${escaped(name)}</a>`];
    }
    if (shape.const !== undefined) return [code(shape.const)];
    if (Array.isArray(shape.enum)) return shape.enum.map(code);
    if (shape.type === 'array') return [`list of ${[...new Set(types(shape.items))].join(' | ') || 'anything'}`];
    const named = [shape.type ?? 'anything'].flat().map(String);
    return named.map((type) => escaped(type) + range(shape));
  });
}

function code(value: unknown): string {
  return `<code>${escaped(JSON.stringify(value))}</code>`;
}

function range({ minimum, maximum }: Record<string, unknown>): string {
  const has = (value: unknown) => typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (has(minimum) && has(maximum)) return ` ${String(minimum)} to ${String(maximum)}`;
  return '';
}
