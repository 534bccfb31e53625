// What the store's owner and its thread say to each other.
import type { Rows, StoreBounds } from './database.ts';
import type { StoreFault } from './store.ts';

export type Operation = keyof Rows;

export const writes: ReadonlySet<Operation> = new Set<Operation>([
  'check',
  'addKey',
  'revokeKey',
  'addSecret',
  'claimNonce',
  'addOutboundUse',
  'addUsage',
  'foldUsage',
]);

/** What the thread begins with. */
export interface StoreStart {
  readonly path: string;
  readonly bounds: StoreBounds;
}

export type ToStore =
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly operation: Operation;
      readonly values: readonly unknown[];
      /** After so many milliseconds nobody waits for it any more. */
      readonly withinMs: number;
    }
  | { readonly kind: 'close' };

export type FromStore =
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: StoreFault; readonly advice: string }
  /** Something is wrong with what was asked, or with us. */
  | { readonly kind: 'broke'; readonly id: number; readonly error: unknown };
