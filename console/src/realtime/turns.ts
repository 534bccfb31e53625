// When what happened in each turn, by the page's own clock: the timeline's numbers. Pure; the instant comes with every fact.
import type { Voice } from '../../../src/media/talk-spurt.ts';
import type { ServerEvent } from './events.ts';

export const markNames = [
  'speechStart',
  'vad',
  'speechEnd',
  'turnEnd',
  'transcript',
  'firstToken',
  'firstAudio',
  'heardStart',
  'done',
  'heardEnd',
] as const;
export type MarkName = (typeof markNames)[number];

export interface Turn {
  readonly number: number;
  readonly said: 'speech' | 'text';
  /** The user's item, once it is known. */
  readonly itemId: string | undefined;
  readonly responseIds: readonly string[];
  /** Milliseconds of the page's clock. */
  readonly marks: Readonly<Partial<Record<MarkName, number>>>;
  readonly interrupted: boolean;
}

export interface Turns {
  readonly list: readonly Turn[];
  readonly count: number;
}

export const noTurns: Turns = { list: [], count: 0 };
/** Older ones are forgotten. */
const mostTurns = 100;

export type TurnFact =
  | { readonly kind: 'event'; readonly event: ServerEvent; readonly voice: Voice }
  /** The user sent a text, or let go of push-to-talk. */
  | { readonly kind: 'typed' }
  | { readonly kind: 'released'; readonly voice: Voice }
  /** Sound of an answer begins to be played, or ends, or is cut. */
  | { readonly kind: 'heard.start' | 'heard.end' | 'heard.cut' };

export function follow(turns: Turns, fact: TurnFact, now: number): Turns {
  switch (fact.kind) {
    case 'typed':
      return begin(turns, { said: 'text', itemId: undefined, marks: { turnEnd: now } });
    case 'released':
      return begin(turns, { said: 'speech', itemId: undefined, marks: { ...spoken(fact.voice), turnEnd: now } });
    case 'heard.start':
      return mark(turns, 'heardStart', now);
    case 'heard.end':
      return heardUntil(turns, now, false);
    case 'heard.cut':
      return heardUntil(turns, now, true);
    case 'event':
      return onEvent(turns, fact.event, fact.voice, now);
  }
}

function onEvent(turns: Turns, event: ServerEvent, voice: Voice, now: number): Turns {
  switch (event.type) {
    case 'input_audio_buffer.speech_started': {
      if (turns.list.some(({ itemId }) => itemId === event.item_id)) return turns;
      const speechStart = voice.startMs === undefined ? {} : { speechStart: Math.min(voice.startMs, now) };
      return begin(turns, { said: 'speech', itemId: event.item_id, marks: { ...speechStart, vad: now } });
    }
    case 'input_audio_buffer.speech_stopped':
      return ofItem(turns, event.item_id, {
        ...(voice.lastMs === undefined ? {} : { speechEnd: Math.min(voice.lastMs, now) }),
        turnEnd: now,
      });
    case 'input_audio_buffer.committed':
      return change(turns, (turn) => (turn.said === 'speech' && turn.itemId === undefined ? { ...turn, itemId: event.item_id } : turn));
    case 'conversation.item.input_audio_transcription.completed':
    case 'conversation.item.input_audio_transcription.failed':
      return ofItem(turns, event.item_id, { transcript: now });
    case 'response.created':
      return event.response.conversation_id === null
        ? turns
        : change(turns, (turn) => ({ ...turn, responseIds: [...turn.responseIds, event.response.id] }));
    case 'response.output_audio_transcript.delta':
    case 'response.output_text.delta':
    case 'response.function_call_arguments.delta':
      return ofResponse(turns, event.response_id, 'firstToken', now, false);
    case 'response.output_audio.delta':
      return ofResponse(turns, event.response_id, 'firstAudio', now, false);
    case 'output_audio_buffer.started':
      return ofResponse(ofResponse(turns, event.response_id, 'firstAudio', now, false), event.response_id, 'heardStart', now, false);
    case 'output_audio_buffer.stopped':
      return ofResponse(turns, event.response_id, 'heardEnd', now, true);
    case 'output_audio_buffer.cleared':
      return asCut(ofResponse(turns, event.response_id, 'heardEnd', now, true), event.response_id);
    case 'response.done': {
      const done = ofResponse(turns, event.response.id, 'done', now, true);
      return event.response.status === 'cancelled' ? asCut(done, event.response.id) : done;
    }
    default:
      return turns;
  }
}

function spoken({ startMs, lastMs }: Voice): Turn['marks'] {
  return { ...(startMs === undefined ? {} : { speechStart: startMs }), ...(lastMs === undefined ? {} : { speechEnd: lastMs }) };
}

function begin(turns: Turns, turn: Pick<Turn, 'said' | 'itemId' | 'marks'>): Turns {
  const count = turns.count + 1;
  return { count, list: [...turns.list, { number: count, responseIds: [], interrupted: false, ...turn }].slice(-mostTurns) };
}

/** Changes the latest turn. */
function change(turns: Turns, with_: (turn: Turn) => Turn): Turns {
  const last = turns.list.at(-1);
  return last ? { ...turns, list: turns.list.with(turns.list.length - 1, with_(last)) } : turns;
}

function mark(turns: Turns, name: MarkName, now: number): Turns {
  return change(turns, (turn) => (turn.marks[name] === undefined ? { ...turn, marks: { ...turn.marks, [name]: now } } : turn));
}

/** What is being heard belongs to the last turn that has a voice, which the user may just have begun to talk over. */
function heardUntil(turns: Turns, now: number, cut: boolean): Turns {
  const index = turns.list.findLastIndex(({ marks }) => marks.heardStart !== undefined);
  const turn = turns.list[index];
  if (!turn) return turns;
  const marks = { ...turn.marks, heardEnd: now };
  return { ...turns, list: turns.list.with(index, { ...turn, interrupted: turn.interrupted || cut, marks }) };
}

function ofItem(turns: Turns, itemId: string, marks: Turn['marks']): Turns {
  return { ...turns, list: turns.list.map((turn) => (turn.itemId === itemId ? { ...turn, marks: { ...turn.marks, ...marks } } : turn)) };
}

function ofResponse(turns: Turns, responseId: string, name: MarkName, now: number, last: boolean): Turns {
  const index = turns.list.findLastIndex(({ responseIds }) => responseIds.includes(responseId));
  const turn = turns.list[index];
  if (!turn || (!last && turn.marks[name] !== undefined)) return turns;
  return { ...turns, list: turns.list.with(index, { ...turn, marks: { ...turn.marks, [name]: now } }) };
}

function asCut(turns: Turns, responseId: string): Turns {
  return { ...turns, list: turns.list.map((turn) => (turn.responseIds.includes(responseId) ? { ...turn, interrupted: true } : turn)) };
}

/** What a turn is counted from: where the user stopped making sound, or the turn was given otherwise. */
export function originOf({ marks }: Turn): number | undefined {
  return marks.speechEnd ?? marks.turnEnd ?? marks.vad;
}
