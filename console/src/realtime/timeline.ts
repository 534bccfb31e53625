// A turn's marks as lengths and places of a picture, and as numbers to read.
import { type MarkName, originOf, type Turn } from './turns.ts';

export type TurnLane = 'you' | 'server' | 'heard';

export interface Span<Lane extends string = TurnLane> {
  readonly lane: Lane;
  readonly kind: 'speech' | 'silence' | 'thinking' | 'writing' | 'sound' | 'buffered' | 'tool';
  /** Milliseconds from the turn's origin. */
  readonly from: number;
  readonly to: number;
  readonly label: string;
}
interface Tick<Lane extends string> {
  readonly lane: Lane;
  readonly name: string;
  readonly at: number;
  readonly label: string;
}
/** Of a turn, or of whatever else has lanes. */
export interface Picture<Lane extends string = TurnLane> {
  readonly from: number;
  readonly to: number;
  readonly spans: readonly Span<Lane>[];
  readonly ticks: readonly Tick<Lane>[];
  readonly grid: readonly number[];
}

export const markWords: Readonly<Record<MarkName, string>> = {
  speechStart: 'Speech',
  vad: 'Noticed after',
  speechEnd: 'Silence',
  turnEnd: 'End of turn',
  transcript: 'Transcript',
  firstToken: 'First word',
  firstAudio: 'First sound',
  heardStart: 'Heard from',
  done: 'Written',
  heardEnd: 'Heard until',
};

const lanes: Readonly<Partial<Record<MarkName, TurnLane>>> = {
  vad: 'you',
  turnEnd: 'you',
  transcript: 'server',
  firstToken: 'server',
  firstAudio: 'heard',
};

/** What is shown beside the wait when only that is looked at. */
const aroundMs = 500;

/** @param whole The whole turn, or only what the user waited for. @param who Spoke, as spans say it. */
export function pictureOf(turn: Turn, now: number, whole: boolean, who = 'You'): Picture | undefined {
  const origin = originOf(turn);
  if (origin === undefined) return undefined;
  const { marks } = turn;
  const rel = (name: MarkName) => (marks[name] === undefined ? undefined : marks[name] - origin);
  const sofar = now - origin;
  const spans: Span[] = [];
  const span = (lane: TurnLane, kind: Span['kind'], from: number | undefined, to: number | undefined, label: string) => {
    if (from !== undefined && to !== undefined && to > from) spans.push({ lane, kind, from, to, label });
  };
  const turnEnd = rel('turnEnd');
  const firstToken = rel('firstToken');
  const firstAudio = rel('firstAudio');
  const heardStart = rel('heardStart');
  const heardEnd = rel('heardEnd') ?? (heardStart === undefined ? undefined : Math.max(sofar, heardStart));
  span('you', 'speech', rel('speechStart') ?? rel('vad'), rel('speechEnd') ?? turnEnd ?? sofar, `${who} spoke`);
  span('you', 'silence', rel('speechEnd'), turnEnd, 'Silence until the turn ended');
  span('server', 'thinking', turnEnd, firstToken ?? rel('done'), 'Until the first word');
  span('server', 'writing', firstToken, rel('done') ?? (firstToken === undefined ? undefined : sofar), 'Writing the answer');
  span('heard', 'buffered', firstAudio, heardStart, 'On its way to the loudspeaker');
  span('heard', 'sound', heardStart, heardEnd, turn.interrupted ? 'Heard until interrupted' : 'Heard');
  const ticks = (Object.entries(lanes) as [MarkName, TurnLane][]).flatMap(([name, lane]) => {
    const at = rel(name);
    return at === undefined ? [] : [{ lane, name, at, label: `${markWords[name]}: ${Math.round(at)} ms` }];
  });
  const first = Math.min(0, ...spans.map(({ from }) => from));
  const last = Math.max(turnEnd ?? 0, firstAudio ?? firstToken ?? rel('done') ?? sofar, 0);
  const from = whole ? first : Math.max(first, -aroundMs);
  const to = whole ? Math.max(last, ...spans.map((each) => each.to)) : Math.max(last, rel('transcript') ?? 0) + aroundMs;
  return { from, to: Math.max(to, from + 400), spans, ticks, grid: gridOf(from, Math.max(to, from + 400)) };
}

const steps = [50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 120_000, 300_000, 600_000, 1_200_000];

/** Round numbers, four to eight of them. */
export function gridOf(from: number, to: number): number[] {
  const step = steps.find((each) => (to - from) / each <= 7) ?? 3_600_000;
  const grid: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) grid.push(at);
  return grid;
}

export interface Reading {
  readonly name: MarkName;
  readonly words: string;
  /** Milliseconds after the user fell silent or sent the text; of the noticing, after the speech began. */
  readonly ms: number;
}

const readings: readonly MarkName[] = ['vad', 'turnEnd', 'transcript', 'firstToken', 'firstAudio', 'heardStart', 'heardEnd'];

export function readingsOf(turn: Turn): Reading[] {
  const origin = originOf(turn);
  if (origin === undefined) return [];
  return readings.flatMap((name) => {
    const at = turn.marks[name];
    // Of a text that was sent, the end is where everything begins.
    if (at === undefined || (turn.said === 'text' && name === 'turnEnd')) return [];
    const from = name === 'vad' ? (turn.marks.speechStart ?? at) : origin;
    return [{ name, words: markWords[name], ms: Math.round(at - from) }];
  });
}

/** The middle of all turns' waits for the first sound, in ms. */
export function medianWait(turns: readonly Turn[]): number | undefined {
  const waits = turns
    .flatMap((turn) => {
      const origin = originOf(turn);
      const first = turn.marks.firstAudio;
      return origin === undefined || first === undefined ? [] : [first - origin];
    })
    .sort((a, b) => a - b);
  const middle = waits[Math.floor((waits.length - 1) / 2)];
  return middle === undefined ? undefined : Math.round(middle);
}
