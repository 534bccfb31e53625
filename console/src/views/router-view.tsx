// One router: its rules to be read, its JSON to be changed, and beside them the dry run.
import { useState } from 'preact/hooks';
import type { Routers } from '../app/routers.ts';
import { useStore } from './use-store.ts';
import { addressOfRouter, type OpenRouter } from '../realtime/place.ts';
import { type RouterFile, rulesOf, summaryOf } from '../realtime/routers.ts';
import { BackIcon } from './icons.tsx';
import { ProblemLine } from './problem.tsx';
import { RemoveButton } from './router-remove.tsx';
import { RouterEditor } from './router-editor.tsx';
import { RouterRulesView } from './router-rules.tsx';
import { RouterTrial } from './router-trial.tsx';

const parts = [
  ['rules', 'Rules'],
  ['json', 'JSON'],
  ['try', 'Try'],
] as const;
type Part = (typeof parts)[number][0];

export function RouterView({ routers, open }: { routers: Routers; open: OpenRouter }) {
  const isNew = open.kind === 'new';
  const name = open.kind === 'one' ? open.name : 'New router';
  const [part, setPart] = useState<Part>(isNew ? 'json' : 'rules');
  const folder = useStore(routers.state, (state) => state.folder);
  const problem = useStore(routers.state, (state) => state.problem);
  const done = useStore(routers.state, (state) => state.done);
  const file = folder?.routers.find((each) => open.kind === 'one' && each.name === open.name);
  return (
    <>
      <main class="router" data-part={part} aria-label={name}>
        <header class="router-head">
          <a class="icon-button router-back" href={addressOfRouter()} aria-label="All routers">
            <BackIcon />
          </a>
          <div class="router-title">
            <h2>{name}</h2>
            <p class="soft small-print">
              {file ? `inworld/${file.name} · ${summaryOf(file)}` : isNew && 'Nothing is kept until it is made.'}
            </p>
          </div>
          <fieldset class="segments small">
            <legend class="unseen">What to show</legend>
            {parts.map(([each, words]) => (
              <label key={each} class={each === 'try' ? 'router-try' : undefined}>
                <input type="radio" name="router-part" checked={part === each} onChange={() => setPart(each)} />
                <span>{words}</span>
              </label>
            ))}
          </fieldset>
        </header>
        <div class="router-body">
          <ProblemLine text={problem} />
          <p class="router-done" role="status">
            {done}
          </p>
          {folder && !file && !isNew && (
            <p class="empty">
              There is no such router, or not any more. <a href={addressOfRouter()}>All routers</a>
            </p>
          )}
          {file && <FileNotes file={file} isEdited={part === 'json'} />}
          {file && !file.router && <Unreadable routers={routers} file={file} />}
          {part === 'json' ? <RouterEditor routers={routers} file={file} /> : <Rules routers={routers} />}
        </div>
      </main>
      <aside class="router-side" data-part={part} aria-label="Dry run">
        <RouterTrial routers={routers} />
      </aside>
    </>
  );
}

/** @param isEdited The editor is there, and says itself what is wrong with what it holds. */
function FileNotes({ file: { router, faults, warnings }, isEdited }: { file: RouterFile; isEdited: boolean }) {
  const said = isEdited && router ? [] : faults;
  const lines = [...said.map((fault) => ({ ...fault, isBad: true })), ...warnings.map((warning) => ({ ...warning, isBad: false }))];
  if (lines.length === 0) return null;
  return (
    <ul class="router-notes">
      {lines.map(({ description, isBad }) => (
        <li key={description} class={isBad ? 'bad' : 'soft'}>
          {description}
        </li>
      ))}
    </ul>
  );
}

/** The server has nothing of it that could be shown or changed here. */
function Unreadable({ routers, file }: { routers: Routers; file: RouterFile }) {
  const folder = useStore(routers.state, (state) => state.folder);
  return (
    <div class="router-unreadable">
      <p>
        Mend <code>{`${folder?.folder ?? ''}/${file.name}.json`}</code> where it lies
        {folder?.may_change && ', or delete it'}.
      </p>
      {folder?.may_change && <RemoveButton routers={routers} name={file.name} />}
    </div>
  );
}

/** Of the text that is being edited, so that a change can be read before it is saved. */
function Rules({ routers }: { routers: Routers }) {
  const text = useStore(routers.state, ({ draft }) => draft?.text);
  const isChanged = useStore(
    routers.state,
    ({ draft }) => draft !== undefined && draft.base !== undefined && draft.text !== draft.base.text,
  );
  if (text === undefined) return null;
  let router: unknown;
  try {
    router = JSON.parse(text);
  } catch {
    return <p class="empty">Its JSON has a mistake: the rules can be read when that is mended.</p>;
  }
  return (
    <>
      {isChanged && <p class="hint">These are the rules as they are being edited; they are not saved.</p>}
      <RouterRulesView rules={rulesOf(router)} />
    </>
  );
}
