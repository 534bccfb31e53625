// A button for what cannot be taken back: it is pressed twice.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** How long the first press is remembered. */
const sureMs = 4000;

export interface SureButtonProps {
  /** What stands on it before the first press, after it, and while it is being done. */
  readonly words: { readonly usual: string; readonly asked: string; readonly busy: string };
  readonly isBusy: boolean;
  readonly disabled: boolean;
  readonly onSure: () => void;
  readonly children?: ComponentChildren;
}

export function SureButton({ words, isBusy, disabled, onSure, children }: SureButtonProps) {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return;
    const timer = setTimeout(() => setAsked(false), sureMs);
    return () => clearTimeout(timer);
  }, [asked]);
  return (
    <button
      type="button"
      class="button danger"
      data-asked={asked}
      disabled={disabled}
      onClick={() => {
        if (asked) onSure();
        setAsked(!asked);
      }}
    >
      {children}
      <span aria-live="polite">{isBusy ? words.busy : asked ? words.asked : words.usual}</span>
    </button>
  );
}
