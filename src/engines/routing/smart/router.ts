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
  if (config.name !== undefined && config.name !== name)
    faults.push({ field: field(['name']), message: `is '${config.name}', and must be '${name}'` });
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
  for (const { selection, models, path } of named) {
    const at = (rest: Path) => field([...path, ...rest]);
    faults.push(...unsortable(selection, options.table, at));
    for (const [model, rest] of models)
      if (routerId.test(model)) faults.push({ field: at(rest), message: `is '${model}': a router cannot name another` });
  }
  if (faults.length > 0) throw new RouterError(faults);
  const { displayName = name, defaultRoute, defaults } = config;
  return {
    router: { name, displayName, routes, defaultRoute, defaults },
    unread: unread.map((path) => ({ field: path, message: 'has no effect here' })),
    unserved: named.flatMap(({ models, path }) =>
      models.flatMap(([model, rest]) =>
        model === auto || options.serves(model)
          ? []
          : [{ field: field([...path, ...rest]), message: `is '${model}', which no configured provider serves` }],
      ),
    ),
  };
}

interface NamedModels {
  readonly selection: ModelSelection;
  readonly path: Path;
  /** All models that the variant names, each with its place in it. */
  readonly models: readonly (readonly [string, Path])[];
}

function variantsOf({ routes, defaultRoute }: RouterConfig): NamedModels[] {
  const all: { route: Route; path: Path }[] = [
    ...routes.map(({ route }, index) => ({ route, path: ['routes', index, 'route'] })),
    ...(defaultRoute ? [{ route: defaultRoute, path: ['default_route'] }] : []),
  ];
  return all.flatMap(({ route, path }) =>
    route.variants.map(({ variant: { model, selection } }, index) => ({
      selection,
      path: [...path, 'variants', index, 'variant'],
      models: [[model, ['model_id']], ...selection.models.map((each, at) => [each, ['model_selection', 'models', at]] as const)],
    })),
  );
}

function unsortable({ sort }: ModelSelection, table: ModelTable, field: (rest: Path) => string): Fault[] {
  return sort.flatMap(({ metric }: Criterion, index) => {
    if (!tableMetrics.includes(metric) || [...table.values()].some((figures) => figures[metric] !== undefined)) return [];
    const what = metric === 'price' ? 'prices' : `a ranking of models by ${metric}`;
    return [
      {
        field: field(['model_selection', 'sort', index]),
        message: `sorts by ${metric}, and models.json beside the routers has no ${what}`,
      },
    ];
  });
}

/** Instead of a model: whichever is first when sorted. */
export const auto = 'auto';

/** `inworld/models/…` are Inworld's own models. */
const routerId = /^inworld\/(?!models\/)/;
