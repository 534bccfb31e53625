// Everything the views show, but for what changes with every frame of sound (app/console.ts has the traces) and the event log.
import type { Catalogue } from './server.ts';
import { type Conversation, emptyConversation } from '../realtime/conversation.ts';
import type { LinkState } from '../realtime/link.ts';
import type { Settings } from '../realtime/settings.ts';
import type { Tape } from '../realtime/tape.ts';
import { noTurns, type Turns } from '../realtime/turns.ts';
import type { TransportKind } from '../transport/transport.ts';

export interface Problem {
  readonly id: number;
  readonly text: string;
}

export interface ConsoleState {
  readonly link: LinkState;
  readonly transport: TransportKind;
  readonly conversation: Conversation;
  readonly turns: Turns;
  /** A tape that is looked at in place of the session's own turns and events. */
  readonly tape: { readonly name: string; readonly tape: Tape } | undefined;
  /** As the server last described it. */
  readonly session: Settings | undefined;
  /** What the user has set himself. */
  readonly settings: Settings;
  readonly catalogue: Catalogue | undefined;
  readonly microphone: 'off' | 'asked' | 'on';
  readonly muted: boolean;
  readonly devices: readonly { readonly id: string; readonly label: string }[];
  readonly deviceId: string | undefined;
  /** Push-to-talk: not used, ready, or held. */
  readonly push: 'off' | 'ready' | 'held';
  /** Whether an answer is coming out of the loudspeaker. */
  readonly playing: boolean;
  readonly problems: readonly Problem[];
}

export function initialState(settings: Settings, transport: TransportKind): ConsoleState {
  return {
    link: { phase: 'idle' },
    transport,
    conversation: emptyConversation,
    turns: noTurns,
    tape: undefined,
    session: undefined,
    settings,
    catalogue: undefined,
    microphone: 'off',
    muted: false,
    devices: [],
    deviceId: undefined,
    push: 'off',
    playing: false,
    problems: [],
  };
}

/** What is going on, in one word: for the big button, the status line and screen readers. */
export type Activity = 'idle' | 'connecting' | 'reconnecting' | 'locked' | 'listening' | 'hearing' | 'thinking' | 'speaking' | 'ready';

export function activityOf(state: ConsoleState): Activity {
  switch (state.link.phase) {
    case 'idle':
      return 'idle';
    case 'connecting':
      return state.link.attempt > 0 ? 'reconnecting' : 'connecting';
    case 'waiting':
      return 'reconnecting';
    case 'locked':
      return 'locked';
    case 'open':
      if (state.conversation.speakingItem !== undefined || state.push === 'held') return 'hearing';
      if (state.playing) return 'speaking';
      if (state.conversation.responseId !== undefined) return 'thinking';
      return state.microphone === 'on' && !state.muted && state.push === 'off' ? 'listening' : 'ready';
  }
}
