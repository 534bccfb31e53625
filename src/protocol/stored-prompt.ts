// A reference to a prompt that the server keeps (`prompt`, protocol 3.1), with what goes into its blanks.
import { z } from 'zod';

/** Letters, digits and `_ . -`, so that an id is never a path. */
const name = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, { error: 'must begin with a letter or digit and hold letters, digits and _ . - only' });

const variable = z.union(
  [
    z.string().max(100_000),
    z.object({ type: z.literal('input_text'), text: z.string().max(100_000) }),
    z.looseObject({ type: z.literal('input_image') }),
    z.looseObject({ type: z.literal('input_file') }),
  ],
  { error: 'must be a string of at most 100,000 characters, or an input_text, input_image or input_file' },
);

export const storedPrompt = z
  .object({
    id: name(128),
    version: name(64).nullish(),
    variables: z
      .record(z.string().max(64), variable)
      .refine((all) => Object.keys(all).length <= 128, { error: 'may hold at most 128 variables' })
      .nullish(),
  })
  .nullable();

export type StoredPrompt = NonNullable<z.infer<typeof storedPrompt>>;
