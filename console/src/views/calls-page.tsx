// The page of calls: the list, and beside it the call that was chosen.
import { useEffect } from 'preact/hooks';
import type { Calls } from '../app/calls.ts';
import { CallListView } from './call-list.tsx';
import { CallView } from './call-view.tsx';

export function CallsPage({ calls, call, isLocked }: { calls: Calls; call: string | undefined; isLocked: boolean }) {
  useEffect(() => {
    if (isLocked) return;
    calls.open();
    return () => calls.close();
  }, [calls, isLocked]);
  useEffect(() => {
    if (!isLocked) calls.show(call);
  }, [calls, call, isLocked]);
  return (
    <div class="calls" data-chosen={call !== undefined}>
      <CallListView calls={calls} chosen={call} />
      {call !== undefined && <CallView key={call} calls={calls} id={call} />}
    </div>
  );
}
