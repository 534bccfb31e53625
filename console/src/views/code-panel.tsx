// The session of the settings, as JSON and as programs to begin with.
import { useState } from 'preact/hooks';
import type { Console } from '../app/console.ts';
import { useStore } from './use-store.ts';
import { clientCode, type Language, languageNames, languages } from '../realtime/client-code.ts';
import { withoutSecrets } from '../realtime/settings.ts';
import { CopyButton } from './copy-button.tsx';

type Form = 'json' | Language;
const forms: readonly Form[] = ['json', ...languages];

export function CodePanel({ parley }: { parley: Console }) {
  const [form, setForm] = useState<Form>('json');
  const settings = useStore(parley.state, (state) => state.settings);
  const model = useStore(parley.state, ({ catalogue }) => catalogue?.default_model ?? 'gpt-realtime');
  const text =
    form === 'json'
      ? `${JSON.stringify({ type: 'realtime', ...withoutSecrets(settings) }, null, 2)}\n`
      : clientCode(form, settings, location.origin, model);
  return (
    <div class="code-panel">
      <div class="panel-head">
        <h2>Code</h2>
        <CopyButton text={() => text} />
      </div>
      <fieldset class="segments">
        <legend class="unseen">Language</legend>
        {forms.map((each) => (
          <label key={each}>
            <input type="radio" name="form" checked={form === each} onChange={() => setForm(each)} />
            <span>{each === 'json' ? 'JSON' : languageNames[each]}</span>
          </label>
        ))}
      </fieldset>
      <p class="soft small-print">
        {form === 'json'
          ? 'What you have set, as the session of a session.update. What opens MCP servers is left out.'
          : 'The session of your settings. Put your key into PARLEY_API_KEY.'}
      </p>
      <pre class="data code-text" tabIndex={0} data-form={form}>
        {text}
      </pre>
    </div>
  );
}
