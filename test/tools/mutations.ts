// Breaks JSON as careless servers do: a field of it, at any depth, is missing, null, of another type, wrapped, or there twice.
import type { Chance } from '../session/chance.ts';

type Path = readonly (string | number)[];
type Tree = Record<string | number, unknown>;

const odd: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1.5,
  1e300,
  '',
  'text',
  'null',
  '[]',
  '{"a":1}',
  'ä\u0000\n',
  [],
  {},
  [null],
  { a: null },
  [[[]]],
];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, entry]) => pathsOf(entry, [...path, Array.isArray(value) ? Number(key) : key]))];
}

export interface Mutation {
  readonly path: Path;
  readonly what: string;
}

/** Changes the value in place; `spared` are paths that stay as they are, with all above them. */
export function mutate(chance: Chance, value: object, spared: (path: Path) => boolean): Mutation[] {
  const made: Mutation[] = [];
  for (let count = chance.weighted({ 1: 5, 2: 2, 4: 1 } as const); made.length < Number(count); ) {
    const paths = pathsOf(value).filter((one) => one.length > 0 && !spared(one));
    // So much is gone that there is nothing left to break.
    if (paths.length === 0) break;
    const path = chance.pick(paths);
    const parent = path.slice(0, -1).reduce<Tree>((at, key) => at[key] as Tree, value as Tree);
    const what = chance.pick(['drop', 'null', 'retype', 'nest', 'list', 'twice', 'add', 'long', 'deep']);
    change(chance, parent, path.at(-1) as string | number, what);
    made.push({ path, what });
  }
  return made;
}

function change(chance: Chance, parent: Tree, key: string | number, what: string): void {
  switch (what) {
    case 'drop':
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      break;
    case 'null':
      parent[key] = null;
      break;
    case 'retype':
      parent[key] = structuredClone(chance.pick(odd));
      break;
    case 'nest':
      parent[key] = { [chance.pick(['value', 'type', '$ref', 'anyOf', 'result'])]: parent[key] };
      break;
    case 'list':
      parent[key] = [parent[key], chance.pick(odd)];
      break;
    case 'twice':
      if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
      else parent[`${key}_2`] = parent[key];
      break;
    case 'add':
      parent[Array.isArray(parent) ? parent.length : chance.pick(['$ref', 'anyOf', 'error', '__proto__', 'constructor'])] = structuredClone(
        chance.pick(odd),
      );
      break;
    case 'long':
      parent[key] = 'long '.repeat(20_000);
      break;
    default:
      parent[key] = JSON.parse(`${'{"a":['.repeat(200)}1${']}'.repeat(200)}`);
  }
}
