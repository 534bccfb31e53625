// What a session asks of its surroundings besides facts: ids and chance, as pure functions of what its state has counted. So a session that
// was written down and read back goes on as the first would have.

export interface Env {
  /** The n-th id (from 1 on) with that prefix. Two sessions never have the same. */
  id(prefix: string, n: number): string;
  /** The n-th draw (from 1 on): from 0 up to, not including, 1. */
  chance(n: number): number;
}

/** Digits of the count in an id: with a seed of 16 characters an id has the length of those of OpenAI's service. */
const countDigits = 5;

/** The surroundings of a session with that seed, which nobody outside can guess and no other session has. */
export function seededEnv(seed: string): Env {
  const start = hashed(seed);
  return {
    id: (prefix, n) => `${prefix}_${seed}${n.toString(36).padStart(countDigits, '0')}`,
    chance: (n) => mixed(start + Math.imul(n, 0x9e3779b9)) / 2 ** 32,
  };
}

/** FNV-1a. */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** The finalizer of MurmurHash3: each bit of the number moves half of the bits of what comes out. */
function mixed(number: number): number {
  let mix = number;
  mix = Math.imul(mix ^ (mix >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
