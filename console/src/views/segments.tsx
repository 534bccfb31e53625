// One of a few, all of them in sight.
import { useId } from 'preact/hooks';

interface SegmentsProps<T extends string | number> {
  label: string;
  value: T | undefined;
  choices: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

export function Segments<T extends string | number>({ label, value, choices, onChange }: SegmentsProps<T>) {
  const name = useId();
  return (
    <fieldset class="segments small">
      <legend class="unseen">{label}</legend>
      {choices.map(([each, words]) => (
        <label key={each}>
          <input type="radio" name={name} checked={each === value} onChange={() => onChange(each)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}
