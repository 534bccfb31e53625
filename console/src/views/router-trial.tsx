// The dry run: a request to be filled in, and what the router would do with it.
import type { Routers } from '../app/routers.ts';
import { useStore } from './use-store.ts';
import { Field } from './fields.tsx';
import { Segments } from './segments.tsx';
import { TrialView } from './trial-view.tsx';

const kinds = [
  ['message', 'A message'],
  ['request', 'A whole request'],
] as const;

export function RouterTrial({ routers }: { routers: Routers }) {
  const wish = useStore(routers.state, (state) => state.wish);
  const tried = useStore(routers.state, (state) => state.tried);
  const work = useStore(routers.state, (state) => state.work);
  const hasDraft = useStore(routers.state, ({ draft }) => draft !== undefined);
  const submit = (event: Event) => {
    event.preventDefault();
    void routers.try();
  };
  return (
    <>
      <form class="trial-form" onSubmit={submit}>
        <div class="panel-head">
          <h2>Try it</h2>
          <Segments label="What is tried" value={wish.kind} choices={kinds} onChange={(kind) => routers.wish({ kind })} />
        </div>
        {wish.kind === 'message' ? (
          <>
            <Area label="What the user says" rows={2} value={wish.message} onInput={(message) => routers.wish({ message })} />
            <Field label="User, who always gets the same variant">
              {(id) => (
                <input
                  id={id}
                  type="text"
                  autocomplete="off"
                  spellcheck={false}
                  placeholder="nobody in particular"
                  value={wish.user}
                  onInput={({ currentTarget }) => routers.wish({ user: currentTarget.value })}
                />
              )}
            </Field>
            <Area
              label="Metadata, as JSON"
              rows={2}
              isCode
              placeholder={'{ "tier": "premium" }'}
              value={wish.metadata}
              onInput={(metadata) => routers.wish({ metadata })}
            />
          </>
        ) : (
          <Area
            label="A body of POST /v1/chat/completions or /v1/responses, or a session"
            rows={10}
            isCode
            value={wish.request}
            onInput={(request) => routers.wish({ request })}
          />
        )}
        <button type="submit" class="button primary" disabled={!hasDraft || work !== 'none'}>
          {work === 'trying' ? 'Trying …' : 'Try'}
        </button>
        <p class="hint">No model is asked. What is being edited is tried as it stands, saved or not.</p>
      </form>
      <div class="trial" role="status">
        {tried.kind === 'refused' && (
          <ul class="bad">
            {tried.why.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        {tried.kind === 'told' && <TrialView trial={tried.trial} />}
      </div>
    </>
  );
}

interface AreaProps {
  label: string;
  rows: number;
  value: string;
  isCode?: boolean;
  placeholder?: string;
  onInput: (value: string) => void;
}

function Area({ label, rows, value, isCode = false, placeholder, onInput }: AreaProps) {
  return (
    <Field label={label}>
      {(id) => (
        <textarea
          id={id}
          rows={rows}
          class={isCode ? 'code' : undefined}
          spellcheck={!isCode}
          placeholder={placeholder}
          value={value}
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
        />
      )}
    </Field>
  );
}
