// providerData.backchannel (protocol 7.6): whether, when and how the server says a short "I see" while the user speaks.
import { z } from 'zod';

const ms = (least: number, most: number) => z.number().int().min(least).max(most);

export const backchannel = z.object({
  enabled: z.boolean().default(false),
  /** Who decides, in place of the session's model; '' is as good as none. */
  small_model: z.string().max(256).default(''),
  /** From one decision to the next. */
  eval_interval_ms: ms(100, 60_000).default(800),
  /** How long a turn must have lasted. */
  min_speech_ms: ms(0, 60_000).default(800),
  /** From the end of one to the next. */
  min_gap_ms: ms(0, 600_000).default(4000),
  max_per_turn: z.number().int().min(0).max(100).default(3),
  /** For decision and voice together; what is later is dropped. */
  hard_deadline_ms: ms(50, 30_000).default(1500),
  history_tail_items: z.number().int().min(0).max(100).default(4),
  temperature: z.number().min(0).max(2).default(0.7),
  max_tokens: z.number().int().min(1).max(256).default(6),
  volume_gain: z.number().min(0).max(4).default(0.6),
  require_pause: z.boolean().default(false),
  decider_kind: z.enum(['llm', 'rule']).default('llm'),
  rule_fire_probability: z.number().min(0).max(1).default(0.5),
  /** None, or an empty list: the built-in ones. */
  allowed_phrases: z.array(z.string().trim().min(1).max(60)).max(100).default([]),
  prompt_template: z.string().max(10_000).default(''),
});

export type BackchannelSettings = z.infer<typeof backchannel>;
