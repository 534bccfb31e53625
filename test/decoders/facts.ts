// What a type can tell from another in an event: which of two events is worth keeping, when only their types are to be judged.

/** Strings that stand for one of a few: each is another to a type. Other strings are all alike. */
const enumerated = new Set([
  ...['type', 'role', 'status', 'reason', 'object', 'phase', 'voice', 'code', 'anchor', 'detail', 'mode', 'effort', 'eagerness'],
  ...['format', 'input_audio_format', 'output_audio_format', 'output_modalities', 'modalities', 'include', 'rate'],
  ...['tool_choice', 'truncation', 'tracing', 'require_approval', 'max_output_tokens', 'max_response_output_tokens'],
]);
/** Objects whose names are the client's own, and those that are wholly its own. */
const freelyNamed = new Set(['metadata', 'variables', 'headers']);
const opaque = new Set(['parameters', 'input_schema', 'annotations', 'schema', 'providerData']);

/** One line for each thing that a type could take offence at: the names an object has, and of what kind each value is. */
export function factsOf(event: unknown): Set<string> {
  const facts = new Set<string>();
  walk(event, '', '', facts);
  return facts;
}

function walk(value: unknown, path: string, key: string, facts: Set<string>): void {
  if (Array.isArray(value)) {
    if (value.length === 0) facts.add(`${path}[]`);
    for (const each of value) walk(each, `${path}[]`, key, facts);
  } else if (typeof value === 'object' && value !== null) {
    walkObject(value as Record<string, unknown>, path, key, facts);
  } else facts.add(`${path}: ${kindOf(value, key)}`);
}

function walkObject(value: Record<string, unknown>, path: string, key: string, facts: Set<string>): void {
  if (opaque.has(key)) return void facts.add(`${path}: object`);
  if (freelyNamed.has(key)) {
    for (const each of Object.values(value)) walk(each, `${path}.*`, '', facts);
    return void facts.add(`${path}: names`);
  }
  // A union is told apart by these: what is right in one of its members is wrong in another.
  const variant = [value['type'], value['role'], value['status']].filter((name) => typeof name === 'string').join(' ');
  const name = `${path}<${variant}>`;
  facts.add(`${name} has ${Object.keys(value).sort().join(' ')}`);
  for (const [each, held] of Object.entries(value)) walk(held, `${name}.${each}`, each, facts);
}

function kindOf(value: unknown, key: string): string {
  if (enumerated.has(key) && (typeof value === 'string' || typeof value === 'number')) return JSON.stringify(value);
  if (typeof value !== 'number') return value === null ? 'null' : typeof value;
  return Number.isInteger(value) ? (value < 0 ? 'negative' : 'integer') : 'fraction';
}

/** Sound and images are long and say nothing. What is left of base64 is still base64. */
export function shortened(event: unknown): unknown {
  return JSON.parse(
    JSON.stringify(event, (_key, value: unknown) =>
      typeof value === 'string' && value.length > 400 ? value.slice(0, 40).toWellFormed() : value,
    ),
  );
}
