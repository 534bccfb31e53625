// A session that remembers, turns of its user, and what became of them.
import { readProviderData } from '../../src/protocol/provider-data/provider-data.ts';
import { Rig, realtime, type RigOptions } from './rig.ts';
import type { Effect } from '../../src/session/effects.ts';

type Order = Extract<Effect, { kind: 'memory.condense' }>;

export function update(memory: unknown) {
  return { type: 'session.update', session: { providerData: { memory } } };
}

/** A rig that remembers. */
export function remembering(memory: Record<string, unknown> = {}, options: RigOptions = {}): Rig {
  const rig = new Rig({ turnDetection: null, ...options });
  rig.client(update({ enabled: true, turn_interval: 2, ...memory }));
  return rig;
}

/** A turn of the user, with its answer. */
export function turn(rig: Rig, said: string, answer = `${said} indeed.`): void {
  ask(rig, said);
  rig.answer(rig.last('response.created').response.id, answer, 100);
}

export function ask(rig: Rig, said: string): void {
  rig.says(said);
  rig.client({ type: 'response.create' });
}

export function orders(rig: Rig): Order[] {
  return rig.effects.filter((effect) => effect.kind === 'memory.condense');
}

export function requested(rig: Rig): string {
  return JSON.stringify(orders(rig).at(-1)?.prompt.turns);
}

export function condensed(rig: Rig, summary: string | undefined, facts?: readonly string[], order = orders(rig).at(-1)?.order ?? 0): void {
  rig.fact({ kind: 'memory.condensed', order, summary, facts });
}

export function stateOf(rig: Rig) {
  return readProviderData(realtime(rig.last('session.updated').session).providerData).memory?.state;
}

export const heading = 'What you remember from before:';
