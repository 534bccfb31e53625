// Asks for an API key where the page is not one of the server's own machine.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Console } from '../app/console.ts';
import { KeyIcon } from './icons.tsx';

export function KeyDialog({ parley }: { parley: Console }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [key, setKey] = useState('');
  const [tried, setTried] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    // A key that is accepted takes this dialog away.
    void parley.unlock(key.trim()).then(() => setTried(true));
  };
  return (
    <dialog class="key-dialog" ref={dialog} aria-labelledby="key-title" onCancel={(event) => event.preventDefault()}>
      <form onSubmit={submit}>
        <h2 id="key-title">
          <KeyIcon /> A key, please
        </h2>
        <p>From here the console needs an API key of this server. It is kept until this tab is closed, and goes nowhere else.</p>
        <label class="field">
          <span>API key</span>
          <input
            type="password"
            required
            autocomplete="off"
            spellcheck={false}
            value={key}
            onInput={({ currentTarget }) => setKey(currentTarget.value)}
          />
        </label>
        {tried && (
          <p class="bad" role="alert">
            The server did not accept the last key.
          </p>
        )}
        <button type="submit" class="button primary">
          Go on
        </button>
      </form>
    </dialog>
  );
}
