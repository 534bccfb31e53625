// Which models a variant stands for, in the order in which they are to be asked (docs.inworld.ai/router/capabilities/request-level, …/provider-routing).
import type { Candidate } from '../fallback-llm.ts';
import type { ModelTable } from './model-table.ts';
import { auto } from './router.ts';
import type { Criterion, Metric, ModelSelection, Variant } from './router-schema.ts';
import type { MeasuredFigures } from '../health.ts';

/** What there is to choose among. */
export interface ModelDirectory {
  /** Who serves `provider/model`, if anybody does. */
  candidate(id: string): Candidate | undefined;
  /** `provider/model` of all that are known to be there. */
  known(): readonly string[];
  /** The prefixes of the providers, each with others that mean the same, in the order of their configuration. */
  providers(): readonly { readonly prefix: string; readonly alsoKnownAs: readonly string[] }[];
  /** The provider of a famous model that is named without one. */
  ownerOf(bareModel: string): string | undefined;
}

export interface ModelWorld {
  readonly directory: ModelDirectory;
  readonly table: ModelTable;
  readonly measured: (id: string) => MeasuredFigures;
}

export interface OrderedModel {
  readonly id: string;
  readonly candidate: Candidate;
  /** The router names it; otherwise it is one of all models of a provider, or of all that there are. */
  readonly byName: boolean;
}

export interface ModelOrder {
  readonly models: readonly OrderedModel[];
  /** What the variant names and nobody serves. */
  readonly unserved: readonly string[];
}

/** More are not asked: nobody waits for the eleventh. */
const mostModels = 10;
/** Nobody hears a smaller difference; what is equal so far is decided by the next criterion. */
const roundedTo: Partial<Record<Metric, number>> = { latency: 50, throughput: 5 };
/** What providers are ordered by when nothing is said (router/capabilities/provider-routing). */
const byLatency: readonly Criterion[] = [{ metric: 'latency', direction: 'ascending' }];

export function orderModels({ model, selection }: Pick<Variant, 'model' | 'selection'>, world: ModelWorld): ModelOrder {
  const { directory } = world;
  const unserved: string[] = [];
  const find = (ids: readonly string[], byName: boolean) =>
    ids.flatMap((id): OrderedModel[] => {
      const candidate = directory.candidate(id);
      if (!candidate) unserved.push(id);
      return candidate ? [{ id: `${candidate.provider}/${candidate.model ?? ''}`, candidate, byName }] : [];
    });
  const expand = (name: string) => find(idsOf(name, selection.providerOrder, directory), providerOf(name, directory) === undefined);
  const isWanted = ({ id }: OrderedModel) => !selection.ignore.some((name) => isMeant(name, id, directory));
  const sorted = (models: readonly OrderedModel[], sort: readonly Criterion[]) =>
    byProvider(sortModels(models, sort.length > 0 ? sort : byLatency, world), selection, directory);
  const listed = selection.models.flatMap(expand);
  if (model === auto) {
    const known = directory.known();
    const pool = listed.length > 0 ? listed : find(known.length > 0 ? known : [auto], false);
    return { models: sorted(once(pool).filter(isWanted), selection.sort).slice(0, mostModels), unserved };
  }
  const others = once(listed).filter(isWanted);
  const fallbacks = selection.sort.length > 0 ? sorted(others, selection.sort) : byProvider(others, selection, directory);
  return { models: once([...sorted(once(expand(model)), selection.sort), ...fallbacks]).slice(0, mostModels), unserved };
}

/** What a name stands for: one model, that model at every provider that has it, or all models of a provider. */
function idsOf(name: string, providerOrder: readonly string[], directory: ModelDirectory): readonly string[] {
  if (name.includes('/')) return [name];
  const provider = providerOf(name, directory);
  if (provider !== undefined) return directory.known().filter((id) => id.startsWith(`${provider}/`));
  const owner = directory.ownerOf(name);
  const prefixes = directory.providers().map(({ prefix }) => prefix);
  const listed = providerOrder.flatMap((each) => providerOf(each, directory) ?? []);
  const known = new Set(directory.known());
  const having = listed.length > 0 ? listed : prefixes.filter((prefix) => known.has(`${prefix}/${name}`) || prefix === owner);
  // An alias, or whatever else the directory knows by that name.
  return having.length > 0 ? having.map((prefix) => `${prefix}/${name}`) : [name];
}

/** Whether a router may name it: something serves it. */
export function servesName(name: string, directory: ModelDirectory): boolean {
  if (providerOf(name, directory) !== undefined) return true;
  return idsOf(name, [], directory).some((id) => directory.candidate(id) !== undefined);
}

function providerOf(name: string, directory: ModelDirectory): string | undefined {
  return directory.providers().find(({ prefix, alsoKnownAs }) => prefix === name || alsoKnownAs.includes(name))?.prefix;
}

/** Whether `ignore` means it: by its id, its name without the provider, or its provider. */
function isMeant(name: string, id: string, directory: ModelDirectory): boolean {
  if (!name.includes('/')) return id.startsWith(`${providerOf(name, directory) ?? name}/`) || bareName(id) === name;
  const candidate = directory.candidate(name);
  return id === name || (candidate !== undefined && id === `${candidate.provider}/${candidate.model ?? ''}`);
}

/** A model that several providers have is asked at those of `provider.order`, in that order; at the first only without `allow_fallbacks`. */
function byProvider(
  models: readonly OrderedModel[],
  { providerOrder, allowFallbacks }: ModelSelection,
  directory: ModelDirectory,
): OrderedModel[] {
  const order = providerOrder.map((name) => providerOf(name, directory) ?? name);
  const groups = Map.groupBy(models, ({ id }) => bareName(id));
  return [...groups.values()].flatMap((group) => {
    if (group.length === 1) return group;
    const place = ({ candidate }: OrderedModel) => order.indexOf(candidate.provider);
    const listed = group.filter((each) => place(each) !== -1).sort((a, b) => place(a) - place(b));
    const ordered = listed.length > 0 ? listed : group;
    return allowFallbacks ? ordered : ordered.slice(0, 1);
  });
}

function bareName(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}

function once(models: readonly OrderedModel[]): OrderedModel[] {
  const seen = new Set<string>();
  return models.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** Stable: what no criterion tells apart stays in its order. */
function sortModels(models: readonly OrderedModel[], sort: readonly Criterion[], world: ModelWorld): OrderedModel[] {
  const keyed = models.map((model) => ({ model, keys: sort.map((each) => keyOf(model, each, world)) }));
  return keyed.sort((a, b) => compare(a.keys, b.keys)).map(({ model }) => model);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] as number;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}

/** The less, the sooner it is asked. */
function keyOf({ id, byName }: OrderedModel, { metric, direction }: Criterion, world: ModelWorld): number {
  const value = figureOf(id, metric, world);
  if (value === undefined) {
    // One that was never asked would never be measured if it came last.
    const isMeasured = metric === 'latency' || metric === 'throughput';
    return isMeasured && byName ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const step = roundedTo[metric];
  const rounded = step === undefined ? value : step * Math.round(value / step);
  return direction === 'ascending' ? rounded : -rounded;
}

/** As it was measured lately, or else as the operator's table has it. */
export function figureOf(id: string, metric: Metric, { table, measured }: Pick<ModelWorld, 'table' | 'measured'>): number | undefined {
  const { firstPartMs, tokensPerSecond } = measured(id);
  const now = metric === 'latency' ? firstPartMs : metric === 'throughput' ? tokensPerSecond : undefined;
  return now ?? table.get(id)?.[metric];
}
