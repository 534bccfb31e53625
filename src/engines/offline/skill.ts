// The plug of the offline assistant: a skill answers what it is made for and passes on everything else.
import type { Clock } from '../../lib/clock.ts';
import type { Conversation, Utterance } from './conversation.ts';

export interface SkillContext extends Utterance {
  readonly conversation: Conversation;
  readonly clock: Clock;
  /** A whole number from 0 up to, not including, `below`. */
  readonly chance: (below: number) => number;
}

export interface Skill {
  readonly id: string;
  /** The user's words are to be used, not understood: `repeat after me …`. Goes before any tool. */
  readonly quoting?: boolean;
  /** How it is offered: `tell you the time`. */
  readonly offer?: string;
  reply(context: SkillContext): string | undefined;
}
