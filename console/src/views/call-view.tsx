// One call: what is said in it and when, and what an operator can do about it.
import { useMemo, useState } from 'preact/hooks';
import type { Calls } from '../app/calls.ts';
import { addressOfCall } from '../realtime/place.ts';
import { useStore } from './use-store.ts';
import { type Call, callOf, clockWords, doingOf, lengthMs, partiesOf, wayOf } from '../realtime/calls.ts';
import { type CallStrip, stripPicture, type StripLane } from '../realtime/call-strip.ts';
import type { Turn } from '../realtime/turns.ts';
import { turnsOfCaller, unwatched } from '../realtime/watched-call.ts';
import { CallDock } from './call-dock.tsx';
import { Drawing } from './drawing.tsx';
import { BackIcon } from './icons.tsx';
import { useTicks } from './now.ts';
import { Script } from './script.tsx';
import { Scroller } from './scroller.tsx';
import { TurnsView } from './turns-view.tsx';
import { Zoom } from './zoom.tsx';

const speakers = { user: 'Caller', assistant: 'Agent', system: 'Operator' };
const lanes: readonly (readonly [StripLane, string])[] = [
  ['caller', 'Caller'],
  ['agent', 'Agent'],
  ['tools', 'Tools'],
];

export function CallView({ calls, id }: { calls: Calls; id: string }) {
  const call = useStore(calls.state, ({ list }) => callOf(list, id));
  const shown = useStore(calls.state, (state) => (state.shown?.id === id ? state.shown.call : unwatched));
  const turns = useMemo(() => turnsOfCaller(shown), [shown.turns]);
  const isThere = useStore(calls.state, ({ link }) => link === 'open');
  const [part, setPart] = useState<'talk' | 'timeline'>('talk');
  const [turn, setTurn] = useState<number>();
  const showTurn = (number: number) => {
    setTurn(number);
    setPart('timeline');
  };
  if (!call) {
    return (
      <main class="talk call-gone">
        <p class="empty">
          {isThere ? 'There is no such call, or not any more. ' : 'Asking the server … '}
          <a href={addressOfCall()}>All calls</a>
        </p>
      </main>
    );
  }
  return (
    <>
      <main class="talk call" data-part={part} aria-label={`Call ${partiesOf(call).far}`}>
        <CallHead calls={calls} call={call} part={part} onPart={setPart} />
        <div class="call-talk">
          <Scroller label="What is said in the call" grown={shown.count}>
            {shown.lost > 0 && <p class="notice">What was said before is not kept any more.</p>}
            {shown.conversation.entries.length === 0 ? (
              <p class="empty">{silence(call)}</p>
            ) : (
              <Script entries={shown.conversation.entries} turns={turns} speakers={speakers} onTurn={showTurn} />
            )}
          </Scroller>
          <CallDock calls={calls} call={call} />
        </div>
      </main>
      <aside class="side call-side" data-part={part} aria-label="Timeline of the call">
        <CallTimeline calls={calls} call={call} strip={shown.strip} turns={turns} chosen={turn} />
      </aside>
    </>
  );
}

function silence({ state, answered_at, reason }: Call): string {
  if (state === 'ended')
    return answered_at === undefined ? (reason ?? 'It was not answered.') : 'Nothing was said, or it is not kept any more.';
  return answered_at === undefined ? 'It has not been answered yet.' : 'Nothing has been said yet.';
}

interface HeadProps {
  calls: Calls;
  call: Call;
  part: 'talk' | 'timeline';
  onPart: (part: 'talk' | 'timeline') => void;
}

function CallHead({ calls, call, part, onPart }: HeadProps) {
  const aheadMs = useStore(calls.state, (state) => state.aheadMs);
  useTicks(1000, call.state !== 'ended');
  const { far, own } = partiesOf(call);
  return (
    <header class="call-head">
      <a class="icon-button call-back" href={addressOfCall()} aria-label="All calls">
        <BackIcon />
      </a>
      <div class="call-title">
        <h2>{far}</h2>
        <p class="soft small-print">
          {wayOf(call)}
          {own !== undefined && `, ${call.direction === 'inbound' ? 'to' : 'from'} ${own}`}
        </p>
      </div>
      <p class="call-doing" role="status" data-state={call.state} data-speaking={call.speaking ?? 'nobody'}>
        <span>{doingOf(call)}</span>
        <span class="call-length">{clockWords(lengthMs(call, Date.now() + aheadMs))}</span>
      </p>
      <div class="call-parts">
        <fieldset class="segments small">
          <legend class="unseen">What to show</legend>
          {(['talk', 'timeline'] as const).map((each) => (
            <label key={each}>
              <input type="radio" name="call-part" checked={part === each} onChange={() => onPart(each)} />
              <span>{each === 'talk' ? 'Talk' : 'Timeline'}</span>
            </label>
          ))}
        </fieldset>
      </div>
    </header>
  );
}

interface TimelineProps {
  calls: Calls;
  call: Call;
  strip: CallStrip;
  turns: readonly Turn[];
  chosen: number | undefined;
}

function CallTimeline({ calls, call, strip, turns, chosen }: TimelineProps) {
  const aheadMs = useStore(calls.state, (state) => state.aheadMs);
  const [wholeCall, setWholeCall] = useState(false);
  const [wholeTurn, setWholeTurn] = useState(false);
  const goesOn = call.state !== 'ended';
  useTicks(500, goesOn);
  const now = () => (goesOn ? Date.now() + aheadMs : (call.ended_at ?? 0) * 1000);
  const picture = stripPicture(strip, now(), wholeCall);
  return (
    <div class="panel timeline">
      <div class="panel-head">
        <h2>The call</h2>
        <Zoom whole={wholeCall} part="Last minute" all="All of it" onChange={setWholeCall} />
      </div>
      {picture ? (
        <Drawing picture={picture} lanes={lanes} label="Who was heard when, and which tools ran" />
      ) : (
        <p class="empty">Who is heard when is drawn here.</p>
      )}
      <ul class="legend">
        <li class="mark-interrupted">interrupted, failed</li>
        <li class="mark-key">key</li>
        <li class="mark-told">operator, handed over</li>
      </ul>
      {turns.length > 0 && (
        <>
          <div class="panel-head">
            <h2>Turns</h2>
            <Zoom whole={wholeTurn} part="The wait" all="Whole turn" onChange={setWholeTurn} />
          </div>
          <TurnsView turns={turns} whole={wholeTurn} now={now} who="Caller" chosen={chosen} />
          <p class="soft small-print">
            Counted from where the caller fell silent, by the server’s clock. On a telephone it is heard as much later as the network takes.
          </p>
        </>
      )}
    </div>
  );
}
