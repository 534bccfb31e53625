// Copies a text, and says that it did.
import { useEffect, useState } from 'preact/hooks';
import { CopyIcon } from './icons.tsx';

export function CopyButton({ text, label = 'Copy' }: { text: () => string; label?: string }) {
  const [state, setState] = useState<'ready' | 'copied' | 'refused'>('ready');
  useEffect(() => {
    if (state === 'ready') return;
    const timer = setTimeout(() => setState('ready'), 1600);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    // Without https there is no clipboard.
    const copied = navigator.clipboard?.writeText(text()) ?? Promise.reject(new Error('no clipboard'));
    copied.then(
      () => setState('copied'),
      () => setState('refused'),
    );
  };
  return (
    <button type="button" class="button small" onClick={copy}>
      <CopyIcon />
      <span aria-live="polite">{{ ready: label, copied: 'Copied', refused: 'Not allowed here' }[state]}</span>
    </button>
  );
}
