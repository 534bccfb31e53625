// The operator's table of prices: a JSON file by `provider/model`, or `provider/*` for all other models of a provider. What is wrong in it is said with the field.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { UnitPrice, UsageStage } from '../store/store.ts';

const price = z.number().min(0).max(1e9);

const row = z
  .strictObject({
    /** For so many tokens and characters the prices are. */
    per: z.number().positive().max(1e12).default(1_000_000),
    input: price.optional(),
    /** Of input that the provider had cached; as `input` unless given. */
    cached: price.optional(),
    output: price.optional(),
    characters: price.optional(),
    /** Of sound. */
    minute: price.optional(),
  })
  .refine(({ input, output }) => (input === undefined) === (output === undefined), { message: 'has input or output without the other' })
  .refine(({ input, cached }) => cached === undefined || input !== undefined, { message: 'has cached without input' })
  .refine(({ input, characters, minute }) => [input, characters, minute].some((each) => each !== undefined), {
    message: 'has no price: give input and output, characters, or minute',
  });

type Row = z.infer<typeof row>;

const file = z
  .object({ currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters, as USD') })
  .catchall(row)
  .refine((content) => Object.keys(content).every((name) => name === 'currency' || /^[^/]+\/.+$/.test(name)), {
    message: 'models are named as provider/model, or provider/*',
  });

export class PricesError extends Error {}

export class Prices {
  readonly currency: string | undefined;
  readonly #rows: ReadonlyMap<string, Row>;

  private constructor(currency: string | undefined, rows: ReadonlyMap<string, Row>) {
    this.currency = currency;
    this.#rows = rows;
  }

  /** Of an operator who has none. */
  static readonly none = new Prices(undefined, new Map());

  /** @throws PricesError naming the field that cannot be used. */
  static of(content: unknown): Prices {
    const read = file.safeParse(content);
    if (read.success) {
      const { currency, ...rows } = read.data;
      return new Prices(currency, new Map(Object.entries(rows as Record<string, Row>)));
    }
    const mistakes = read.error.issues.slice(0, 10).map(({ path, message }) => `${path.map(String).join('.') || 'the file'}: ${message}`);
    throw new PricesError(`${mistakes.join('; ')}.`);
  }

  /** @throws PricesError naming what cannot be used. */
  static read(path: string): Prices {
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      throw new PricesError(error instanceof Error ? error.message : String(error));
    }
    return Prices.of(content);
  }

  /** What one of each costs; undefined where the table has no price for what is used of such a model at that stage. */
  of({ stage, model }: { readonly stage: UsageStage; readonly model: string }): UnitPrice | undefined {
    const found = this.#rows.get(model) ?? this.#rows.get(`${model.split('/', 1)[0] ?? ''}/*`);
    if (!found) return undefined;
    const { per, input, cached = input, output, characters, minute } = found;
    const tokens = stage === 'llm' && input !== undefined;
    const text = stage === 'tts' && characters !== undefined;
    const sound = stage !== 'llm' && minute !== undefined;
    if (!tokens && !text && !sound) return undefined;
    return {
      stage,
      model,
      inputToken: tokens ? input / per : 0,
      cachedToken: tokens ? (cached ?? 0) / per : 0,
      outputToken: tokens ? (output ?? 0) / per : 0,
      second: sound ? minute / 60 : 0,
      character: text ? characters / per : 0,
    };
  }
}
