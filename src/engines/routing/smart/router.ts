// A router, read and checked once: its conditions are compiled, and what it sorts by is known.
import { compileCondition, type Condition, ConditionError } from './conditions.ts';
import type { ModelTable } from './model-table.ts';
import { type Fault, readJson, RouterError } from './read-json.ts';
import { type Criterion, type Metric, type ModelSelection, type Route, type RouterConfig, routerSchema } from './router-schema.ts';
import { fieldAsWritten, type Path } from './spelling.ts';

export interface CompiledRouter {
  readonly name: string;
  readonly displayName: string;
  readonly routes: readonly { readonly route: Route; readonly condition: Condition }[];
  readonly defaultRoute: Route | undefined;
  readonly defaults: RouterConfig['defaults'];
}

export interface ReadRouter {
  readonly router: CompiledRouter;
  /** Fields that have no effect here. */
  readonly unread: readonly Fault[];
  /** Models that nobody serves now: it does without them. */
  readonly unserved: readonly Fault[];
}

export interface ReadRouterOptions {
  readonly table: ModelTable;
  /** Whether some provider serves what a router may name: `provider/model`, a bare model, or a provider. */
  readonly serves: (name: string) => boolean;
}

/** What only the operator's table knows. */
const tableMetrics: readonly Metric[] = ['price', 'intelligence', 'math', 'coding'];

/**
 * The router that this JSON describes, under this name.
 * @throws RouterError naming every field that cannot be used.
 */
export function readRouter(json: unknown, name: string, options: ReadRouterOptions): ReadRouter {
  const { value: config, unread } = readJson(routerSchema, json);
  const faults: Fault[] = [];
  const field = (path: Path) => fieldAsWritten(json, path);
  if (config.name !== undefined && config.name !== name) faults.push({ field: field(['name']), message: `is '${config.name}', and must be '${name}'` });
  const routes = config.routes.flatMap(({ route, expression }, index) => {
    try {
      return [{ route, condition: compileCondition(expression) }];
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      faults.push({ field: field(['routes', index, 'condition', 'cel_expression']), message: error.message });
      return [];
    }
  });
  const named = variantsOf(config);
  for (const { selection, path } of named) faults.push(...unsortable(selection, options.table, (rest) => field([...path, ...rest])));
  if (faults.length > 0) throw new RouterError(faults);
  const { displayName = name, defaultRoute, defaults } = config;
  return {
    router: { name, displayName, routes, defaultRoute, defaults },
    unread: unread.map((path) => ({ field: path, message: 'has no effect here' })),
    unserved: named.flatMap(({ model, selection, path }) => unserved(model, selection, options, (rest) => field([...path, ...rest]))),
  };
}

function variantsOf({ routes, defaultRoute }: RouterConfig): { model: string; selection: ModelSelection; path: Path }[] {
  const all: { route: Route; path: Path }[] = [
    ...routes.map(({ route }, index) => ({ route, path: ['routes', index, 'route'] })),
    ...(defaultRoute ? [{ route: defaultRoute, path: ['default_route'] }] : []),
  ];
  return all.flatMap(({ route, path }) =>
    route.variants.map(({ variant: { model, selection } }, index) => ({ model, selection, path: [...path, 'variants', index, 'variant'] })),
  );
}

function unserved(model: string, { models }: ModelSelection, { serves }: ReadRouterOptions, field: (rest: Path) => string): Fault[] {
  const given: [string, Path][] = [[model, ['model_id']], ...models.map((each, index): [string, Path] => [each, ['model_selection', 'models', index]])];
  return given.flatMap(([name, path]) => {
    if (name === auto || serves(name)) return [];
    const isRouter = name.startsWith('inworld/');
    const message = isRouter ? `is '${name}': a router cannot name another` : `is '${name}', which no configured provider serves`;
    return [{ field: field(path), message }];
  });
}

function unsortable({ sort }: ModelSelection, table: ModelTable, field: (rest: Path) => string): Fault[] {
  return sort.flatMap(({ metric }: Criterion, index) => {
    if (!tableMetrics.includes(metric) || [...table.values()].some((figures) => figures[metric] !== undefined)) return [];
    const what = metric === 'price' ? 'prices' : `a ranking of models by ${metric}`;
    return [{ field: field(['model_selection', 'sort', index]), message: `sorts by ${metric}, and models.json beside the routers has no ${what}` }];
  });
}

/** Instead of a model: whichever is first when sorted. */
export const auto = 'auto';
