// Whether all of something is drawn, or the part that matters most.
import { useId } from 'preact/hooks';

export function Zoom(props: { whole: boolean; part: string; all: string; onChange: (whole: boolean) => void }) {
  const name = useId();
  return (
    <fieldset class="segments small">
      <legend class="unseen">What to show</legend>
      {[false, true].map((each) => (
        <label key={String(each)}>
          <input type="radio" name={name} checked={props.whole === each} onChange={() => props.onChange(each)} />
          <span>{each ? props.all : props.part}</span>
        </label>
      ))}
    </fieldset>
  );
}
