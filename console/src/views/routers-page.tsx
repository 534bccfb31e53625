// The page of routers: the list, and beside it the one that was chosen, or a new one.
import { useEffect } from 'preact/hooks';
import type { Routers } from '../app/routers.ts';
import { useStore } from './use-store.ts';
import { addressOfRouter, type OpenRouter } from '../realtime/place.ts';
import { type RouterFile, summaryOf } from '../realtime/routers.ts';
import { PlusIcon, RefreshIcon } from './icons.tsx';
import { ProblemLine } from './problem.tsx';
import { RouterView } from './router-view.tsx';

export function RoutersPage({ routers, open, isLocked }: { routers: Routers; open: OpenRouter; isLocked: boolean }) {
  useEffect(() => {
    if (isLocked) return;
    routers.open();
    return () => routers.close();
  }, [routers, isLocked]);
  useEffect(() => {
    if (!isLocked) routers.show(open);
  }, [routers, open, isLocked]);
  return (
    <div class="routers" data-open={open.kind !== 'none'}>
      <RouterList routers={routers} open={open} />
      {open.kind !== 'none' && <RouterView key={addressOfRouter(open)} routers={routers} open={open} />}
    </div>
  );
}

function RouterList({ routers, open }: { routers: Routers; open: OpenRouter }) {
  const folder = useStore(routers.state, (state) => state.folder);
  const isLoading = useStore(routers.state, (state) => state.isLoading);
  const problem = useStore(routers.state, (state) => state.problem);
  return (
    <section class="router-list" aria-label="Routers">
      <div class="panel-head">
        <h2>Routers</h2>
        <div class="row">
          <button type="button" class="button small" onClick={() => void routers.refresh()}>
            <RefreshIcon /> Refresh
          </button>
          {folder?.may_change && (
            <a class="button small" href={addressOfRouter({ kind: 'new' })}>
              <PlusIcon /> New
            </a>
          )}
        </div>
      </div>
      <p class="soft small-print" role="status">
        {isLoading && !folder && 'Asking the server …'}
      </p>
      {open.kind === 'none' && <ProblemLine text={problem} />}
      {folder && (
        <>
          {folder.routers.length === 0 && <Empty />}
          <ul>
            {folder.routers.map((file) => (
              <li key={file.name}>
                <RouterRow file={file} isOpen={open.kind === 'one' && open.name === file.name} />
              </li>
            ))}
          </ul>
          {folder.table_faults.map(({ description }) => (
            <p key={description} class="bad small-print">
              models.json, the table of models, cannot be used: {description}
            </p>
          ))}
          <p class="hint">
            {folder.may_change ? (
              <>
                Each is a file of the folder <code>{folder.folder}</code>. What is changed here is written there, and what is changed there
                is here two seconds later.
              </>
            ) : (
              'This key may look at routers and try them, but not change them: keys of the workspace “default” may.'
            )}
          </p>
        </>
      )}
    </section>
  );
}

function RouterRow({ file, isOpen }: { file: RouterFile; isOpen: boolean }) {
  return (
    <a class="router-row" href={addressOfRouter({ kind: 'one', name: file.name })} aria-current={isOpen ? 'true' : undefined}>
      <span class="router-name">{file.name}</span>
      <span class={file.faults.length > 0 ? 'bad small-print' : 'soft small-print'}>
        {summaryOf(file)}
        {file.warnings.length > 0 && `, ${file.warnings.length === 1 ? '1 note' : `${file.warnings.length} notes`}`}
      </span>
    </a>
  );
}

function Empty() {
  return (
    <div class="empty">
      <p>There are no routers.</p>
      <p class="small-print">
        A router is a name for several models, <code>inworld/…</code>, and the rules by which one of them answers: who asks, what was said,
        fixed parts, price or speed.
      </p>
    </div>
  );
}
