// Routers as the server keeps them, and what one says, for people to read: its JSON may be in either spelling and need not be right. Pure.
import { isRecord } from '../../../src/protocol/json.ts';

export type RouterJson = Readonly<Record<string, unknown>>;

/** What is wrong with a field, in one sentence. */
export interface FieldFault {
  /** `routes[0].route.variants[1].weight`; empty: all of it. */
  readonly field: string;
  readonly description: string;
}

export interface RouterFile {
  readonly name: string;
  /** Absent: the file cannot be read. */
  readonly router?: RouterJson;
  /** Whether sessions may name it; with faults, it is as it was before them. */
  readonly serves: boolean;
  readonly faults: readonly FieldFault[];
  readonly warnings: readonly FieldFault[];
}

export interface RouterFolder {
  readonly folder: string;
  readonly may_change: boolean;
  readonly routers: readonly RouterFile[];
  readonly table_faults: readonly FieldFault[];
}

export interface Template {
  readonly role: string;
  readonly text: string;
}

/** What goes along with a request. */
export interface Extras {
  /** `max_tokens 300` */
  readonly settings: readonly string[];
  readonly templates: readonly Template[];
  /** How long a model may take to its first part. */
  readonly timeout: string | undefined;
}

export interface VariantRules extends Extras {
  readonly id: string;
  /** In percent. */
  readonly weight: number;
  readonly model: string;
  /** The models that follow, or all there are to choose from where `model` is `auto`. */
  readonly models: readonly string[];
  /** `price`, `latency descending` */
  readonly sort: readonly string[];
  readonly ignore: readonly string[];
  readonly providers: readonly string[];
  /** Whether only the first provider of a model is asked. */
  readonly onlyFirstProvider: boolean;
}

export interface RouteRules {
  readonly id: string;
  /** Undefined: the default route. */
  readonly condition: string | undefined;
  readonly variants: readonly VariantRules[];
}

export interface RouterRules {
  readonly displayName: string | undefined;
  /** In the order in which they are looked at; the default comes last. */
  readonly routes: readonly RouteRules[];
  readonly defaults: Extras;
}

/** @param router as it is written. */
export function rulesOf(router: unknown): RouterRules {
  const routes = list(at(router, 'routes')).map((entry, index) =>
    routeOf(at(entry, 'route'), `route-${index + 1}`, text(at(entry, 'condition', 'cel_expression')) ?? ''),
  );
  const last = at(router, 'default_route');
  return {
    displayName: text(at(router, 'display_name')),
    routes: last === undefined ? routes : [...routes, routeOf(last, 'default', undefined)],
    defaults: extrasOf(at(router, 'defaults')),
  };
}

function routeOf(route: unknown, usualId: string, condition: string | undefined): RouteRules {
  return {
    id: text(at(route, 'route_id')) ?? usualId,
    condition,
    variants: list(at(route, 'variants')).map((entry, index) => variantOf(entry, `variant-${index + 1}`)),
  };
}

function variantOf(entry: unknown, usualId: string): VariantRules {
  const variant = at(entry, 'variant');
  const selection = at(variant, 'model_selection');
  const weight = at(entry, 'weight');
  return {
    id: text(at(variant, 'variant_id')) ?? usualId,
    weight: typeof weight === 'number' ? weight : 0,
    model: text(at(variant, 'model_id')) ?? '',
    models: texts(at(selection, 'models')),
    sort: list(at(selection, 'sort')).map(criterionOf),
    ignore: texts(at(selection, 'ignore')),
    providers: texts(at(selection, 'provider', 'order')),
    onlyFirstProvider: at(selection, 'provider', 'allow_fallbacks') === false,
    ...extrasOf(variant),
  };
}

function criterionOf(given: unknown): string {
  const bare = (value: unknown, prefix: RegExp) => (text(value) ?? '').replace(prefix, '').toLowerCase();
  if (!isRecord(given)) return bare(given, /^SORT_METRIC_/i);
  const direction = bare(at(given, 'direction'), /^SORT_DIRECTION_/i);
  const metric = bare(at(given, 'metric'), /^SORT_METRIC_/i);
  return direction === '' || direction === 'unspecified' ? metric : `${metric} ${direction}`;
}

function extrasOf(holder: unknown): Extras {
  const config = at(holder, 'text_generation_config');
  return {
    settings: isRecord(config) ? Object.entries(config).map(([name, value]) => `${snake(name)} ${shown(value)}`) : [],
    templates: list(at(holder, 'message_templates')).map((template) => ({
      role: (text(at(template, 'role')) ?? '').toLowerCase(),
      text: [text(at(template, 'content')) ?? '', ...list(at(template, 'content_items')).map((item) => text(at(item, 'text')) ?? '')]
        .filter((part) => part !== '')
        .join('\n'),
    })),
    timeout: text(at(holder, 'fallback', 'ttft_timeout')),
  };
}

/** A value as people read it. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What lies at a path in snake_case, in whichever spelling it is written; undefined where nothing does. */
function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((holder, name) => {
    if (!isRecord(holder)) return undefined;
    const found = Object.entries(holder).find(([key, inner]) => snake(key) === name && inner !== null);
    return found?.[1];
  }, value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): readonly string[] {
  return list(value).flatMap((each) => text(each) ?? []);
}

/** In a few words, what there is in it. */
export function summaryOf({ router, faults, serves }: RouterFile): string {
  if (faults.length > 0) return serves ? 'The file cannot be used; it goes on as before' : 'The file cannot be used';
  const routes = router ? rulesOf(router).routes : [];
  const all = new Set(routes.flatMap(({ variants }) => variants.flatMap(({ model, models }) => [model, ...models])));
  const models = all.size === 1 ? [...all] : [...all].filter((model) => model !== 'auto');
  const named = models.length === 1 ? models.join('') : `${models.length} models`;
  return `${routes.length === 1 ? '1 route' : `${routes.length} routes`}, ${named}`;
}

/** Fields of its first level, in which two of them may differ, for the server to take. */
export function fieldsOf(...routers: readonly RouterJson[]): readonly string[] {
  return [...new Set(routers.flatMap(Object.keys))].filter((name) => name !== 'name');
}

/** What a new one begins as. @param model some model that the server has. */
export function firstRouter(name: string, model: string): RouterJson {
  const variant = { variant_id: 'first', model_id: model };
  return { name: `routers/${name}`, routes: [], default_route: { route_id: 'everyone', variants: [{ weight: 100, variant }] } };
}
