// What the operator says of models (`models.json` beside the routers): prices, how quick they are, and how good at what. Routers sort by it.
import { z } from 'zod';
import { type Fault, readJson, RouterError } from './read-json.ts';
import type { Metric } from './router-schema.ts';
import { isRecord } from './spelling.ts';

const positive = z.number().min(0).max(1e9);

const row = z
  .strictObject({
    /** For a million tokens, in any currency that is the same for all models. */
    price: z.union([positive, z.strictObject({ input: positive, output: positive })]).optional(),
    latency_ms: positive.optional(),
    tokens_per_second: positive.optional(),
    intelligence: z.number().optional(),
    math: z.number().optional(),
    coding: z.number().optional(),
  })
  .transform(
    ({ price, latency_ms: latency, tokens_per_second: throughput, intelligence, math, coding }): ModelFigures => ({
      // Three tokens go in for each that comes out, as price lists reckon it.
      price: typeof price === 'object' ? (3 * price.input + price.output) / 4 : price,
      latency,
      throughput,
      intelligence,
      math,
      coding,
    }),
  );

export type ModelFigures = { readonly [M in Metric]: number | undefined };

/** By `provider/model`. */
export type ModelTable = ReadonlyMap<string, ModelFigures>;

/** @throws RouterError */
export function readModelTable(json: unknown): ModelTable {
  if (!isRecord(json)) throw new RouterError([{ field: '', message: 'must be one JSON object' }]);
  const faults: Fault[] = [];
  const table = new Map<string, ModelFigures>();
  for (const [model, figures] of Object.entries(json)) {
    const within = ({ field, message }: Fault) => ({ field: field === '' ? model : `${model}.${field}`, message });
    try {
      const { value, unread } = readJson(row, figures);
      table.set(model, value);
      faults.push(...unread.map((field) => within({ field, message: 'is no figure of a model' })));
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      faults.push(...error.faults.map(within));
    }
  }
  if (faults.length > 0) throw new RouterError(faults);
  return table;
}
