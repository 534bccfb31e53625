// Which voice answers and how fast, with a button to hear it first.
import { useEffect, useRef, useState } from 'preact/hooks';
import { fetchSample, type Voice } from '../app/server.ts';
import { useStore } from './use-store.ts';
import { at } from '../realtime/settings.ts';
import { Field, RangeField, SuggestField } from './fields.tsx';
import { PlayIcon } from './icons.tsx';
import type { PartProps } from './part-props.ts';

export function VoiceField({ parley, session }: PartProps) {
  const catalogue = useStore(parley.state, (state) => state.catalogue);
  const [sampling, setSampling] = useState<'no' | 'yes' | 'failed'>('no');
  const sound = useRef<HTMLAudioElement>(undefined);
  useEffect(() => () => sound.current?.pause(), []);
  const set = at(session, 'audio', 'output', 'voice');
  const value = typeof set === 'string' ? set : (catalogue?.default_voice ?? '');
  const voices = catalogue?.voices ?? [];
  const known = voices.find(({ id }) => id.toLowerCase() === value.toLowerCase());
  const providers = [...new Set(voices.map(({ provider }) => provider))];
  const model = at(session, 'audio', 'output', 'model');
  /** A voice of a provider brings its provider; one without is the usual engine's. */
  const choose = (voice: string) => {
    parley.desk.configure(['audio', 'output', 'model'], voice.includes('/') ? voice.split('/', 1)[0] : catalogue?.default_speech_model);
    parley.desk.configure(['audio', 'output', 'voice'], voice);
  };
  const speed = at(session, 'audio', 'output', 'speed');
  const sample = async () => {
    if (!known) return;
    setSampling('yes');
    try {
      const url = URL.createObjectURL(new Blob([await fetchSample(known.id)], { type: 'audio/wav' }));
      sound.current?.pause();
      const audio = new Audio(url);
      sound.current = audio;
      audio.addEventListener('ended', () => URL.revokeObjectURL(url));
      await audio.play();
      setSampling('no');
    } catch {
      setSampling('failed');
    }
  };
  return (
    <>
      <Field label="Voice" hint={sampling === 'failed' ? 'This voice could not be heard.' : known?.description}>
        {(id) => (
          <span class="with-button">
            <select id={id} value={known?.id ?? value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
              {!known && <option value={value}>{value}</option>}
              {providers.length > 1
                ? providers.map((provider) => (
                    <optgroup key={provider} label={provider}>
                      {options(voices.filter((voice) => voice.provider === provider))}
                    </optgroup>
                  ))
                : options(voices)}
            </select>
            <button type="button" class="button" disabled={!known || sampling === 'yes'} onClick={() => void sample()}>
              <PlayIcon />
              <span>Hear it</span>
            </button>
          </span>
        )}
      </Field>
      <SuggestField
        label="Speech model"
        value={typeof model === 'string' && model !== catalogue?.default_speech_model ? model : ''}
        suggestions={catalogue?.speech_models ?? []}
        placeholder="the server’s own"
        onChange={(next) => parley.desk.configure(['audio', 'output', 'model'], next === '' ? catalogue?.default_speech_model : next)}
      />
      <RangeField
        label="Speed"
        min={0.5}
        max={1.5}
        step={0.05}
        unit="×"
        value={typeof speed === 'number' ? speed : 1}
        onChange={(next) => parley.desk.configure(['audio', 'output', 'speed'], next)}
      />
    </>
  );
}

function options(voices: readonly Voice[]) {
  return voices.map((voice) => (
    <option key={voice.id} value={voice.id}>
      {voice.name} ({voice.language}, {voice.gender})
    </option>
  ));
}
