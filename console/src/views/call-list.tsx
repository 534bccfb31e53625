// The calls there are, and those that have ended of late: each a link to the call.
import type { Calls } from '../app/calls.ts';
import { addressOfCall } from '../realtime/place.ts';
import { useStore } from './use-store.ts';
import { type Call, clockWords, doingOf, lengthMs, partiesOf, wayOf } from '../realtime/calls.ts';
import { InboundIcon, OutboundIcon } from './icons.tsx';
import { useTicks } from './now.ts';

export function CallListView({ calls, chosen }: { calls: Calls; chosen: string | undefined }) {
  const { live, ended } = useStore(calls.state, ({ list }) => list);
  const link = useStore(calls.state, (state) => state.link);
  const aheadMs = useStore(calls.state, (state) => state.aheadMs);
  useTicks(1000, live.length > 0);
  const now = Date.now() + aheadMs;
  return (
    <section class="call-list" aria-label="Calls">
      <div class="panel-head">
        <h2>Calls</h2>
        <p class="soft small-print" role="status">
          {linkWords(link, live.length)}
        </p>
      </div>
      {live.length > 0 && (
        <ul class="calls-live">
          {live.map((call) => (
            <CallRow key={call.id} call={call} now={now} isChosen={call.id === chosen} />
          ))}
        </ul>
      )}
      {link === 'open' && live.length === 0 && <Empty hasEnded={ended.length > 0} />}
      {ended.length > 0 && (
        <>
          <h3 class="calls-heading">Ended within the hour</h3>
          <ul class="calls-ended">
            {ended.map((call) => (
              <CallRow key={call.id} call={call} now={now} isChosen={call.id === chosen} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function linkWords(link: 'off' | 'connecting' | 'open' | 'waiting', count: number): string {
  if (link === 'waiting') return 'The server does not answer. Trying again …';
  if (link !== 'open') return 'Asking the server …';
  return count === 0 ? '' : `${count} live`;
}

function CallRow({ call, now, isChosen }: { call: Call; now: number; isChosen: boolean }) {
  const { far, own } = partiesOf(call);
  const Direction = call.direction === 'inbound' ? InboundIcon : OutboundIcon;
  return (
    <li>
      <a
        class="call-row"
        href={addressOfCall(call.id)}
        aria-current={isChosen ? 'true' : undefined}
        data-state={call.state}
        data-speaking={call.speaking ?? 'nobody'}
      >
        <span class="call-direction" title={call.direction === 'inbound' ? 'Came in' : 'Was placed'}>
          <Direction />
        </span>
        <span class="call-line">
          <span class="call-far">{far}</span>
          <span class="call-length">{clockWords(lengthMs(call, now))}</span>
        </span>
        <span class="call-line">
          <span class="call-way">
            {wayOf(call)}
            {own !== undefined && `, ${call.direction === 'inbound' ? 'to' : 'from'} ${own}`}
          </span>
          <span class="call-doing">
            {doingOf(call)}
            {call.ended_at !== undefined && `, ${timeOf(call.ended_at)}`}
          </span>
        </span>
      </a>
    </li>
  );
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

function Empty({ hasEnded }: { hasEnded: boolean }) {
  return (
    <div class="empty">
      <p>Nobody is calling.</p>
      {!hasEnded && (
        <p class="small-print">
          Calls by telephone and from browsers appear here as they come, and stay for an hour after their end. Only those are shown that
          belong to the key of this page.
        </p>
      )}
    </div>
  );
}
