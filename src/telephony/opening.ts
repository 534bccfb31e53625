// How the session of a telephone call begins: what its first words are, which tools it has, and who listens in on the call beside it.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { OnBoardServers } from '../tools/on-board.ts';
import { type CallEvents, relayed } from '../transports/calls/call.ts';
import type { CallTransport } from '../transports/calls/call-transport.ts';
import type { PhoneCall } from '../transports/calls/phone-call.ts';
import { DigitEntry } from './digit-entry.ts';
import { exactWords, listenToNobody } from './exact-words.ts';
import { MachineAnswer, type MachinePolicy } from './machine-answer.ts';
import type { MachineWatch } from './machine-watch.ts';
import type { Verdict } from './outbound-policy.ts';
import type { PhoneSession } from './phone-calls.ts';
import { phoneConnector, phoneTool, phoneTools } from './phone-tools.ts';
import { type CallRecorder, recordCall } from './recording.ts';
import type { Route } from './routes-schema.ts';

export interface OpeningParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: CallRecorder | undefined;
  /** The call as a transport, once it is there. */
  transportOf(session: PhoneSession): CallTransport | undefined;
  /** What is done where a machine answers. */
  readonly machine: MachinePolicy;
  /** Whether a caller of that key may be handed over there. */
  readonly allow: (owner: string, target: string) => Verdict;
}

/** A message for a machine begins within this, or not at all. */
const messageBeginsMs = 10_000;

/** Has these words said instead of whatever is being said, and resolves when they have been heard, or the call has ended. */
export async function sayLast(transport: CallTransport, words: string): Promise<void> {
  for (const event of [...listenToNobody, exactWords(words)]) transport.say(event);
  await transport.played(new AbortController().signal, messageBeginsMs);
}

/** What the first response says, word by word; nothing where the agent waits for the caller. */
export function firstWords(route: Route | undefined): string | undefined {
  const words = [route?.recording?.announce, route?.greeting].filter((each) => each !== undefined);
  return words.length === 0 ? undefined : words.join(' ');
}

/** The tools of a session that its route gives it, beside those that it names itself. */
export function ownTools({ route }: PhoneSession): ReturnType<typeof phoneTool>[] {
  return route && route.tools.length > 0 ? [phoneTool(route.tools)] : [];
}

/** What stands behind them. */
export function toolsOnBoard(session: PhoneSession, parts: OpeningParts): OnBoardServers {
  const { route, owner, transfer } = session;
  if (!route || route.tools.length === 0) return new Map();
  const call = {
    transfer,
    sendDigits: (digits: string) => session.sendDigits(digits),
    close: () => parts.transportOf(session)?.close(1000, 'hung up'),
  };
  const tools = phoneTools({
    call,
    tools: route.tools,
    transferTo: new Map(Object.entries(route.transfer_to)),
    allow: (target) => parts.allow(owner, target),
    afterWords: async (signal) => parts.transportOf(session)?.played(signal),
  });
  return new Map([[phoneConnector, tools]]);
}

/** Has the call answered with everybody listening in who is to. `over` fires when the call has ended, whoever ended it. */
export function connected(
  session: PhoneSession,
  parts: OpeningParts,
  events: CallEvents,
  answer: (events: CallEvents) => Promise<PhoneCall>,
  over: AbortSignal,
): Promise<PhoneCall> {
  const { route } = session;
  const entry = route?.collect_digits && digitEntry(session, route.collect_digits, parts);
  // A call that ends from here is told to nobody who listens in: what has been pressed would be waited on further.
  if (entry) over.addEventListener('abort', () => entry.end(), { once: true });
  const machine = session.machine && machineAnswer(session, session.machine, parts, over);
  const heard = referable(session, parts, entry || machine ? overheard(events, entry, machine) : events);
  const recording = route?.recording && parts.recorder?.open(session.id, session.speaker.format);
  return recording ? recordCall(recording, heard, answer) : answer(heard);
}

/** With the route's leave, its callers may have this server call somebody else in their place, where the owner of the call may call. */
function referable({ route, owner }: PhoneSession, parts: OpeningParts, events: CallEvents): CallEvents {
  if (!route?.follow_transfers) return events;
  return relayed(events, {
    onReferred(target) {
      const verdict = parts.allow(owner, target);
      return verdict.allowed ? verdict.target : undefined;
    },
  });
}

function digitEntry(session: PhoneSession, collecting: NonNullable<Route['collect_digits']>, parts: OpeningParts): DigitEntry {
  return new DigitEntry(collecting, parts.clock, (event) => parts.transportOf(session)?.say(event));
}

function machineAnswer(session: PhoneSession, watch: MachineWatch, parts: OpeningParts, over: AbortSignal): MachineAnswer {
  const hangUp = () => parts.transportOf(session)?.close(1000, 'a machine answered');
  return new MachineAnswer({
    format: session.speaker.format,
    policy: parts.machine,
    say: (event) => parts.transportOf(session)?.say(event),
    hangUp,
    hangUpAfterWords: () => void parts.transportOf(session)?.played(over, messageBeginsMs).then(hangUp),
    watch,
  });
}

function overheard(events: CallEvents, entry: DigitEntry | undefined, machine: MachineAnswer | undefined): CallEvents {
  return relayed(events, {
    onSound(sound) {
      machine?.hear(sound);
      events.onSound(sound);
    },
    onDigit(digit) {
      events.onDigit(digit);
      entry?.press(digit);
    },
  });
}
