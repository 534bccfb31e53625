// providerData.memory (protocol 7.6): a conversation is condensed now and then, and taken up again in a later session.
import { z } from 'zod';

const count = z.number().int().min(0);
const text = z.string().max(100_000);

const state = z
  .object({
    version: count,
    facts: z.array(z.string().max(10_000)).max(1000),
    summary: text,
    context_text: text,
    turns_since_gen: count,
    total_turns: count,
    items_trimmed: count,
  })
  .partial();

export const memory = z
  .object({
    enabled: z.boolean(),
    /** Turns of the user from one condensing to the next. */
    turn_interval: z.number().int().min(1).max(1000),
    /** Characters of `context_text`, and of the summary. */
    max_memory_length: z.number().int().min(100).max(100_000),
    /** Items that are condensed at a time. */
    max_transcript_items: z.number().int().min(1).max(1000),
    max_facts: z.number().int().min(0).max(1000),
    trim_after_summarize: z.boolean(),
    state,
  })
  .partial();

type Whole<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** What is remembered, as the wire tells it: a client keeps it, and brings it along the next time. */
export type MemoryState = Whole<z.infer<typeof state>>;
export type MemoryStatePatch = z.infer<typeof state>;
export type MemorySettings = Whole<Omit<z.infer<typeof memory>, 'enabled' | 'state'>>;

/** The documents that describe the service name no defaults: these are ours. */
export const memoryDefaults: MemorySettings = {
  turn_interval: 5,
  max_memory_length: 2000,
  max_transcript_items: 50,
  max_facts: 20,
  trim_after_summarize: true,
};
