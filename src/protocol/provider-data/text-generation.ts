// providerData.text_generation_config (protocol 7.6): how the model chooses its words. Its keys are camelCase on the wire, and read here
// in the one spelling everything is read in.
import { z } from 'zod';

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const;
const penalty = z.number().min(-2).max(2);

export const textGeneration = z
  .object({
    max_new_tokens: z.number().int().min(1).max(1_000_000),
    temperature: z.number().min(0).max(2),
    top_p: z.number().min(0).max(1),
    frequency_penalty: penalty,
    presence_penalty: penalty,
    repetition_penalty: z.number().min(0).max(2),
    stop_sequences: z.array(z.string().min(1).max(256)).max(16),
    seed: z.number().int(),
    /** By the model's own numbers of its tokens. */
    logit_bias: z.record(z.string().max(64), z.number().min(-100).max(100)),
    reasoning: z
      .object({
        effort: z.preprocess((input) => (typeof input === 'string' ? input.toLowerCase() : input), z.enum(efforts)),
        max_tokens: z.number().int().min(0),
        exclude: z.boolean(),
      })
      .partial(),
  })
  .partial();
