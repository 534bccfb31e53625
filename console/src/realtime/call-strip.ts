// A whole call as one strip: who was heard when, which tools ran, and what happened to it. Pure; the instant comes with every event.
import type { CallEntry } from './call-feed.ts';
import type { ServerEvent } from './events.ts';
import { gridOf, type Picture } from './timeline.ts';

export type StripLane = 'caller' | 'agent' | 'tools';

interface Stretch {
  readonly lane: StripLane;
  /** What it belongs to: an item, a response, a call of a function. */
  readonly of: string;
  readonly from: number;
  /** Undefined while it goes on. */
  readonly to: number | undefined;
  readonly words: string;
}

export type MarkKind = 'interrupted' | 'key' | 'told' | 'handed over' | 'failed' | 'machine';

interface Mark {
  readonly lane: StripLane;
  readonly kind: MarkKind;
  readonly at: number;
  readonly words: string;
}

export interface CallStrip {
  readonly stretches: readonly Stretch[];
  readonly marks: readonly Mark[];
  /** When the first of it was. */
  readonly from: number | undefined;
}

export const emptyStrip: CallStrip = { stretches: [], marks: [], from: undefined };
/** Older ones are forgotten. */
const most = 2000;
/** What is shown when not the whole call is. */
const lastMs = 60_000;
const leastMs = 10_000;

/** An event that is none of a session's, but of a telephone call's life. */
export type LifeEvent =
  | { readonly type: 'realtime.call.transferred'; readonly target: string }
  | { readonly type: 'realtime.call.transfer_failed'; readonly target: string; readonly reason: string }
  | { readonly type: 'realtime.call.party_changed'; readonly party: string }
  | { readonly type: 'realtime.call.machine_detected'; readonly answered_by: string; readonly reason: string };

export function drawn(strip: CallStrip, entry: CallEntry): CallStrip {
  const next = happened({ ...strip, from: strip.from ?? entry.at }, entry);
  return { ...next, stretches: next.stretches.slice(-most), marks: next.marks.slice(-most) };
}

function happened(strip: CallStrip, { at, event: told, heard }: CallEntry): CallStrip {
  const event = told as ServerEvent | LifeEvent;
  switch (event.type) {
    case 'input_audio_buffer.speech_started':
      return begin(strip, { lane: 'caller', of: event.item_id, from: Math.min(at, heard?.from ?? at), words: 'The caller spoke' });
    case 'input_audio_buffer.speech_stopped':
      return end(strip, event.item_id, heard?.to ?? at);
    case 'input_audio_buffer.dtmf_event_received':
      return mark(strip, { lane: 'caller', kind: 'key', at, words: `Key ${event.event}` });
    case 'output_audio_buffer.started':
      return begin(strip, { lane: 'agent', of: event.response_id, from: at, words: 'The agent was heard' });
    case 'output_audio_buffer.stopped':
      return end(strip, event.response_id, at);
    case 'output_audio_buffer.cleared':
      return mark(end(strip, event.response_id, at), { lane: 'agent', kind: 'interrupted', at, words: 'Interrupted' });
    case 'conversation.item.added': {
      const { item } = event;
      if (item.type === 'mcp_call') return begin(strip, { lane: 'tools', of: item.id, from: at, words: item.name });
      if (item.type === 'function_call') return begin(strip, { lane: 'tools', of: item.call_id, from: at, words: item.name });
      if (item.type === 'function_call_output') return end(strip, item.call_id, at);
      if (item.type === 'message' && item.role === 'system')
        return mark(strip, { lane: 'agent', kind: 'told', at, words: 'The agent was told something' });
      return strip;
    }
    case 'response.mcp_call.completed':
      return end(strip, event.item_id, at);
    case 'response.mcp_call.failed':
      return mark(end(strip, event.item_id, at), { lane: 'tools', kind: 'failed', at, words: 'The tool failed' });
    case 'response.done':
      return event.response.status === 'failed' ? mark(strip, { lane: 'agent', kind: 'failed', at, words: 'The answer failed' }) : strip;
    case 'realtime.call.transferred':
      return mark(strip, { lane: 'tools', kind: 'handed over', at, words: `Handed over to ${event.target}` });
    case 'realtime.call.transfer_failed':
      return mark(strip, { lane: 'tools', kind: 'failed', at, words: `Not handed over to ${event.target}` });
    case 'realtime.call.party_changed':
      return mark(strip, { lane: 'caller', kind: 'handed over', at, words: `${event.party} is there now` });
    case 'realtime.call.machine_detected':
      return mark(strip, { lane: 'caller', kind: 'machine', at, words: 'A machine has answered' });
    default:
      return strip;
  }
}

function begin(strip: CallStrip, stretch: Omit<Stretch, 'to'>): CallStrip {
  return { ...strip, stretches: [...strip.stretches, { ...stretch, to: undefined }] };
}

function end(strip: CallStrip, of: string, at: number): CallStrip {
  const index = strip.stretches.findLastIndex((stretch) => stretch.of === of && stretch.to === undefined);
  const stretch = strip.stretches[index];
  return stretch ? { ...strip, stretches: strip.stretches.with(index, { ...stretch, to: Math.max(stretch.from, at) }) } : strip;
}

function mark(strip: CallStrip, made: Mark): CallStrip {
  return { ...strip, marks: [...strip.marks, made] };
}

/** @param endMs Until when the call is shown: now, or when it ended. @param whole All of it, or its last minute. */
export function stripPicture(strip: CallStrip, endMs: number, whole: boolean): Picture<StripLane> | undefined {
  if (strip.from === undefined) return undefined;
  const origin = strip.from;
  const last = Math.max(endMs - origin, leastMs);
  const from = whole ? 0 : Math.max(0, last - lastMs);
  const spans = strip.stretches.map(({ lane, from: began, to, words }) => ({
    lane,
    kind: ({ caller: 'speech', agent: 'sound', tools: 'tool' } as const)[lane],
    from: began - origin,
    to: Math.max((to ?? endMs) - origin, began - origin + 1),
    label: words,
  }));
  const ticks = strip.marks.map(({ lane, kind, at, words }) => ({ lane, name: kind.replace(' ', '-'), at: at - origin, label: words }));
  return { from, to: last, spans, ticks, grid: gridOf(from, last) };
}
