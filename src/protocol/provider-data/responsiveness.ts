// providerData.responsiveness (protocol 7.6): whether and when a short filler is spoken while the answer is still being thought of.
import { z } from 'zod';

const ms = (least: number, most: number) => z.number().int().min(least).max(most);

export const responsiveness = z.object({
  enabled: z.boolean().default(false),
  /** Who words the filler; '' is as good as none, and then it comes from the built-in list. */
  small_model: z.string().max(256).default(''),
  /** How long the answer may take before a filler is made. */
  initial_wait_timeout_ms: ms(0, 60_000).default(1200),
  /** For words and voice together; what is later is dropped. */
  hard_deadline_ms: ms(50, 30_000).default(2000),
  history_tail_items: z.number().int().min(0).max(100).default(4),
  temperature: z.number().min(0).max(2).default(0.7),
  max_tokens: z.number().int().min(1).max(256).default(12),
  /** From the end of one to the next. */
  min_filler_gap_ms: ms(0, 600_000).default(8000),
  max_initial_per_turn: z.number().int().min(0).max(10).default(1),
  /** Without effect: a filler is spoken whole before the answer's first word, so that no delta is ever held back for it. */
  max_buffer_deltas: z.number().int().min(0).optional(),
  enable_filler_on_first_assistant_reply: z.boolean().default(false),
  prompt_template: z.string().max(10_000).default(''),
  /** Said behind each filler, before the answer. */
  pause_text: z.string().max(100).default(''),
});

export type ResponsivenessSettings = z.infer<typeof responsiveness>;
