// Which of a router's routes a request takes, and which variant of it: a pure function of the router, the request and, for somebody unknown, chance.
import { createHash } from 'node:crypto';
import type { ConditionInput } from './conditions.ts';
import type { CompiledRouter } from './router.ts';
import type { Route, Variant } from './router-schema.ts';

export interface ChoiceInput extends ConditionInput {
  /** Who always gets the same variant: the client's own word for its user. */
  readonly user: string | undefined;
  /** Within a session without a user the variant stays the same, too. */
  readonly session: string | undefined;
}

/** What a condition came to. */
export interface JudgedRoute {
  readonly route: string;
  readonly expression: string;
  readonly holds: boolean;
  readonly problem?: string;
}

export interface Choice {
  readonly route: Route;
  /** The conditions that were evaluated, in order: the last holds, unless the default route was taken. */
  readonly judged: readonly JudgedRoute[];
  readonly variant: Variant;
  /** In percent. */
  readonly weight: number;
  /** Why it is this variant. */
  readonly by: 'user' | 'session' | 'chance';
}

/** Inworld's words for a request that no route takes (create-router). */
export const noRoute = 'No route matched. Configure a default route or adjust conditions.';

/** @param chance draws a number from 0 up to, not including, 1. Undefined: no route takes the request. */
export function choose(
  router: CompiledRouter,
  input: ChoiceInput,
  chance: () => number,
): Choice | { readonly judged: readonly JudgedRoute[]; readonly route: undefined } {
  const judged: JudgedRoute[] = [];
  let route = router.defaultRoute;
  for (const each of router.routes) {
    const verdict = each.condition.evaluate(input);
    judged.push({ route: each.route.id, expression: each.condition.expression, ...verdict });
    if (!verdict.holds) continue;
    route = each.route;
    break;
  }
  if (!route) return { judged, route: undefined };
  const by = input.user ? 'user' : input.session ? 'session' : 'chance';
  const place = by === 'chance' ? chance() : placeOf(router.name, route.id, by, input[by] ?? '');
  return { route, judged, ...variantAt(route, 100 * place), by };
}

/** Where somebody stands between 0 and 1, always the same: no memory is needed, and a change of weights moves only those who stand at its border. */
function placeOf(router: string, route: string, by: 'user' | 'session', who: string): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([router, route, by, who]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

function variantAt({ variants }: Route, point: number): Route['variants'][number] {
  let upTo = 0;
  for (const entry of variants) {
    upTo += entry.weight;
    if (point < upTo) return entry;
  }
  // The sum may fall short of 100 by the last bit.
  return variants.findLast(({ weight }) => weight > 0) ?? (variants[0] as Route['variants'][number]);
}
