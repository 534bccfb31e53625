// The session's settings: each change holds at once, in the session that runs and in those to come.
import type { Console } from '../app/console.ts';
import { firstSettings } from '../app/keepsake.ts';
import { useStore } from './use-store.ts';
import { at, effective } from '../realtime/settings.ts';
import { ChoiceField, NumberField, SuggestField, TextField } from './fields.tsx';
import type { PartProps } from './part-props.ts';
import { ProviderDataField } from './provider-data-field.tsx';
import { ToolsField } from './tools-field.tsx';
import { TurnField } from './turn-field.tsx';
import { VoiceField } from './voice-field.tsx';

export function SettingsPanel({ parley }: { parley: Console }) {
  const settings = useStore(parley.state, (state) => state.settings);
  const running = useStore(parley.state, (state) => state.session);
  const session = effective(running, settings);
  return (
    <div class="settings">
      <div class="panel-head">
        <h2>Settings</h2>
        <button
          type="button"
          class="button small"
          title="Back to the server’s own settings, from the next conversation on"
          onClick={() => parley.desk.reset(firstSettings)}
        >
          Reset
        </button>
      </div>
      <p class="soft small-print">
        {running ? 'Changes take effect at once.' : 'For the next conversation; they can be changed while it runs.'}
      </p>
      <section aria-labelledby="settings-answer">
        <h3 id="settings-answer">The answer</h3>
        <ModelField parley={parley} session={session} />
        <VoiceField parley={parley} session={session} />
        <TextField
          label="Instructions"
          rows={4}
          value={text(at(session, 'instructions'))}
          placeholder="Who it is, how it speaks, what it may do"
          onChange={(value) => parley.desk.configure(['instructions'], value)}
        />
        <AnswerFields parley={parley} session={session} />
      </section>
      <section aria-labelledby="settings-listening">
        <h3 id="settings-listening">Listening</h3>
        <TurnField parley={parley} session={session} />
        <ListeningFields parley={parley} session={session} />
      </section>
      <section aria-labelledby="settings-tools">
        <h3 id="settings-tools">Tools</h3>
        <ToolsField parley={parley} session={session} />
      </section>
      <section aria-labelledby="settings-data">
        <h3 id="settings-data">Provider data</h3>
        <ProviderDataField parley={parley} session={session} />
      </section>
    </div>
  );
}

function ModelField({ parley, session }: PartProps) {
  const models = useStore(parley.state, ({ catalogue }) => catalogue?.models);
  const own = useStore(parley.state, ({ catalogue }) => catalogue?.default_model);
  return (
    <SuggestField
      label="Model"
      value={text(at(session, 'model'))}
      suggestions={models ?? []}
      placeholder={own}
      onChange={(value) => parley.desk.configure(['model'], value === '' ? own : value)}
    />
  );
}

function RecogniserField({ parley, session }: PartProps) {
  const recognisers = useStore(parley.state, ({ catalogue }) => catalogue?.recognisers);
  const usual = text(at(firstSettings, 'audio', 'input', 'transcription', 'model'));
  return (
    <SuggestField
      label="Recogniser"
      value={text(at(session, 'audio', 'input', 'transcription', 'model'))}
      suggestions={recognisers ?? []}
      placeholder={usual}
      onChange={(value) => parley.desk.configure(['audio', 'input', 'transcription', 'model'], value === '' ? usual : value)}
    />
  );
}

function AnswerFields({ parley, session }: PartProps) {
  const modalities = at(session, 'output_modalities');
  const most = at(session, 'max_output_tokens');
  return (
    <div class="field-pair">
      <ChoiceField
        label="Answers"
        value={Array.isArray(modalities) && !modalities.includes('audio') ? 'text' : 'audio'}
        choices={[
          ['audio', 'spoken'],
          ['text', 'written only'],
        ]}
        onChange={(value) => parley.desk.configure(['output_modalities'], [value])}
      />
      <NumberField
        label="Longest, in tokens"
        min={1}
        max={4096}
        step={1}
        placeholder="no limit"
        value={typeof most === 'number' ? most : undefined}
        onChange={(value) => parley.desk.configure(['max_output_tokens'], value ?? 'inf')}
      />
    </div>
  );
}

function ListeningFields({ parley, session }: PartProps) {
  const noise = at(session, 'audio', 'input', 'noise_reduction', 'type');
  const transcribed = at(session, 'audio', 'input', 'transcription') != null;
  return (
    <>
      {transcribed && <RecogniserField parley={parley} session={session} />}
      <div class="field-pair">
        <ChoiceField
          label="Noise reduction"
          value={noise === 'near_field' || noise === 'far_field' ? noise : 'off'}
          choices={[
            ['off', 'off'],
            ['near_field', 'headset'],
            ['far_field', 'across the room'],
          ]}
          onChange={(type) => parley.desk.configure(['audio', 'input', 'noise_reduction'], type === 'off' ? null : { type })}
        />
        <ChoiceField
          label="Your words"
          value={transcribed ? 'shown' : 'hidden'}
          choices={[
            ['shown', 'transcribed'],
            ['hidden', 'not transcribed'],
          ]}
          onChange={(value) =>
            parley.desk.configure(
              ['audio', 'input', 'transcription'],
              value === 'shown' ? at(firstSettings, 'audio', 'input', 'transcription') : null,
            )
          }
        />
      </div>
    </>
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
