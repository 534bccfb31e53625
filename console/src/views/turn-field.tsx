// When the server takes a turn for ended: by silence, by the words too, or never.
import { at, type Settings } from '../realtime/settings.ts';
import { ChoiceField, NumberField, RangeField, SwitchField } from './fields.tsx';
import type { PartProps } from './part-props.ts';
import { useStore } from './use-store.ts';

const path = ['audio', 'input', 'turn_detection'];

export function TurnField({ parley, session }: PartProps) {
  const push = useStore(parley.state, (state) => state.push !== 'off');
  const now = useStore(parley.state, (state) => at(state.settings, ...path));
  const detection = push ? now : at(session, ...path);
  const held = asSettings(detection);
  const type = detection === null ? 'none' : held.type === 'semantic_vad' ? 'semantic_vad' : 'server_vad';
  const change = (part: Settings) => parley.desk.configure(path, { ...held, type, ...part });
  const number = (name: string, fallback: number) => (typeof held[name] === 'number' ? held[name] : fallback);
  return (
    <>
      {push && <p class="hint">Push-to-talk is on: the server waits for your hand. These hold again when it is off.</p>}
      <ChoiceField
        label="Your turn ends"
        value={type}
        choices={[
          ['server_vad', 'after a silence (server_vad)'],
          ['semantic_vad', 'when the sentence sounds finished (semantic_vad)'],
          ['none', 'when the client says so (none)'],
        ]}
        onChange={(next) => parley.desk.configure(path, next === 'none' ? null : { type: next })}
      />
      {type === 'server_vad' && (
        <>
          <RangeField
            label="Silence that ends a turn"
            min={100}
            max={2000}
            step={50}
            unit=" ms"
            value={number('silence_duration_ms', 500)}
            onChange={(silence_duration_ms) => change({ silence_duration_ms })}
          />
          <RangeField
            label="How sure that it is speech"
            min={0.1}
            max={0.95}
            step={0.05}
            value={number('threshold', 0.5)}
            onChange={(threshold) => change({ threshold })}
          />
          <div class="field-pair">
            <NumberField
              label="Kept before speech, ms"
              min={0}
              max={10_000}
              step={50}
              value={number('prefix_padding_ms', 300)}
              onChange={(prefix_padding_ms) => change({ prefix_padding_ms: prefix_padding_ms ?? 300 })}
            />
            <NumberField
              label="Speak up after, ms"
              min={1000}
              max={600_000}
              step={500}
              placeholder="never"
              value={typeof held['idle_timeout_ms'] === 'number' ? held['idle_timeout_ms'] : undefined}
              onChange={(value) => change({ idle_timeout_ms: value ?? null })}
            />
          </div>
        </>
      )}
      {type === 'semantic_vad' && (
        <ChoiceField
          label="Eagerness"
          value={eagernessOf(held)}
          choices={[
            ['auto', 'auto'],
            ['low', 'low: lets you think'],
            ['medium', 'medium'],
            ['high', 'high: answers at once'],
          ]}
          onChange={(eagerness) => change({ eagerness })}
        />
      )}
      {type !== 'none' && (
        <div class="switches">
          <SwitchField
            label="Answer by itself"
            value={held['create_response'] !== false}
            onChange={(create_response) => change({ create_response })}
          />
          <SwitchField
            label="May be interrupted"
            value={held['interrupt_response'] !== false}
            onChange={(interrupt_response) => change({ interrupt_response })}
          />
        </div>
      )}
    </>
  );
}

function asSettings(value: unknown): Settings {
  return typeof value === 'object' && value !== null ? (value as Settings) : {};
}

const grades = ['auto', 'low', 'medium', 'high'] as const;

function eagernessOf(held: Settings): (typeof grades)[number] {
  return grades.find((grade) => grade === held['eagerness']) ?? 'auto';
}
