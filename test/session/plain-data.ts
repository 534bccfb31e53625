// What can be written as JSON and read back the same: nothing else may stand in a session's state.
import { strict as assert } from 'node:assert';

/** Throws where there is anything but plain objects, arrays, text, finite numbers and booleans, or where something holds itself. */
export function assertPlainData(value: unknown, path = 'state', within: readonly unknown[] = []): void {
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    assert(Number.isFinite(value), `${path} is ${value}`);
    return;
  }
  assert.equal(typeof value, 'object', `${path} is a ${typeof value}`);
  assert(!within.includes(value), `${path} holds itself`);
  const prototype: unknown = Object.getPrototypeOf(value);
  assert(prototype === Object.prototype || Array.isArray(value), `${path} is no plain object`);
  for (const [key, each] of Object.entries(value as object)) assertPlainData(each, `${path}.${key}`, [...within, value]);
}
