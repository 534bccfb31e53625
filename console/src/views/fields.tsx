// The fields that settings are made of. A change is told when it is finished: on leaving a text, at once for a choice.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';

interface FieldProps {
  label: string;
  hint?: string | undefined;
  children: (id: string) => ComponentChildren;
}

export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id)}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function ChoiceField<T extends string>(props: {
  label: string;
  hint?: string;
  value: T;
  choices: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}) {
  return (
    <Field label={props.label} hint={props.hint}>
      {(id) => (
        <select
          id={id}
          value={props.value}
          onChange={({ currentTarget }) => {
            const chosen = props.choices.find(([value]) => value === currentTarget.value);
            if (chosen) props.onChange(chosen[0]);
          }}
        >
          {props.choices.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A text that is told when the user leaves it. */
export function TextField(props: {
  label: string;
  hint?: string;
  value: string;
  rows?: number;
  list?: string;
  code?: boolean;
  placeholder?: string | undefined;
  onChange: (value: string) => void;
}) {
  const [text, setText] = useState(props.value);
  useEffect(() => setText(props.value), [props.value]);
  const common = {
    value: text,
    placeholder: props.placeholder,
    spellcheck: props.code !== true,
    class: props.code === true ? 'code' : undefined,
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) => setText(currentTarget.value),
    onBlur: () => text !== props.value && props.onChange(text),
  };
  return (
    <Field label={props.label} hint={props.hint}>
      {(id) =>
        props.rows === undefined ? (
          <input
            id={id}
            type="text"
            autocomplete="off"
            list={props.list}
            {...common}
            onKeyDown={({ key, currentTarget }) => key === 'Enter' && currentTarget.blur()}
          />
        ) : (
          <textarea id={id} rows={props.rows} {...common} />
        )
      }
    </Field>
  );
}

/** A text with suggestions; what is not among them may be written all the same. Empty is the server's own. */
export function SuggestField(props: {
  label: string;
  hint?: string;
  value: string;
  suggestions: readonly string[];
  placeholder?: string | undefined;
  onChange: (value: string) => void;
}) {
  const list = useId();
  return (
    <>
      <TextField
        label={props.label}
        {...(props.hint === undefined ? {} : { hint: props.hint })}
        list={list}
        code
        value={props.value}
        placeholder={props.placeholder}
        onChange={(value) => props.onChange(value.trim())}
      />
      <datalist id={list}>
        {props.suggestions.map((suggestion) => (
          <option key={suggestion} value={suggestion} />
        ))}
      </datalist>
    </>
  );
}

/** A number within bounds; empty is the server's own. */
export function NumberField(props: {
  label: string;
  hint?: string;
  value: number | undefined;
  min: number;
  max: number;
  step: number;
  placeholder?: string;
  onChange: (value: number | undefined) => void;
}) {
  const [text, setText] = useState(String(props.value ?? ''));
  useEffect(() => setText(String(props.value ?? '')), [props.value]);
  const tell = () => {
    const value = text.trim() === '' ? undefined : Number(text);
    if (value !== undefined && (Number.isNaN(value) || value < props.min || value > props.max)) return setText(String(props.value ?? ''));
    if (value !== props.value) props.onChange(value);
  };
  return (
    <Field label={props.label} hint={props.hint}>
      {(id) => (
        <input
          id={id}
          type="number"
          min={props.min}
          max={props.max}
          step={props.step}
          placeholder={props.placeholder}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onBlur={tell}
          onKeyDown={({ key, currentTarget }) => key === 'Enter' && currentTarget.blur()}
        />
      )}
    </Field>
  );
}

export function RangeField(props: {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  unit?: string;
  onChange: (value: number) => void;
}) {
  const [value, setValue] = useState(props.value);
  useEffect(() => setValue(props.value), [props.value]);
  return (
    <Field label={props.label}>
      {(id) => (
        <span class="range">
          <input
            id={id}
            type="range"
            min={props.min}
            max={props.max}
            step={props.step}
            value={value}
            onInput={({ currentTarget }) => setValue(Number(currentTarget.value))}
            onChange={({ currentTarget }) => props.onChange(Number(currentTarget.value))}
          />
          <output for={id}>
            {value}
            {props.unit ?? ''}
          </output>
        </span>
      )}
    </Field>
  );
}

export function SwitchField(props: { label: string; value: boolean; onChange: (value: boolean) => void }) {
  return (
    <label class="switch">
      <input type="checkbox" role="switch" checked={props.value} onChange={({ currentTarget }) => props.onChange(currentTarget.checked)} />
      <span>{props.label}</span>
    </label>
  );
}
