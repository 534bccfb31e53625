// A router's JSON to be changed: with the numbers of its lines, and what the server says is wrong at the line that it says it of.
import { useRef } from 'preact/hooks';
import type { Routers } from '../app/routers.ts';
import { useStore } from './use-store.ts';
import { placeOfField, type TextPlace } from '../realtime/json-place.ts';
import type { RouterFile } from '../realtime/routers.ts';
import { RemoveButton } from './router-remove.tsx';

/** Of the editor, as its style sheet has it. */
const lineRem = 1.25;

export function RouterEditor({ routers, file }: { routers: Routers; file: RouterFile | undefined }) {
  const draft = useStore(routers.state, (state) => state.draft);
  const work = useStore(routers.state, (state) => state.work);
  const mayChange = useStore(routers.state, ({ folder }) => folder?.may_change === true);
  const area = useRef<HTMLTextAreaElement>(null);
  if (!draft) return null;
  const faults = draft.faults.map((fault) => ({ ...fault, place: placeOfField(draft.text, fault.field) }));
  const isChanged = draft.text !== draft.base?.text;
  const lines = draft.text.split('\n').length;
  const goTo = ({ from, to, line }: TextPlace) => {
    document.getElementById(lineId(line))?.scrollIntoView({ block: 'center' });
    area.current?.focus({ preventScroll: true });
    area.current?.setSelectionRange(from, to);
  };
  return (
    <form
      class="router-editor"
      onSubmit={(event) => {
        event.preventDefault();
        void routers.save();
      }}
    >
      {mayChange && (
        <div class="row">
          <button type="submit" class="button primary" disabled={work !== 'none' || !isChanged}>
            {work === 'saving' ? 'Saving …' : draft.base ? 'Save' : 'Make it'}
          </button>
          <button type="button" class="button" disabled={!isChanged || !draft.base} onClick={() => routers.revert()}>
            Undo changes
          </button>
          {file && <RemoveButton routers={routers} name={file.name} />}
        </div>
      )}
      <div role="alert">
        {faults.length > 0 && (
          <ul class="router-faults" id="router-faults">
            {faults.map(({ description, place }) => (
              <li key={description}>
                <button type="button" class="fault" onClick={() => goTo(place)}>
                  <span class="fault-line">Line {place.line}</span> {description}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      <div class="editor">
        <LineNumbers count={lines} wrong={[...new Set(faults.map(({ place }) => place.line))]} />
        <textarea
          ref={area}
          class="code"
          aria-label="The router as JSON"
          aria-invalid={faults.length > 0}
          aria-describedby={faults.length > 0 ? 'router-faults' : undefined}
          wrap="off"
          spellcheck={false}
          readOnly={!mayChange}
          rows={lines}
          value={draft.text}
          onInput={({ currentTarget }) => routers.edit(currentTarget.value)}
        />
      </div>
    </form>
  );
}

function lineId(line: number): string {
  return `router-line-${line}`;
}

function LineNumbers({ count, wrong }: { count: number; wrong: readonly number[] }) {
  return (
    <pre class="line-numbers" aria-hidden="true">
      {Array.from({ length: count }, (_, index) => index + 1).join('\n')}
      {wrong.map((line) => (
        <span key={line} id={lineId(line)} class="wrong-line" style={{ top: `${(line - 1) * lineRem + 0.5}rem` }}>
          {line}
        </span>
      ))}
    </pre>
  );
}
