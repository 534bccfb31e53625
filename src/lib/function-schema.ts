// The schema of a function's arguments. Whoever declares a function may bring any JSON Schema; language models are given one that describes an
// object, and nothing that would be refused.
import { isObject } from './fields.ts';
import { list, type Schema, strings, validSchema } from './valid-schema.ts';

/** How often references are followed within each other (a schema may contain itself), and how many parts of a schema are looked at in all. */
const REFERENCES = 4;
const PARTS = 2000;

/** Words that OpenAI and Anthropic refuse at the top, or that mean nothing beside `type: "object"`. */
const notAtTop = new Set('anyOf oneOf allOf not enum const if then else $ref type properties required items nullable default'.split(' '));

/**
 * The nearest schema that is an object at the top, without alternatives there. Of alternatives the properties are kept, side by side; of what
 * describes no object, nothing: a function without arguments.
 */
export function functionSchema(given: unknown): Schema {
  const root = validSchema(given);
  const reader = new SchemaReader(root);
  const { properties, required } = reader.fields(root);
  const others = Object.entries({ ...root, ...reader.at(root).schema }).filter(([word]) => !notAtTop.has(word));
  return { ...Object.fromEntries(others), type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}

/** Goes through one schema, references and all, within bounds: a few lines of references can stand for more than there is memory. */
export class SchemaReader {
  readonly #root: Schema;
  #left = PARTS;

  constructor(root: Schema) {
    this.#root = root;
  }

  /** What this part says, or what it refers to says; `followed` is how many references were followed to get there. */
  at(part: unknown, followed = 0): { schema: Schema; followed: number } {
    if (!isObject(part) || this.#left-- <= 0) return { schema: {}, followed };
    const reference = part['$ref'];
    if (typeof reference !== 'string') return { schema: part, followed };
    const target = followed < REFERENCES ? this.#referred(reference) : undefined;
    return target ? this.at(target, followed + 1) : { schema: {}, followed };
  }

  /** The properties of an object, those of its alternatives among them. What only some of the alternatives demand is not demanded. */
  fields(part: unknown, followed = 0): { properties: Schema; required: string[] } {
    const { schema, followed: so } = this.at(part, followed);
    const properties = new Map(isObject(schema['properties']) ? Object.entries(schema['properties']) : []);
    const required = new Set(strings(schema['required']));
    for (const word of ['allOf', 'anyOf', 'oneOf']) {
      const branches = list(schema[word]).map((branch) => this.fields(branch, so));
      for (const branch of branches) {
        for (const [name, value] of Object.entries(branch.properties)) if (!properties.has(name)) properties.set(name, value);
        for (const name of branch.required) {
          if (word === 'allOf' || branches.every((other) => other.required.includes(name))) required.add(name);
        }
      }
    }
    return { properties: Object.fromEntries(properties), required: [...required].filter((name) => properties.has(name)) };
  }

  /** What a reference within the same schema points to. */
  #referred(reference: string): Schema | undefined {
    if (!reference.startsWith('#')) return undefined;
    const path = reference.slice(1).split('/').slice(1);
    const found = path.reduce<unknown>((at, key) => {
      const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
      return isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    }, this.#root);
    return isObject(found) ? found : undefined;
  }
}
