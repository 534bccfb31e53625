// What went wrong, in words, until it is put away.
import { CloseIcon } from './icons.tsx';

export function ProblemLine({ text, onDismiss }: { text: string | undefined; onDismiss?: () => void }) {
  return (
    <div class="problems" role="alert">
      {text !== undefined && (
        <p class="problem">
          <span>{text}</span>
          {onDismiss && (
            <button type="button" class="icon-button tiny" aria-label="Dismiss" onClick={onDismiss}>
              <CloseIcon />
            </button>
          )}
        </p>
      )}
    </div>
  );
}
