// The attacker: a process whose orders and counts go over the channel to the process that started it.
import { attack, type AttackName } from './attacks.ts';
import { prepare } from './frames.ts';
import type { Siege } from './siege.ts';

export type AttackOrder =
  | { kind: 'begin'; port: number; key: string; sessions: number; clips: Int16Array[]; names: readonly AttackName[] }
  /** It is over: the tally is the answer. */
  | { kind: 'end' };

const over = new AbortController();
const tally: Siege['tally'] = { sent: 0, bytes: 0, refusals: {} };
// Every connection and every pause of every attack listens to it.
const { signal } = over;

process.on('message', (order: AttackOrder) => {
  if (order.kind === 'end') {
    // As it was until now: what the end does to whoever is under way is no refusal.
    process.send?.(structuredClone(tally));
    over.abort();
    return;
  }
  const { port, key, sessions, clips, names } = order;
  const { utterances } = prepare(clips.map((samples) => ({ samples })));
  process.send?.('begun');
  attack({ port, key, sessions, speech: utterances, over: signal, tally }, names).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});
// Whoever started this process has what it wanted, or is gone.
process.on('disconnect', () => process.exit());
